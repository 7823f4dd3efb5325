#include "sim-core/kernel/unix_names.hpp"

#include <sys/un.h>

#include <cstdio>
#include <cstring>

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

Status UnixNames::bind(const UnixName& name, UnixEndpoint& endpoint) {
  // unix_bind_bsd() makes the file before it looks at the socket; unix_bind_abstract() looks first.
  if (abstract(name) && !endpoint.name.empty()) return Failure{EINVAL};
  const bool taken = abstract(name) ? abstract_.contains({endpoint.type, name}) : paths_.contains(name);
  if (taken) return Failure{EADDRINUSE};
  if (!endpoint.name.empty()) return Failure{EINVAL};
  (abstract(name) ? abstract_[{endpoint.type, name}] : paths_[name]) = &endpoint;
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
  const auto found = paths_.find(name);
  if (found == paths_.end()) return Failure{ENOENT};
  if (found->second == nullptr) return Failure{ECONNREFUSED};
  if (found->second->type != type) return Failure{EPROTOTYPE};
  return found->second->shared_from_this();
}

void UnixNames::forget(const UnixEndpoint& endpoint) {
  if (endpoint.name.empty()) return;
  if (abstract(endpoint.name)) {
    const auto found = abstract_.find({endpoint.type, endpoint.name});
    if (found != abstract_.end() && found->second == &endpoint) abstract_.erase(found);
  } else {
    const auto found = paths_.find(endpoint.name);
    if (found != paths_.end() && found->second == &endpoint) found->second = nullptr;
  }
}

Status UnixNames::unlink(const std::string& path) {
  return paths_.erase(path + '\0') > 0 ? Status(Done{}) : Failure{ENOENT};
}

}  // namespace stillpoint::kernel
