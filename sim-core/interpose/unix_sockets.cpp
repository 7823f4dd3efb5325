#include "sim-core/interpose/unix_sockets.hpp"

#include <sys/socket.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/unix_socket.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::interpose::add_pair;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::kernel::Host;
using stillpoint::kernel::UnixSocket;

// unix_create() in Linux's net/unix/af_unix.c. SOCK_RAW is another word for SOCK_DGRAM.
Result<int> unix_type(int type, int protocol) {
  constexpr int kLargestType = 10;  // SOCK_MAX - 1
  const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (kind < 0 || kind > kLargestType) return Failure{EINVAL};
  if (protocol != 0 && protocol != PF_UNIX) return Failure{EPROTONOSUPPORT};
  switch (kind) {
    case SOCK_STREAM:
    case SOCK_DGRAM:
    case SOCK_SEQPACKET:
      return kind;
    case SOCK_RAW:
      return int{SOCK_DGRAM};
    default:
      return Failure{ESOCKTNOSUPPORT};
  }
}

std::unique_ptr<UnixSocket> make_socket(Host& host, int kind, int flags) {
  auto socket = std::make_unique<UnixSocket>(host, kind);
  socket->nonblocking = (flags & SOCK_NONBLOCK) != 0;
  return socket;
}

}  // namespace

namespace stillpoint::interpose {

int open_unix_socket(kernel::Host& host, const Call& call, int type, int protocol) {
  const Result<int> kind = unix_type(type, protocol);
  if (!kind) return fail(host, call, kind.error());
  return finish<int>(host, call, host.descriptors.add(make_socket(host, kind.value(), type), on_exec(type)));
}

}  // namespace stillpoint::interpose

SP_CALL(int, socketpair, (int domain, int type, int protocol, int* ends), (domain, type, protocol, ends)) {
  const int bare = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
  constexpr int kTypeMask = 0xF;
  if ((bare & ~kTypeMask) != 0) return fail(host, call, EINVAL);
  if (!stillpoint::is_writable(ends, 2)) return fail(host, call, EFAULT);  // __sys_socketpair() writes numbers first
  if (domain != AF_UNIX) return fail(host, call, domain == AF_INET || domain == AF_INET6 ? EOPNOTSUPP : EAFNOSUPPORT);
  const Result<int> kind = unix_type(type, protocol);
  if (!kind) return fail(host, call, kind.error());
  auto one = make_socket(host, kind.value(), type);
  auto other = make_socket(host, kind.value(), type);
  UnixSocket::pair(*one, *other);
  return finish(host, call, add_pair(host, std::move(one), std::move(other), on_exec(type), ends));
}
