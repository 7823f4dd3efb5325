#pragma once
// Reading the arguments of socket calls, looking up descriptors, and waiting where a call blocks.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/socket.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::interpose {

// EFAULT; EINVAL (longer than any address).
inline Result<kernel::Address> read_address(const sockaddr* address, socklen_t length) {
  if (length > sizeof(sockaddr_storage)) return Failure{EINVAL};
  if (address == nullptr && length > 0) return Failure{EFAULT};
  kernel::Address result;
  if (length > 0) std::memcpy(&result.storage, address, length);
  result.length = length;
  return result;
}

// Writes as much as fits, and says how long it is, as accept(2) tells.
inline void write_address(const kernel::Address& from, sockaddr* address, socklen_t* length) {
  if (address == nullptr || length == nullptr) return;
  std::memcpy(address, &from.storage, std::min(*length, from.length));
  *length = from.length;
}

// Of the flags of a call that makes a descriptor: SOCK_CLOEXEC, EPOLL_CLOEXEC and their kin are all O_CLOEXEC.
inline kernel::OnExec on_exec(int flags) {
  return (flags & O_CLOEXEC) != 0 ? kernel::OnExec::close : kernel::OnExec::keep;
}

// EBADF; ENOTSOCK.
inline Result<kernel::Socket*> find_socket(kernel::Host& host, int fd) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  kernel::Socket* socket = file->as_socket();
  if (socket == nullptr) return Failure{ENOTSOCK};
  return socket;
}

// ---- waiting ----

// Ends the run if the running task cannot sleep: the harness waits for a driven host.
inline void require_sleep(kernel::Host& host, const Call& call) {
  if (host.running_task() == nullptr || !host.running_task()->may_sleep)
    unsupported(host, call, "it would block, and this host is driven by its event loop");
}

// Sleeps until `file` may be ready for one of `events`, or until the deadline.
inline kernel::Woken wait_for(kernel::Host& host, kernel::File& file, std::uint32_t events,
                              std::optional<VirtualTime> deadline = std::nullopt) {
  kernel::WaitSet waits(*host.running_task());
  waits.add(file, events);
  return host.sleep(deadline);
}

// Makes `attempt` again and again, sleeping in between, until it says something else than EAGAIN. `wait` is false for a
// non-blocking descriptor, or MSG_DONTWAIT. With a time-out (SO_RCVTIMEO, SO_SNDTIMEO) it ends with EAGAIN.
template <typename Attempt>
auto blocking(kernel::Host& host, const Call& call, kernel::File& file, bool wait, std::uint32_t events,
              Attempt attempt) -> decltype(attempt()) {
  auto result = attempt();
  if (result || result.error() != EAGAIN || !wait) return result;
  const std::optional<Duration> timeout = events == EPOLLIN ? file.receive_timeout : file.send_timeout;
  if (timeout == Duration::zero()) return result;
  require_sleep(host, call);
  std::optional<VirtualTime> deadline;
  if (timeout) deadline = host.now() + *timeout;
  file.add_reference();
  kernel::Woken woken = kernel::Woken::by_event;
  do {
    woken = wait_for(host, file, events, deadline);
    if (woken == kernel::Woken::by_signal) {
      result = Failure{EINTR};
      break;
    }
    result = attempt();
  } while (!result && result.error() == EAGAIN && woken != kernel::Woken::by_timeout);
  file.drop_reference();
  return result;
}

// Reads from a stream until there is `enough`, or no more will come: MSG_WAITALL, SO_RCVLOWAT. As in
// tcp_recvmsg_locked() of Linux's net/ipv4/tcp.c, what has come is worth more than an error, which is kept for the next
// call.
inline Result<std::size_t> receive_enough(kernel::Host& host, const Call& call, kernel::Socket& socket,
                                          const kernel::InMessage& message, std::size_t enough) {
  const bool peeks = (message.flags & MSG_PEEK) != 0;
  std::size_t total = 0;
  auto received = blocking(host, call, socket, true, EPOLLIN, [&]() -> Result<std::size_t> {
    const bool failed = (socket.poll() & EPOLLERR) != 0;
    if (total > 0 && failed && socket.unread().value() == 0) return total;
    kernel::InMessage next = message;
    const auto rest = kernel::rest_of(message.parts, peeks ? 0 : total);
    next.parts = rest;
    const auto got = socket.receive(next);
    if (!got) return got;
    total = peeks ? got.value() : total + got.value();
    const bool ended = (socket.poll() & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (total >= enough || got.value() == 0 || (ended && (peeks || socket.unread().value() == 0))) return total;
    return Failure{EAGAIN};
  });
  if (!received && total > 0) return total;
  return received;
}

}  // namespace stillpoint::interpose
