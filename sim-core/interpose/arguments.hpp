#pragma once
// Reading the arguments of calls, and looking up and making descriptors.
#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/socket.hpp"

namespace stillpoint::interpose {

// EFAULT; EINVAL (longer than any address).
inline Result<kernel::Address> read_address(const sockaddr* address, socklen_t length) {
  if (length > sizeof(sockaddr_storage)) return Failure{EINVAL};
  if (!is_readable_bytes(address, length)) return Failure{EFAULT};
  kernel::Address result;
  if (length > 0) std::memcpy(&result.storage, address, length);
  result.length = length;
  return result;
}

// Writes as much as fits, and says how long it is, as accept(2) tells. EFAULT; EINVAL (move_addr_to_user() in Linux's
// net/socket.c).
inline Status write_address(const kernel::Address& from, sockaddr* address, socklen_t* length) {
  if (!is_writable(length)) return Failure{EFAULT};
  if (static_cast<int>(*length) < 0) return Failure{EINVAL};
  const socklen_t size = std::min(*length, from.length);
  if (!is_writable_bytes(address, size)) return Failure{EFAULT};
  std::memcpy(address, &from.storage, size);
  *length = from.length;
  return Done{};
}

// Where a call gives what it found to the program. EFAULT.
template <typename Value>
Status give(Value* place, const Value& value) {
  if (!is_writable(place)) return Failure{EFAULT};
  *place = value;
  return Done{};
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

// Two descriptors at once, for pipe(2) and socketpair(2). EMFILE: then there is none.
inline Status add_pair(kernel::Host& host, std::unique_ptr<kernel::File> one, std::unique_ptr<kernel::File> other,
                       kernel::OnExec on_exec, int* ends) {
  if (!is_writable(ends, 2)) {
    one->on_close();
    other->on_close();
    return Failure{EFAULT};
  }
  const Result<int> first = host.descriptors.add(std::move(one), on_exec);
  if (!first) {
    other->on_close();
    return Failure{first.error()};
  }
  const Result<int> second = host.descriptors.add(std::move(other), on_exec);
  if (!second) {
    static_cast<void>(host.descriptors.close(first.value()));
    return Failure{second.error()};
  }
  ends[0] = first.value();
  ends[1] = second.value();
  return Done{};
}

}  // namespace stillpoint::interpose
