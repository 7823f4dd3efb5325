// What plaza-load is asked to do, and how that is said on its command line.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;  // its header is several seconds of each file that includes it
}

namespace plaza::load {

// How often users choose each kind of operation, in proportion to the others.
struct Mix {
  unsigned hold = 44;
  unsigned release = 38;  // of a hold that the user has; without one the user holds instead
  unsigned purchase = 4;  // as well
  unsigned buy = 3;
  unsigned wait = 2;
  unsigned leave = 2;
  unsigned look = 7;
  unsigned sum() const { return hold + release + purchase + buy + wait + leave + look; }
};

struct Options {
  std::string nodes = "127.0.0.1:7117,127.0.0.1:7127,127.0.0.1:7137";  // the ports of scripts/plaza-cluster.sh
  unsigned users = 1000;
  std::int64_t seconds = 20;
  std::string event = "concert";
  std::string token_seed;        // a file; empty: tokens are off, and user names are given
  std::int64_t think_ms = 1000;  // mean pause of a user between two operations
  unsigned rate = 0;             // operations a second of all users together, instead of `think_ms`; 0: not set
  std::int64_t patience_ms = 10'000;
  Mix mix;
  std::string ledger;  // a file to be written; empty: none
  std::string verify;  // a file to be read; then nothing else is done
  std::uint64_t seed = 1;
};

// What cannot be done as it was asked for, in one line.
class BadInput : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

void describe(CLI::App& app, Options& options);

// What the options cannot check one by one. Throws BadInput.
void check(const Options& options);

// "127.0.0.1:7117,[::1]:7127": numeric addresses, each with its port. Throws BadInput.
std::vector<boost::asio::ip::tcp::endpoint> parse_nodes(std::string_view text);

// Of one user, between two operations.
std::chrono::microseconds mean_pause(const Options& options);

}  // namespace plaza::load
