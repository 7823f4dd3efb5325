// socket(7): the calls on sockets.
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"

namespace {

using stillpoint::Result;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_socket;
using stillpoint::interpose::finish;
using stillpoint::interpose::finish_or_block;
using stillpoint::interpose::read_address;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::write_address;
using stillpoint::kernel::Host;
using stillpoint::kernel::TcpSocket;

int accept_as(Host& host, const Call& call, int fd, sockaddr* address, socklen_t* length, int flags) {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return fail(host, call, EINVAL);
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  stillpoint::net::SocketAddress remote;
  const Result<int> accepted = socket.value()->accept(&remote, (flags & SOCK_NONBLOCK) != 0);
  if (accepted) write_address(remote, address, length);
  return finish_or_block<int>(host, call, *socket.value(), 0, accepted);
}

ssize_t send_parts(Host& host, const Call& call, int fd, std::span<const iovec> parts, int flags) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail<ssize_t>(host, call, socket.error());
  const auto sent = socket.value()->send(parts, flags);
  if (!sent && sent.error() == EPIPE && (flags & MSG_NOSIGNAL) == 0)
    unsupported(host, call, "SIGPIPE would be delivered");
  return finish_or_block<ssize_t>(host, call, *socket.value(), flags, sent);
}

ssize_t receive_parts(Host& host, const Call& call, int fd, std::span<const iovec> parts, int flags) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail<ssize_t>(host, call, socket.error());
  return finish_or_block<ssize_t>(host, call, *socket.value(), flags, socket.value()->receive(parts, flags));
}

}  // namespace

SP_CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol)) {
  // The virtual network has no IPv6 yet, which programs meet on many machines: not an unsupported call.
  if (domain == AF_INET6) return fail(host, call, EAFNOSUPPORT);
  if (domain != AF_INET) unsupported(host, call, "only AF_INET is served");
  if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM) unsupported(host, call, "only SOCK_STREAM is served");
  if (protocol != 0 && protocol != IPPROTO_TCP) return fail(host, call, EPROTONOSUPPORT);
  auto file = std::make_unique<TcpSocket>(host);
  file->nonblocking = (type & SOCK_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file)));
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
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto remote = read_address(address, length);
  if (!remote) return fail(host, call, remote.error());
  const auto status = socket.value()->connect(remote.value());
  if (!status && status.error() == EINPROGRESS && !socket.value()->nonblocking) {
    unsupported(host, call, "it would block, and this host is driven by its event loop");
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
  const iovec part{const_cast<void*>(data), size};
  return send_parts(host, call, fd, {&part, 1}, flags);
}

SP_CALL(ssize_t, sendto, (int fd, const void* data, size_t size, int flags, const sockaddr* address, socklen_t length),
        (fd, data, size, flags, address, length)) {
  // A connected stream ignores the address (send(2)).
  const iovec part{const_cast<void*>(data), size};
  return send_parts(host, call, fd, {&part, 1}, flags);
}

SP_CALL(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags)) {
  if (message == nullptr) return fail<ssize_t>(host, call, EFAULT);
  if (message->msg_controllen != 0) unsupported(host, call, "with control data");
  return send_parts(host, call, fd, {message->msg_iov, message->msg_iovlen}, flags);
}

SP_CALL(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags)) {
  const iovec part{data, size};
  return receive_parts(host, call, fd, {&part, 1}, flags);
}

SP_CALL_AS(ssize_t, recv_chk, "__recv_chk", (int fd, void* data, size_t size, size_t room, int flags),
           (fd, data, size, room, flags)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  const iovec part{data, size};
  return receive_parts(host, call, fd, {&part, 1}, flags);
}

SP_CALL(ssize_t, recvfrom, (int fd, void* data, size_t size, int flags, sockaddr* address, socklen_t* length),
        (fd, data, size, flags, address, length)) {
  const iovec part{data, size};
  const ssize_t received = receive_parts(host, call, fd, {&part, 1}, flags);
  if (received >= 0 && address != nullptr && length != nullptr) *length = 0;  // a stream gives no address
  return received;
}

SP_CALL(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags)) {
  if (message == nullptr) return fail<ssize_t>(host, call, EFAULT);
  const ssize_t received = receive_parts(host, call, fd, {message->msg_iov, message->msg_iovlen}, flags);
  if (received >= 0) {
    message->msg_namelen = 0;
    message->msg_controllen = 0;
    message->msg_flags = 0;
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
  if (address == nullptr || length == nullptr) return fail(host, call, EFAULT);
  write_address(socket.value()->local(), address, length);
  return 0;
}

SP_CALL(int, getpeername, (int fd, sockaddr* address, socklen_t* length), (fd, address, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto remote = socket.value()->remote();
  if (!remote) return fail(host, call, ENOTCONN);
  if (address == nullptr || length == nullptr) return fail(host, call, EFAULT);
  write_address(*remote, address, length);
  return 0;
}

SP_CALL(int, getsockopt, (int fd, int level, int name, void* value, socklen_t* length),
        (fd, level, name, value, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  if (value == nullptr || length == nullptr) return fail(host, call, EFAULT);
  return finish(host, call, socket.value()->get_option(level, name, value, length));
}

SP_CALL(int, setsockopt, (int fd, int level, int name, const void* value, socklen_t length),
        (fd, level, name, value, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  if (value == nullptr) return fail(host, call, EFAULT);
  return finish(host, call, socket.value()->set_option(level, name, value, length));
}
