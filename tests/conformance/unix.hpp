#pragma once
// What the cases about Unix-domain sockets share.
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "tests/conformance/world.hpp"

namespace stillpoint::test::unix_domain {

// A sockaddr_un of any length.
struct Name {
  sockaddr_un address{};
  socklen_t length = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address); }
};

inline Name name_of(std::string_view bytes) {
  Name name;
  name.address.sun_family = AF_UNIX;
  std::memcpy(name.address.sun_path, bytes.data(), bytes.size());
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + bytes.size());
  return name;
}

// Of this process alone, so that two runs of the suite do not meet.
inline std::string path(std::string_view what) {
  return "/tmp/stillpoint-" + std::to_string(getpid()) + '-' + std::string(what);
}
inline Name at_path(std::string_view what) { return name_of(path(what) + '\0'); }
inline Name abstract(std::string_view what) {
  return name_of(std::string(1, '\0') + "stillpoint-" + std::to_string(getpid()) + '-' + std::string(what));
}

inline int make(World& w, int type = SOCK_STREAM, int flags = SOCK_NONBLOCK) {
  return w.keep(::socket(AF_UNIX, type | flags, 0));
}
inline std::string bind(int fd, const Name& name) { return result(::bind(fd, name.get(), name.length)); }
inline std::string connect(int fd, const Name& name) { return result(::connect(fd, name.get(), name.length)); }
inline std::string send_to(int fd, std::string_view bytes, const Name& name) {
  return result(::sendto(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL, name.get(), name.length));
}

struct Ends {
  explicit Ends(World& w, int type = SOCK_STREAM, int flags = SOCK_NONBLOCK) {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, type | flags, 0, ends) != 0) w.note("pair", "cannot be made");
    a = w.keep(ends[0]);
    b = w.keep(ends[1]);
  }
  int a = -1;
  int b = -1;
};

inline int listening(World& w, const Name& name, int backlog = 8, int type = SOCK_STREAM, int flags = SOCK_NONBLOCK) {
  const int fd = make(w, type, flags);
  if (bind(fd, name) != "0" || ::listen(fd, backlog) != 0) w.note("listener", "cannot be made");
  return fd;
}

// What getsockname or getpeername says: "unnamed (2)", "path (+0)" with what its length exceeds the path by,
// "abstract".
using Getter = int (*)(int, sockaddr*, socklen_t*);
inline std::string shown(const sockaddr_un& address, socklen_t length) {
  constexpr socklen_t kNameAt = offsetof(sockaddr_un, sun_path);
  if (length == 0) return "none";
  if (address.sun_family != AF_UNIX) return "of another family";
  if (length == kNameAt) return "unnamed";
  const std::string own = std::to_string(getpid());
  std::string text(address.sun_path, length - kNameAt);
  if (const auto at = text.find(own); at != std::string::npos) text.replace(at, own.size(), "PID");
  for (char& c : text) c = c == '\0' ? '@' : c;
  return text;
}
inline std::string name_by(Getter get, int fd) {
  sockaddr_un address{};
  socklen_t length = sizeof address;
  const int done = get(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return done != 0 ? result(done) : shown(address, length);
}
inline std::string local(int fd) { return name_by(getsockname, fd); }
inline std::string remote(int fd) { return name_by(getpeername, fd); }

// recvfrom(2): "hello" from whom.
inline std::string receive_from(int fd, std::size_t most = 4096, int flags = 0) {
  std::string bytes(most, '\0');
  sockaddr_un address{};
  socklen_t length = sizeof address;
  const ssize_t got = ::recvfrom(fd, bytes.data(), most, flags, reinterpret_cast<sockaddr*>(&address), &length);
  if (got < 0) return result(got);
  bytes.resize(std::min(most, static_cast<std::size_t>(got)));
  return '"' + bytes + "\" of " + std::to_string(got) + " from " + shown(address, length);
}

}  // namespace stillpoint::test::unix_domain
