// socket(7): the calls on sockets.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <span>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/transfers.hpp"
#include "sim-core/interpose/unix_sockets.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/tcp_socket.hpp"
#include "sim-core/kernel/transfer.hpp"
#include "sim-core/kernel/udp_socket.hpp"

namespace {

using stillpoint::Done;
using stillpoint::Failure;
using stillpoint::is_readable;
using stillpoint::is_readable_bytes;
using stillpoint::is_writable;
using stillpoint::is_writable_bytes;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::interpose::blocking;
using stillpoint::interpose::buffer_of;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_socket;
using stillpoint::interpose::finish;
using stillpoint::interpose::may_be_memory;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::put_rest;
using stillpoint::interpose::raise_sigpipe;
using stillpoint::interpose::read_address;
using stillpoint::interpose::receive_enough;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::Row;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_for;
using stillpoint::interpose::write_address;
using stillpoint::kernel::Address;
using stillpoint::kernel::Host;
using stillpoint::kernel::InMessage;
using stillpoint::kernel::OutMessage;
using stillpoint::kernel::Socket;
using stillpoint::kernel::TcpSocket;
using stillpoint::kernel::UdpSocket;

// Whether a socket of AF_INET or AF_INET6 can be made: inet_create() in Linux's net/ipv4/af_inet.c, of a kernel that
// has TCP and UDP, for a user without privileges whose group may not make ping sockets (net.ipv4.ping_group_range).
Status allow_internet(int type, int domain, int protocol) {
  if (protocol < 0 || protocol > IPPROTO_MPTCP) return Failure{EINVAL};
  switch (type) {
    case SOCK_STREAM:
      return protocol == 0 || protocol == IPPROTO_TCP ? Status(Done{}) : Status(Failure{EPROTONOSUPPORT});
    case SOCK_DGRAM:
      if (protocol == 0 || protocol == IPPROTO_UDP) return Done{};
      return Failure{protocol == int{IPPROTO_ICMP} && domain == AF_INET      ? EACCES
                     : protocol == int{IPPROTO_ICMPV6} && domain == AF_INET6 ? EACCES
                                                                             : EPROTONOSUPPORT};
    case SOCK_RAW:
      return Failure{protocol == 0 ? EPROTONOSUPPORT : EPERM};  // raw(7): needs CAP_NET_RAW
    default:
      return Failure{ESOCKTNOSUPPORT};
  }
}

// As fail(), of an option: which one is not served is what its author wants to know.
int fail_option(Host& host, const Call& call, int error, int level, int name) {
  if (error != stillpoint::kernel::kNotServed) return fail(host, call, error);
  char which[48];
  std::snprintf(which, sizeof which, "option %d of level %d", name, level);
  unsupported(host, call, which);
}

// Likewise, of the flags and the control data of a message.
ssize_t fail_message(Host& host, const Call& call, int error, int flags, bool has_control) {
  if (error != stillpoint::kernel::kNotServed) return fail<ssize_t>(host, call, error);
  char which[48];
  std::snprintf(which, sizeof which, "flags 0x%x%s", static_cast<unsigned>(flags),
                has_control ? ", with control data" : "");
  unsupported(host, call, which);
}

bool waits(const Socket& socket, int flags) { return !socket.nonblocking && (flags & MSG_DONTWAIT) == 0; }

// __sys_accept4_file() in Linux's net/socket.c has a number for the new descriptor before it looks at the socket: where
// none is left, even a queue without connections is EMFILE, and nothing waits.
int accept_as(Host& host, const Call& call, int fd, sockaddr* address, socklen_t* length, int flags) {
  if (host.descriptors.find(fd) == nullptr) return fail(host, call, EBADF);
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return fail(host, call, EINVAL);
  if (host.descriptors.full()) return fail(host, call, EMFILE);
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  Address remote;
  const Result<int> accepted = blocking(host, call, *socket.value(), !socket.value()->nonblocking, EPOLLIN,
                                        [&] { return socket.value()->accept(&remote, (flags & SOCK_NONBLOCK) != 0); });
  if (!accepted) return fail(host, call, accepted.error());
  host.descriptors.set_on_exec(accepted.value(), on_exec(flags));
  if (address == nullptr) return accepted.value();
  if (const Status written = write_address(remote, address, length); !written) {
    static_cast<void>(host.descriptors.close(accepted.value()));  // the connection is lost (do_accept() in Linux)
    return fail(host, call, written.error());
  }
  return accepted.value();
}

ssize_t send_message(Host& host, const Call& call, int fd, OutMessage message) {
  const auto found = find_socket(host, fd);
  if (!found) return fail<ssize_t>(host, call, found.error());
  Socket& socket = *found.value();
  auto sent = socket.send(message);
  if (waits(socket, message.flags) && socket.sending_waits()) {
    const std::size_t wanted = socket.type() == SOCK_STREAM ? stillpoint::kernel::total_size(message.parts) : 0;
    sent = put_rest(host, call, socket, wanted, sent, [&](std::size_t taken) {
      const auto rest = stillpoint::kernel::rest_of(message.parts, taken);
      OutMessage next = message;
      next.parts = rest;
      if (taken > 0) next.control = {};  // it went with the first bytes
      return socket.send(next);
    });
  }
  if (!sent && sent.error() == EPIPE && (message.flags & MSG_NOSIGNAL) == 0 && socket.raises_sigpipe())
    raise_sigpipe(host, call);
  return sent ? static_cast<ssize_t>(sent.value())
              : fail_message(host, call, sent.error(), message.flags, !message.control.empty());
}

ssize_t receive_message(Host& host, const Call& call, int fd, InMessage& message) {
  const auto found = find_socket(host, fd);
  if (!found) return fail<ssize_t>(host, call, found.error());
  Socket& socket = *found.value();
  if (waits(socket, message.flags) && socket.type() == SOCK_STREAM) {
    const std::size_t enough = socket.enough(message.flags, stillpoint::kernel::total_size(message.parts));
    if (enough > 1) return finish<ssize_t>(host, call, receive_enough(host, call, socket, message, enough));
  }
  const Result<std::size_t> received =
      blocking(host, call, socket, waits(socket, message.flags), EPOLLIN, [&] { return socket.receive(message); });
  return received ? static_cast<ssize_t>(received.value())
                  : fail_message(host, call, received.error(), message.flags, false);
}

// sendmsg(2) and recvmsg(2) on one message.
constexpr unsigned kMostParts = 1024;     // UIO_MAXIOV
constexpr unsigned kMostMessages = 1024;  // likewise
constexpr std::size_t kLargestOption = 1024;

// How much setsockopt(2) reads of a value of `length` bytes: of most options a number (sk_setsockopt() and
// do_tcp_setsockopt() in Linux), and nothing of a value that is too short.
std::size_t bytes_read(int level, int name, socklen_t length) {
  const bool of_time = level == SOL_SOCKET && (name == SO_RCVTIMEO || name == SO_SNDTIMEO);
  if (of_time && length >= sizeof(timeval)) return sizeof(timeval);
  if (level == SOL_SOCKET && name == SO_LINGER && length >= sizeof(linger)) return sizeof(linger);
  if (level == SOL_SOCKET || (level == IPPROTO_TCP && name != TCP_CONGESTION))
    return length < sizeof(int) ? 0 : sizeof(int);
  return std::min<std::size_t>(length, sizeof(group_source_req));
}

// What is left in order by then: the name, the row, the control data (___sys_sendmsg() in Linux's net/socket.c).
Status import_row(Row& row, const msghdr& message) {
  if (message.msg_iovlen > kMostParts) return Failure{EMSGSIZE};
  return row.import(message.msg_iov, message.msg_iovlen);
}

Status import_control(const msghdr& message) {
  constexpr std::size_t kMost = 131'072;  // /proc/sys/net/core/optmem_max
  if (message.msg_controllen >= kMost) return Failure{ENOBUFS};
  if (!is_readable_bytes(message.msg_control, message.msg_controllen)) return Failure{EFAULT};
  return Done{};
}

bool bad_name_length(const msghdr& message) {
  return message.msg_name != nullptr && static_cast<int>(message.msg_namelen) < 0;
}

ssize_t send_header(Host& host, const Call& call, int fd, const msghdr* given, int flags) {
  if (const auto socket = find_socket(host, fd); !socket) return fail<ssize_t>(host, call, socket.error());
  if (!is_readable(given)) return fail<ssize_t>(host, call, EFAULT);
  const msghdr& message = *given;
  if (bad_name_length(message)) return fail<ssize_t>(host, call, EINVAL);
  Address target;
  const bool named = message.msg_name != nullptr && message.msg_namelen > 0;
  if (named) {
    // Unlike that of bind, connect and sendto, the length may be too large (copy_msghdr_from_user() in Linux).
    const socklen_t length = std::min<socklen_t>(message.msg_namelen, sizeof(sockaddr_storage));
    const auto to = read_address(static_cast<const sockaddr*>(message.msg_name), length);
    if (!to) return fail<ssize_t>(host, call, to.error());
    target = to.value();
  }
  Row row;
  if (const Status imported = import_row(row, message); !imported) return fail<ssize_t>(host, call, imported.error());
  if (const Status imported = import_control(message); !imported) return fail<ssize_t>(host, call, imported.error());
  return send_message(host, call, fd,
                      {.parts = row.parts(),
                       .flags = flags,
                       .to = named ? &target : nullptr,
                       .control = {static_cast<const std::byte*>(message.msg_control), message.msg_controllen}});
}

ssize_t receive_header(Host& host, const Call& call, int fd, msghdr* given, int flags) {
  if (const auto socket = find_socket(host, fd); !socket) return fail<ssize_t>(host, call, socket.error());
  if (!is_readable(given)) return fail<ssize_t>(host, call, EFAULT);
  msghdr& message = *given;
  if (bad_name_length(message)) return fail<ssize_t>(host, call, EINVAL);
  Row row;
  if (const Status imported = import_row(row, message); !imported) return fail<ssize_t>(host, call, imported.error());
  Address from;
  InMessage in{.parts = row.parts(),
               .flags = flags,
               .control = {static_cast<std::byte*>(message.msg_control), message.msg_controllen},
               .from = &from};
  const ssize_t received = receive_message(host, call, fd, in);
  if (received < 0) return received;
  // From here on an error comes too late for what was received.
  if (!is_writable(given)) return fail<ssize_t>(host, call, EFAULT);
  if (message.msg_name != nullptr) {
    const Status written = write_address(from, static_cast<sockaddr*>(message.msg_name), &message.msg_namelen);
    if (!written) return fail<ssize_t>(host, call, written.error());
  }
  message.msg_controllen = in.control_size;
  message.msg_flags = in.result_flags | (flags & MSG_CMSG_CLOEXEC);  // ____sys_recvmsg() in Linux's net/socket.c
  return received;
}

ssize_t receive_bytes(Host& host, const Call& call, int fd, void* data, size_t size, int flags,
                      Address* from = nullptr) {
  const iovec part = buffer_of(data, size);
  if (!may_be_memory(part)) [[unlikely]]
    return fail<ssize_t>(host, call, EFAULT);
  InMessage message{.parts = {&part, 1}, .flags = flags, .from = from};
  return receive_message(host, call, fd, message);
}

ssize_t receive_from(Host& host, const Call& call, int fd, void* data, size_t size, int flags, sockaddr* address,
                     socklen_t* length) {
  if (address == nullptr) return receive_bytes(host, call, fd, data, size, flags);
  Address from;
  const ssize_t received = receive_bytes(host, call, fd, data, size, flags, &from);
  if (received < 0) return received;
  const Status written = write_address(from, address, length);  // of a stream: none
  return written ? received : fail<ssize_t>(host, call, written.error());
}

}  // namespace

