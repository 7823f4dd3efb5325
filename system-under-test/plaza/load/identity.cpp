#include "system-under-test/plaza/load/identity.hpp"

#include <cstdio>
#include <fstream>
#include <utility>

#include "system-under-test/plaza/load/clock.hpp"
#include "system-under-test/plaza/load/draws.hpp"

namespace plaza::load {

namespace {

constexpr std::int64_t kTokenSeconds = 3600;  // beyond the end of the run

TokenKey read_key(const std::string& path) {
  std::ifstream in(path);
  std::string hex;
  if (!(in >> hex)) throw BadInput("--token-seed: " + path + " cannot be read");
  // A seed is written as a public key is, and has the same size.
  static_assert(std::is_same_v<TokenKey::Seed, PublicKey>);
  const auto seed = parse_public_key(hex);
  if (!seed) throw BadInput("--token-seed: " + path + " has no seed; one is 64 hexadecimal digits");
  return TokenKey::make(*seed);
}

}  // namespace

std::string user_name(unsigned number) {
  char name[32];
  std::snprintf(name, sizeof(name), "load-%04u", number);
  return name;
}

Identity::Identity(const Options& options)
    : nodes_(parse_nodes(options.nodes)),
      expires_unix_(unix_ms() / 1000 + options.seconds + kTokenSeconds),
      seed_(options.seed) {
  if (!options.token_seed.empty()) key_ = read_key(options.token_seed);
}

ClientConfig Identity::client_config(const std::string& user, std::uint64_t number) const {
  ClientConfig config;
  config.nodes = nodes_;
  config.user = user;
  if (key_) config.token = key_->sign({.user = user, .expires_unix = expires_unix_});
  config.draw = [draws = Draws(seed_, "client", number)]() mutable { return draws.next(); };
  return config;
}

}  // namespace plaza::load
