// libc's sockets and epoll as plain memory, in one thread: no latency, no clock, no order, no errors. Just enough for
// W1 and W4, so that what is left of their cost is Asio's. The rest of a kernel is what Stillpoint adds.
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

namespace {

// Out of the way of the real descriptors that the process has.
constexpr int kFirst = 100;
constexpr int kMost = 8192;

struct Descriptor {
  enum class Kind : std::uint8_t { none, socket, other } kind = Kind::none;
  int peer = -1;
  bool ended = false;  // by its peer
  std::vector<char> unread;
  std::size_t read = 0;
  std::deque<int> pending;  // connections that nobody accepted yet
  std::uint32_t events = 0;
  // As epoll watches it.
  bool watched = false;
  bool queued = false;
  std::uint32_t wanted = 0;
  epoll_data_t data{};
};

std::array<Descriptor, kMost> descriptors;
int next_descriptor = kFirst;
int listener = -1;
std::vector<int> ready;

Descriptor& at(int fd) { return descriptors.at(static_cast<std::size_t>(fd)); }

int make(Descriptor::Kind kind) {
  at(next_descriptor).kind = kind;
  return next_descriptor++;
}

void queue_if_ready(int fd) {
  Descriptor& file = at(fd);
  if (!file.watched || file.queued || (file.events & file.wanted) == 0) return;
  file.queued = true;
  ready.push_back(fd);
}

void raise(int fd, std::uint32_t events) {
  at(fd).events |= events;
  queue_if_ready(fd);
}

}  // namespace

extern "C" {

int socket(int, int, int) { return make(Descriptor::Kind::socket); }
int bind(int, const sockaddr*, socklen_t) { return 0; }
int listen(int fd, int) {
  listener = fd;
  return 0;
}
int connect(int fd, const sockaddr*, socklen_t) {
  const int server = make(Descriptor::Kind::socket);
  at(fd).peer = server;
  at(server).peer = fd;
  at(listener).pending.push_back(server);
  raise(listener, EPOLLIN);
  raise(fd, EPOLLOUT);
  return 0;
}
int accept(int fd, sockaddr* address, socklen_t* length) {
  if (at(fd).pending.empty()) {
    errno = EAGAIN;
    return -1;
  }
  const int accepted = at(fd).pending.front();
  at(fd).pending.pop_front();
  if (address != nullptr) getsockname(accepted, address, length);
  return accepted;
}
int getsockname(int, sockaddr* address, socklen_t* length) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  std::memcpy(address, &name, sizeof name);
  *length = sizeof name;
  return 0;
}
int setsockopt(int, int, int, const void*, socklen_t) { return 0; }
int getsockopt(int, int, int, void* value, socklen_t*) {
  *static_cast<int*>(value) = 0;
  return 0;
}
int ioctl(int, unsigned long, ...) { return 0; }
int shutdown(int, int) { return 0; }

ssize_t send(int fd, const void* bytes, size_t size, int) {
  const int peer = at(fd).peer;
  if (peer < 0) {
    errno = EPIPE;
    return -1;
  }
  const char* const from = static_cast<const char*>(bytes);
  at(peer).unread.insert(at(peer).unread.end(), from, from + size);
  raise(peer, EPOLLIN);
  return static_cast<ssize_t>(size);
}
ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  ssize_t sent = 0;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i)
    sent += send(fd, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len, flags);
  return sent;
}
ssize_t recv(int fd, void* bytes, size_t size, int) {
  Descriptor& file = at(fd);
  const std::size_t some = std::min(size, file.unread.size() - file.read);
  if (some == 0 && !file.ended) {
    errno = EAGAIN;
    return -1;
  }
  std::memcpy(bytes, file.unread.data() + file.read, some);
  file.read += some;
  if (file.read == file.unread.size()) {
    file.unread.clear();
    file.read = 0;
  }
  return static_cast<ssize_t>(some);
}
ssize_t recvmsg(int fd, msghdr* message, int flags) {
  return recv(fd, message->msg_iov[0].iov_base, message->msg_iov[0].iov_len, flags);
}
int close(int fd) {
  if (fd < kFirst) return 0;
  const int peer = at(fd).peer;
  at(fd).watched = false;
  if (peer >= 0) {
    at(peer).peer = -1;
    at(peer).ended = true;
    raise(peer, EPOLLIN | EPOLLRDHUP);
  }
  return 0;
}
int poll(pollfd* entries, nfds_t count, int) {
  for (nfds_t i = 0; i < count; ++i) entries[i].revents = POLLIN | POLLOUT;
  return static_cast<int>(count);
}

int eventfd(unsigned value, int) {
  const int fd = make(Descriptor::Kind::other);
  if (value > 0) raise(fd, EPOLLIN);
  return fd;
}
int timerfd_create(clockid_t, int) { return make(Descriptor::Kind::other); }
int timerfd_settime(int, int, const itimerspec*, itimerspec*) { return 0; }

int epoll_create1(int) { return make(Descriptor::Kind::other); }
int epoll_ctl(int, int operation, int fd, epoll_event* event) {
  Descriptor& file = at(fd);
  file.watched = operation != EPOLL_CTL_DEL;
  if (!file.watched) return 0;
  file.wanted = event->events;
  file.data = event->data;
  file.queued = false;
  if (file.kind == Descriptor::Kind::socket) file.events |= EPOLLOUT;
  queue_if_ready(fd);
  return 0;
}
// Edge-triggered, as Asio asks for it; it never waits.
int epoll_wait(int, epoll_event* events, int capacity, int) {
  int count = 0;
  std::size_t taken = 0;
  for (; taken < ready.size() && count < capacity; ++taken) {
    Descriptor& file = at(ready[taken]);
    file.queued = false;
    if (!file.watched) continue;
    events[count].events = file.events & file.wanted;
    events[count].data = file.data;
    if (file.kind == Descriptor::Kind::socket) file.events = 0;
    if (events[count].events != 0) ++count;
  }
  ready.erase(ready.begin(), ready.begin() + static_cast<std::ptrdiff_t>(taken));
  return count;
}

}  // extern "C"