SP_CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol)) {
  constexpr int kTypeMask = 0xF;
  constexpr int kMostFamilies = 46;  // AF_MAX of Linux 6
  if ((type & ~kTypeMask & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return fail(host, call, EINVAL);
  if (domain < 0 || domain >= kMostFamilies) return fail(host, call, EAFNOSUPPORT);
  const int kind = type & kTypeMask;
  if (kind > SOCK_PACKET) return fail(host, call, EINVAL);
  std::unique_ptr<Socket> made;
  switch (domain) {
    case AF_INET:
    case AF_INET6: {
      if (domain == AF_INET && kind == SOCK_PACKET) return fail(host, call, EPERM);  // is AF_PACKET
      if (const Status allowed = allow_internet(kind, domain, protocol); !allowed) return finish(host, call, allowed);
      if (kind == SOCK_STREAM) made = std::make_unique<TcpSocket>(host, domain);
      if (kind == SOCK_DGRAM) made = std::make_unique<UdpSocket>(host, domain);
      break;
    }
    case AF_UNIX:
      return stillpoint::interpose::open_unix_socket(host, call, type, protocol);
    case AF_NETLINK:
      unsupported(host, call, "AF_NETLINK is not served");
    case AF_VSOCK:
      unsupported(host, call, "AF_VSOCK is not served");
    case AF_ALG:
      unsupported(host, call, "AF_ALG is not served");
    case AF_PACKET:
      return fail(host, call, EPERM);  // packet(7): needs CAP_NET_RAW
    default:
      return fail(host, call, EAFNOSUPPORT);
  }
  made->nonblocking = (type & SOCK_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(made), on_exec(type)));
}

SP_CALL(int, bind, (int fd, const sockaddr* address, socklen_t length), (fd, address, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto wanted = read_address(address, length);
  if (!wanted) return fail(host, call, wanted.error());
  return finish(host, call, socket.value()->bind(wanted.value()));
}

SP_CALL(int, listen, (int fd, int backlog), (fd, backlog)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  return finish(host, call, socket.value()->listen(backlog));
}

SP_CALL(int, connect, (int fd, const sockaddr* address, socklen_t length), (fd, address, length)) {
  // __sys_connect() in Linux's net/socket.c looks at the address before it asks what the file is.
  if (host.descriptors.find(fd) == nullptr) return fail(host, call, EBADF);
  const auto remote = read_address(address, length);
  if (!remote) return fail(host, call, remote.error());
  const auto found = find_socket(host, fd);
  if (!found) return fail(host, call, found.error());
  Socket& socket = *found.value();
  auto status = socket.connect(remote.value());
  const auto goes_on = [](int error) { return error == EINPROGRESS || error == EALREADY || error == EAGAIN; };
  if (!status && goes_on(status.error()) && !socket.nonblocking && socket.sending_waits()) {
    const int unfinished = status.error();
    status = blocking(host, call, socket, true, EPOLLOUT, [&]() -> stillpoint::Status {
      const auto again = socket.connect(remote.value());
      return !again && goes_on(again.error()) ? Failure{EAGAIN} : again;
    });
    if (!status && status.error() == EAGAIN) status = Failure{unfinished};  // SO_SNDTIMEO ended the wait
  }
  return finish(host, call, status);
}

SP_CALL(int, accept, (int fd, sockaddr* address, socklen_t* length), (fd, address, length)) {
  return accept_as(host, call, fd, address, length, 0);
}

SP_CALL(int, accept4, (int fd, sockaddr* address, socklen_t* length, int flags), (fd, address, length, flags)) {
  return accept_as(host, call, fd, address, length, flags);
}

SP_CALL(ssize_t, send, (int fd, const void* data, size_t size, int flags), (fd, data, size, flags)) {
  const iovec part = buffer_of(data, size);
  if (!may_be_memory(part)) [[unlikely]]
    return fail<ssize_t>(host, call, EFAULT);
  return send_message(host, call, fd, {.parts = {&part, 1}, .flags = flags});
}

SP_CALL(ssize_t, sendto, (int fd, const void* data, size_t size, int flags, const sockaddr* address, socklen_t length),
        (fd, data, size, flags, address, length)) {
  const iovec part = buffer_of(data, size);
  if (!may_be_memory(part)) return fail<ssize_t>(host, call, EFAULT);
  OutMessage message{.parts = {&part, 1}, .flags = flags};
  if (address == nullptr) return send_message(host, call, fd, message);
  if (const auto socket = find_socket(host, fd); !socket) return fail<ssize_t>(host, call, socket.error());
  const auto to = read_address(address, length);
  if (!to) return fail<ssize_t>(host, call, to.error());
  const Address target = to.value();
  message.to = &target;
  return send_message(host, call, fd, message);
}

SP_CALL(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags)) {
  return send_header(host, call, fd, message, flags);
}

// sendmmsg(2): stops at the first message that fails, and says how many did not.
SP_CALL(int, sendmmsg, (int fd, mmsghdr* messages, unsigned count, int flags), (fd, messages, count, flags)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  int sent = 0;
  for (unsigned i = 0; i < std::min(count, kMostMessages); ++i) {
    mmsghdr& message = messages[i];
    const ssize_t size = send_header(host, call, fd, &message.msg_hdr, flags);
    if (size < 0) return sent > 0 ? sent : -1;
    if (!is_writable(&message.msg_len)) return sent > 0 ? sent : fail(host, call, EFAULT);
    message.msg_len = static_cast<unsigned>(size);
    ++sent;
  }
  return sent;
}

SP_CALL(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags)) {
  return receive_bytes(host, call, fd, data, size, flags);
}

