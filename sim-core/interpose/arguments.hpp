#pragma once
// Reading the arguments of socket calls, looking up descriptors, and waiting where a call blocks.
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/socket.hpp"

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
// non-blocking descriptor, or MSG_DONTWAIT.
template <typename Attempt>
auto blocking(kernel::Host& host, const Call& call, kernel::File& file, bool wait, std::uint32_t events,
              Attempt attempt) -> decltype(attempt()) {
  auto result = attempt();
  if (result || result.error() != EAGAIN || !wait) return result;
  require_sleep(host, call);
  file.add_reference();
  do {
    if (wait_for(host, file, events) == kernel::Woken::by_signal) {
      result = Failure{EINTR};
      break;
    }
    result = attempt();
  } while (!result && result.error() == EAGAIN);
  file.drop_reference();
  return result;
}

}  // namespace stillpoint::interpose
