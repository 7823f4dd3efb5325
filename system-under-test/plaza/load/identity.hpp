// Who the users of plaza-load are, and how each of them reaches the cluster.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/protocol/token.hpp"

namespace plaza::load {

// "load-0007".
std::string user_name(unsigned number);

class Identity {
 public:
  // Reads the file with the seed that signs tokens, where there is one: 64 hexadecimal digits. Throws BadInput.
  explicit Identity(const Options& options);

  // The configuration of this user's client; `number` tells the streams of its draws from those of others.
  ClientConfig client_config(const std::string& user, std::uint64_t number) const;

 private:
  std::vector<boost::asio::ip::tcp::endpoint> nodes_;
  std::optional<TokenKey> key_;
  std::int64_t expires_unix_;
  std::uint64_t seed_;
};

}  // namespace plaza::load