SP_CALL_AS(ssize_t, recv_chk, "__recv_chk", (int fd, void* data, size_t size, size_t room, int flags),
           (fd, data, size, room, flags)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return receive_bytes(host, call, fd, data, size, flags);
}

SP_CALL(ssize_t, recvfrom, (int fd, void* data, size_t size, int flags, sockaddr* address, socklen_t* length),
        (fd, data, size, flags, address, length)) {
  return receive_from(host, call, fd, data, size, flags, address, length);
}

SP_CALL_AS(ssize_t, recvfrom_chk, "__recvfrom_chk",
           (int fd, void* data, size_t size, size_t room, int flags, sockaddr* address, socklen_t* length),
           (fd, data, size, room, flags, address, length)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  return receive_from(host, call, fd, data, size, flags, address, length);
}

SP_CALL(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags)) {
  return receive_header(host, call, fd, message, flags);
}

// do_recvmmsg() in Linux's net/socket.c. The time-out is looked at after each message only, as its man page warns.
SP_CALL(int, recvmmsg, (int fd, mmsghdr* messages, unsigned count, int flags, timespec* timeout),
        (fd, messages, count, flags, timeout)) {
  if (timeout != nullptr && !is_readable(timeout)) return fail(host, call, EFAULT);
  if (timeout != nullptr && !stillpoint::kernel::valid(*timeout)) return fail(host, call, EINVAL);
  const auto found = find_socket(host, fd);
  if (!found) return fail(host, call, found.error());
  Socket& socket = *found.value();
  if ((flags & MSG_ERRQUEUE) == 0) {
    if (const int error = socket.take_error(); error != 0) return fail(host, call, error);
  }
  const stillpoint::VirtualTime start = host.now();
  const auto allowed = timeout == nullptr ? stillpoint::Duration::max() : stillpoint::kernel::duration_of(*timeout);
  int received = 0;
  for (unsigned i = 0; i < std::min(count, kMostMessages); ++i) {
    mmsghdr& message = messages[i];
    const ssize_t size = receive_header(host, call, fd, &message.msg_hdr, flags & ~MSG_WAITFORONE);
    if (size < 0) {
      if (received == 0) return -1;
      if (errno != EAGAIN) socket.set_error(errno);  // for the next call
      break;
    }
    message.msg_len = static_cast<unsigned>(size);
    ++received;
    if ((flags & MSG_WAITFORONE) != 0) flags |= MSG_DONTWAIT;
    if (host.now() - start >= allowed) break;
  }
  if (timeout != nullptr && received > 0) {
    const stillpoint::Duration left = std::max(allowed - (host.now() - start), stillpoint::Duration::zero());
    if (!is_writable(timeout)) return fail(host, call, EFAULT);
    *timeout = stillpoint::kernel::timespec_of(left);
  }
  return received;
}

