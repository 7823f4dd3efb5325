#include "tests/conformance/world.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace stillpoint::test {
namespace {

using Name = int (*)(int, sockaddr*, socklen_t*);

std::string name_of(Name get, int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  if (get(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return result(-1);
  char text[INET_ADDRSTRLEN];
  inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return std::string(text) + (address.sin_port == 0 ? ":0" : ":port");
}

std::string control(int epoll, int operation, int fd, std::uint32_t events, int number) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = static_cast<std::uint64_t>(number);
  return result(epoll_ctl(epoll, operation, fd, &event));
}

}  // namespace

std::string result(long value) { return value < 0 ? strerrorname_np(errno) : std::to_string(value); }

std::string event_names(std::uint32_t events) {
  struct Known {
    std::uint32_t event;
    const char* name;
  };
  constexpr Known kKnown[] = {{EPOLLIN, "IN"},   {EPOLLOUT, "OUT"},     {EPOLLERR, "ERR"},
                              {EPOLLHUP, "HUP"}, {EPOLLRDHUP, "RDHUP"}, {POLLNVAL, "NVAL"}};
  std::string names;
  for (const Known& known : kKnown) {
    if ((events & known.event) != 0) names += (names.empty() ? "" : " ") + std::string(known.name);
  }
  return names.empty() ? "nothing" : names;
}

sockaddr_in address_of(std::uint32_t ip, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(ip);
  return address;
}

void World::note(std::string_view what, std::string_view observed) {
  observations_.push_back(std::string(what) + ": " + std::string(observed));
}

void World::notes(std::string_view what, std::initializer_list<std::string> observed) {
  std::string all;
  for (const std::string& one : observed) all += (all.empty() ? "" : ", ") + one;
  note(what, all);
}

const std::string& World::folder() {
  if (folder_.empty()) folder_ = make_folder();
  return folder_;
}

int World::keep(int fd) {
  if (fd >= 0) open_.push_back(fd);
  return fd;
}

int World::socket() { return keep(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

int World::listener(int backlog) {
  const int fd = socket();
  if (bind(fd, INADDR_LOOPBACK, 0) != "0" || ::listen(fd, backlog) != 0) note("listener", "cannot be made");
  return fd;
}

int World::epoll() { return keep(epoll_create1(EPOLL_CLOEXEC)); }
int World::eventfd(unsigned initial, int flags) { return keep(::eventfd(initial, EFD_NONBLOCK | flags)); }
int World::timerfd(clockid_t clock) { return keep(timerfd_create(clock, TFD_NONBLOCK)); }

std::string World::close(int fd) {
  std::erase(open_, fd);
  return result(::close(fd));
}

void World::end() {
  for (const int fd : open_) ::close(fd);
  open_.clear();
}

World::Pair World::connected() { return connected_to(listener()); }

World::Pair World::connected_to(int listener) {
  const int user = socket();
  connect(user, listener);
  settle();
  if (accept(listener) != "fd") note("connection", "cannot be made");
  return {user, last()};
}

std::string World::connect(int fd, int to_listener) { return connect(fd, INADDR_LOOPBACK, port_of(to_listener)); }

std::string World::connect(int fd, std::uint32_t ip, int port) {
  const sockaddr_in address = address_of(ip, port);
  return result(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

std::string World::bind(int fd, std::uint32_t ip, int port) {
  const sockaddr_in address = address_of(ip, port);
  return result(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address));
}

std::string World::accept(int listener) {
  const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0) return result(fd);
  last_ = keep(fd);
  return "fd";
}

std::string World::send(int fd, std::string_view bytes) {
  return result(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

std::string World::receive(int fd, std::size_t most, int flags) {
  std::string bytes(most, '\0');
  const ssize_t got = ::recv(fd, bytes.data(), most, flags);
  if (got < 0) return result(got);
  if (got == 0) return "nothing";
  bytes.resize(static_cast<std::size_t>(got));
  return '"' + bytes + '"';
}

std::string World::shutdown(int fd, int how) { return result(::shutdown(fd, how)); }

std::string World::pending_error(int fd) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) return result(-1);
  return error == 0 ? "none" : strerrorname_np(error);
}

std::string World::unread(int fd) {
  int count = 0;
  return ioctl(fd, FIONREAD, &count) == 0 ? std::to_string(count) : result(-1);
}

std::string World::set(int fd, int level, int name, int value) {
  return result(setsockopt(fd, level, name, &value, sizeof value));
}

std::string World::get(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  return getsockopt(fd, level, name, &value, &length) == 0 ? std::to_string(value) : result(-1);
}

std::string World::ready(int fd) {
  pollfd entry{fd, POLLIN | POLLOUT | POLLRDHUP, 0};
  const int count = ::poll(&entry, 1, 0);
  return count < 0 ? result(count) : event_names(static_cast<std::uint16_t>(entry.revents));
}

std::string World::local(int fd) { return name_of(getsockname, fd); }
std::string World::remote(int fd) { return name_of(getpeername, fd); }

int World::port_of(int fd) {
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return ntohs(address.sin_port);
}

std::string World::add(int epoll, int fd, std::uint32_t events, int number) {
  return control(epoll, EPOLL_CTL_ADD, fd, events, number);
}
std::string World::modify(int epoll, int fd, std::uint32_t events, int number) {
  return control(epoll, EPOLL_CTL_MOD, fd, events, number);
}
std::string World::remove(int epoll, int fd) { return control(epoll, EPOLL_CTL_DEL, fd, 0, 0); }

std::string World::events(int epoll, int capacity) {
  epoll_event found[16];
  const int count = epoll_wait(epoll, found, capacity, 0);
  if (count < 0) return result(count);
  std::string text;
  for (int i = 0; i < count; ++i) {
    text += (i == 0 ? "" : ", ") + std::to_string(found[i].data.u64) + ':' + event_names(found[i].events);
  }
  return text.empty() ? "nothing" : text;
}

int listen_at(std::uint32_t ip) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  const sockaddr_in address = address_of(ip, kPort);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  return ::listen(listener, 16) == 0 ? listener : -1;
}

void accept_for_ever(int listener) {
  while (::accept(listener, nullptr, nullptr) >= 0) {
  }
}

}  // namespace stillpoint::test
