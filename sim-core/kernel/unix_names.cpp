#include "sim-core/kernel/unix_names.hpp"

#include <sys/un.h>

#include <cstdio>
#include <cstring>
#include <utility>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/unix_endpoint.hpp"

namespace stillpoint::kernel {
namespace {
constexpr std::size_t kNameAt = offsetof(sockaddr_un, sun_path);
}  // namespace

// unix_validate_addr() and unix_mkname_bsd() in Linux's net/unix/af_unix.c.
Result<UnixName> unix_name(const Address& address) {
  if (address.length <= kNameAt || address.length > sizeof(sockaddr_un)) return Failure{EINVAL};
  if (address.family() != AF_UNIX) return Failure{EINVAL};
  const char* bytes = reinterpret_cast<const char*>(&address.storage) + kNameAt;
  const std::size_t size = address.length - kNameAt;
  if (bytes[0] == '\0') return UnixName(bytes, size);
  return UnixName(bytes, strnlen(bytes, size)) + '\0';
}

Address unix_address(const UnixName& name) {
  Address address;
  address.storage.ss_family = AF_UNIX;
  std::memcpy(reinterpret_cast<char*>(&address.storage) + kNameAt, name.data(), name.size());
  address.length = static_cast<socklen_t>(kNameAt + name.size());
  return address;
}

// unix_bind_bsd(): like mknod(2).
Result<disk::InodeNumber> UnixNames::make_file(const UnixName& path) {
  Storage& storage = host_.storage();
  Result<disk::Place> found = storage.find_new(storage.working_directory(), path.c_str(), S_IFSOCK);
  if (!found) return Failure{found.error() == EEXIST ? EADDRINUSE : found.error()};
  const disk::Place place = std::move(found).value();
  const auto made =
      storage.files.make(*place.directory, place.name, S_IFSOCK | (0777 & ~storage.umask), storage.user());
  if (!made) return Failure{made.error()};
  return made.value()->number;
}

Status UnixNames::bind(const UnixName& name, UnixEndpoint& endpoint) {
  if (abstract(name)) {  // unix_bind_abstract()
    if (!endpoint.name.empty()) return Failure{EINVAL};
    if (abstract_.contains({endpoint.type, name})) return Failure{EADDRINUSE};
    abstract_[{endpoint.type, name}] = &endpoint;
  } else {
    // The file is made before the socket is looked at, and removed again where that has a name already.
    const auto file = make_file(name);
    if (!file) return Failure{file.error()};
    if (!endpoint.name.empty()) {
      Storage& storage = host_.storage();
      static_cast<void>(storage.remove(storage.working_directory(), name.c_str()));
      return Failure{EINVAL};
    }
    files_[file.value()] = &endpoint;
    endpoint.file = file.value();
  }
  endpoint.name = name;
  return Done{};
}

// unix_autobind(): from a random number on, the first that is free.
Status UnixNames::bind_any(UnixEndpoint& endpoint) {
  if (!endpoint.name.empty()) return Done{};
  constexpr unsigned kNames = 1 << 20;
  const auto start = static_cast<unsigned>(random_.next());
  for (unsigned i = 0; i < kNames; ++i) {
    char digits[8];
    std::snprintf(digits, sizeof digits, "%05x", (start + i) % kNames);
    if (bind(UnixName(1, '\0') + digits, endpoint)) return Done{};
  }
  return Failure{ENOSPC};
}

Result<std::shared_ptr<UnixEndpoint>> UnixNames::find(const UnixName& name, int type) const {
  if (abstract(name)) {
    const auto found = abstract_.find({type, name});
    if (found == abstract_.end()) return Failure{ECONNREFUSED};
    return found->second->shared_from_this();
  }
  // unix_find_bsd().
  Storage& storage = host_.storage();
  const auto inode = storage.find(storage.working_directory(), name.c_str(), disk::Follow::yes);
  if (!inode) return Failure{inode.error()};
  if (!disk::may(*inode.value(), disk::kMayWrite, storage.user())) return Failure{EACCES};
  const auto found = files_.find(inode.value()->number);
  if (!inode.value()->is(S_IFSOCK) || found == files_.end()) return Failure{ECONNREFUSED};
  if (found->second->type != type) return Failure{EPROTOTYPE};
  return found->second->shared_from_this();
}

void UnixNames::forget(const UnixEndpoint& endpoint) {
  if (endpoint.name.empty()) return;
  if (abstract(endpoint.name)) {
    const auto found = abstract_.find({endpoint.type, endpoint.name});
    if (found != abstract_.end() && found->second == &endpoint) abstract_.erase(found);
  } else {
    const auto found = files_.find(endpoint.file);
    if (found != files_.end() && found->second == &endpoint) files_.erase(found);
  }
}

}  // namespace stillpoint::kernel