SP_CALL(int, shutdown, (int fd, int how), (fd, how)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  return finish(host, call, socket.value()->shutdown(how));
}

SP_CALL(int, getsockname, (int fd, sockaddr* address, socklen_t* length), (fd, address, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto local = socket.value()->local();
  if (!local) return fail(host, call, local.error());
  return finish(host, call, write_address(local.value(), address, length));
}

SP_CALL(int, getpeername, (int fd, sockaddr* address, socklen_t* length), (fd, address, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto remote = socket.value()->remote();
  if (!remote) return fail(host, call, remote.error());
  return finish(host, call, write_address(remote.value(), address, length));
}

SP_CALL(int, getsockopt, (int fd, int level, int name, void* value, socklen_t* length),
        (fd, level, name, value, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  if (!is_readable(length)) return fail(host, call, EFAULT);
  // What the option is, is found before it shows whether there is room for it; a pending error is taken all the same.
  alignas(std::max_align_t) std::byte found[kLargestOption];
  socklen_t size = std::min(*length, socklen_t{kLargestOption});
  if (static_cast<int>(*length) < 0) size = *length;
  if (const Status got = socket.value()->get_option(level, name, found, &size); !got)
    return fail_option(host, call, got.error(), level, name);
  if (!is_writable_bytes(value, size) || !is_writable(length)) return fail(host, call, EFAULT);
  std::memcpy(value, found, size);
  *length = size;
  return 0;
}

SP_CALL(int, setsockopt, (int fd, int level, int name, const void* value, socklen_t length),
        (fd, level, name, value, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  if (static_cast<int>(length) < 0) return fail(host, call, EINVAL);
  if (!is_readable_bytes(value, bytes_read(level, name, length))) return fail(host, call, EFAULT);
  const Status set = socket.value()->set_option(level, name, value, length);
  return set ? 0 : fail_option(host, call, set.error(), level, name);
}
