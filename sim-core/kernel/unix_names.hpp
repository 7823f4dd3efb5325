#pragma once
// The names of a host's Unix-domain sockets (unix(7)): paths, and names of the abstract space.
//
// There is no file system yet, so paths are compared as they are written, every directory exists, and nothing but
// sockets does. A path stays when its socket is closed, until it is unlinked; an abstract name goes with its socket.
#include <map>
#include <memory>
#include <string>

#include <stillpoint/random.hpp>

#include "sim-core/kernel/socket.hpp"

namespace stillpoint::kernel {

struct UnixEndpoint;

// What follows the family in a sockaddr_un, as getsockname(2) shows it: a path with its final zero, a zero and an
// abstract name, or nothing.
using UnixName = std::string;

// EINVAL: too short, too long, or of another family.
Result<UnixName> unix_name(const Address& address);
Address unix_address(const UnixName& name);

class UnixNames {
 public:
  UnixNames(std::uint64_t seed, std::string_view host) : random_(seed, "autobind", host) {}

  // EADDRINUSE. Abstract names of sockets of different types do not meet.
  Status bind(const UnixName& name, UnixEndpoint& endpoint);
  // Binds to a free abstract name of five hexadecimal digits. ENOSPC.
  Status bind_any(UnixEndpoint& endpoint);
  // The socket with this name. ENOENT, ECONNREFUSED (nobody has it, or no longer), EPROTOTYPE.
  Result<std::shared_ptr<UnixEndpoint>> find(const UnixName& name, int type) const;
  // The endpoint is closed.
  void forget(const UnixEndpoint& endpoint);
  // ENOENT.
  Status unlink(const std::string& path);

 private:
  static bool abstract(const UnixName& name) { return name[0] == '\0'; }

  std::map<UnixName, UnixEndpoint*> paths_;  // null: the socket is closed
  std::map<std::pair<int, UnixName>, UnixEndpoint*> abstract_;
  RandomStream random_;
};

}  // namespace stillpoint::kernel
