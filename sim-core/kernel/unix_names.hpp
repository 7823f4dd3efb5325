#pragma once
// The names of a host's Unix-domain sockets (unix(7)): paths, and names of the abstract space.
//
// A path is a file of the host's disk: it stays when its socket is closed, until it is unlinked, and leads to the
// socket under any name that it has. An abstract name goes with its socket.
#include <map>
#include <memory>
#include <string>

#include <stillpoint/random.hpp>

#include "sim-core/disk/inode.hpp"
#include "sim-core/kernel/socket.hpp"

namespace stillpoint::kernel {

class Host;
struct UnixEndpoint;

// What follows the family in a sockaddr_un, as getsockname(2) shows it: a path with its final zero, a zero and an
// abstract name, or nothing.
using UnixName = std::string;

// EINVAL: too short, too long, or of another family.
Result<UnixName> unix_name(const Address& address);
Address unix_address(const UnixName& name);

class UnixNames {
 public:
  UnixNames(Host& host, std::uint64_t seed, std::string_view name) : host_(host), random_(seed, "autobind", name) {}

  // EADDRINUSE; of a path also what making a file may fail with. Abstract names of sockets of different types do not
  // meet.
  Status bind(const UnixName& name, UnixEndpoint& endpoint);
  // Binds to a free abstract name of five hexadecimal digits. ENOSPC.
  Status bind_any(UnixEndpoint& endpoint);
  // The socket with this name. ENOENT, ECONNREFUSED (nobody has it, or no longer, or it is no socket), EPROTOTYPE,
  // EACCES.
  Result<std::shared_ptr<UnixEndpoint>> find(const UnixName& name, int type) const;
  // The endpoint is closed.
  void forget(const UnixEndpoint& endpoint);
  // The host lost its power. Paths are the business of its disk; nobody has them any more.
  void forget_all() {
    files_.clear();
    abstract_.clear();
  }

 private:
  static bool abstract(const UnixName& name) { return name[0] == '\0'; }
  Result<disk::InodeNumber> make_file(const UnixName& path);

  Host& host_;
  std::map<disk::InodeNumber, UnixEndpoint*> files_;  // of those that live
  std::map<std::pair<int, UnixName>, UnixEndpoint*> abstract_;
  RandomStream random_;
};

}  // namespace stillpoint::kernel
