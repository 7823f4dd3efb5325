// socket(7): the calls on sockets.
#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/tcp_socket.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::interpose::blocking;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::find_socket;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::raise_sigpipe;
using stillpoint::interpose::read_address;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_for;
using stillpoint::interpose::write_address;
using stillpoint::kernel::Address;
using stillpoint::kernel::Host;
using stillpoint::kernel::InMessage;
using stillpoint::kernel::OutMessage;
using stillpoint::kernel::Socket;
using stillpoint::kernel::TcpSocket;

bool waits(const Socket& socket, int flags) { return !socket.nonblocking && (flags & MSG_DONTWAIT) == 0; }

int accept_as(Host& host, const Call& call, int fd, sockaddr* address, socklen_t* length, int flags) {
  if ((flags & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != 0) return fail(host, call, EINVAL);
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  Address remote;
  const Result<int> accepted = blocking(host, call, *socket.value(), !socket.value()->nonblocking, EPOLLIN,
                                        [&] { return socket.value()->accept(&remote, (flags & SOCK_NONBLOCK) != 0); });
  if (accepted) {
    host.descriptors.set_on_exec(accepted.value(), on_exec(flags));
    write_address(remote, address, length);
  }
  return finish<int>(host, call, accepted);
}

ssize_t send_message(Host& host, const Call& call, int fd, OutMessage message) {
  const auto found = find_socket(host, fd);
  if (!found) return fail<ssize_t>(host, call, found.error());
  Socket& socket = *found.value();
  auto sent = socket.send(message);
  if (waits(socket, message.flags)) {
    // A blocking stream takes all of it (send(2)).
    const std::size_t wanted = stillpoint::kernel::total_size(message.parts);
    std::size_t taken = sent ? sent.value() : 0;
    const bool whole = socket.type() != SOCK_STREAM || taken == wanted;
    if (!whole || (!sent && sent.error() == EAGAIN)) {
      sent = blocking(
          host, call, socket, true, EPOLLOUT,
          [&]() -> Result<std::size_t> {
            const auto rest = stillpoint::kernel::rest_of(message.parts, taken);
            OutMessage next = message;
            next.parts = rest;
            const auto more = socket.send(next);
            if (!more) return taken > 0 && more.error() != EAGAIN ? Result<std::size_t>(taken) : more;
            taken += more.value();
            if (socket.type() == SOCK_STREAM && taken < wanted) return Failure{EAGAIN};
            return taken;
          },
          &taken);
      if (!sent && sent.error() == EINTR && taken > 0) sent = taken;
    }
  }
  if (!sent && sent.error() == EPIPE && (message.flags & MSG_NOSIGNAL) == 0) raise_sigpipe(host, call);
  return finish<ssize_t>(host, call, sent);
}

ssize_t receive_message(Host& host, const Call& call, int fd, InMessage& message) {
  const auto found = find_socket(host, fd);
  if (!found) return fail<ssize_t>(host, call, found.error());
  Socket& socket = *found.value();
  return finish<ssize_t>(host, call, blocking(host, call, socket, waits(socket, message.flags), EPOLLIN, [&] {
                           return socket.receive(message);
                         }));
}

}  // namespace

SP_CALL(int, socket, (int domain, int type, int protocol), (domain, type, protocol)) {
  if (domain != AF_INET && domain != AF_INET6) unsupported(host, call, "only AF_INET and AF_INET6 are served");
  if ((type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) != SOCK_STREAM) unsupported(host, call, "only SOCK_STREAM is served");
  if (protocol != 0 && protocol != IPPROTO_TCP) return fail(host, call, EPROTONOSUPPORT);
  auto file = std::make_unique<TcpSocket>(host, domain);
  file->nonblocking = (type & SOCK_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file), on_exec(type)));
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
  const auto found = find_socket(host, fd);
  if (!found) return fail(host, call, found.error());
  const auto remote = read_address(address, length);
  if (!remote) return fail(host, call, remote.error());
  Socket& socket = *found.value();
  auto status = socket.connect(remote.value());
  if (!status && (status.error() == EINPROGRESS || status.error() == EAGAIN) && !socket.nonblocking) {
    status = blocking(host, call, socket, true, EPOLLOUT, [&]() -> stillpoint::Status {
      const auto again = socket.connect(remote.value());
      return !again && (again.error() == EALREADY || again.error() == EINPROGRESS) ? Failure{EAGAIN} : again;
    });
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
  return send_message(host, call, fd, {.parts = {&part, 1}, .flags = flags});
}

SP_CALL(ssize_t, sendto, (int fd, const void* data, size_t size, int flags, const sockaddr* address, socklen_t length),
        (fd, data, size, flags, address, length)) {
  const iovec part{const_cast<void*>(data), size};
  OutMessage message{.parts = {&part, 1}, .flags = flags};
  if (address == nullptr) return send_message(host, call, fd, message);
  const auto to = read_address(address, length);
  if (!to) return fail<ssize_t>(host, call, to.error());
  const Address target = to.value();
  message.to = &target;
  return send_message(host, call, fd, message);
}

SP_CALL(ssize_t, sendmsg, (int fd, const msghdr* message, int flags), (fd, message, flags)) {
  if (message == nullptr) return fail<ssize_t>(host, call, EFAULT);
  OutMessage out{.parts = {message->msg_iov, message->msg_iovlen},
                 .flags = flags,
                 .to = nullptr,
                 .control = {static_cast<const std::byte*>(message->msg_control), message->msg_controllen}};
  if (message->msg_name == nullptr) return send_message(host, call, fd, out);
  const auto to = read_address(static_cast<const sockaddr*>(message->msg_name), message->msg_namelen);
  if (!to) return fail<ssize_t>(host, call, to.error());
  const Address target = to.value();
  out.to = &target;
  return send_message(host, call, fd, out);
}

SP_CALL(ssize_t, recv, (int fd, void* data, size_t size, int flags), (fd, data, size, flags)) {
  const iovec part{data, size};
  InMessage message{.parts = {&part, 1}, .flags = flags};
  return receive_message(host, call, fd, message);
}

SP_CALL_AS(ssize_t, recv_chk, "__recv_chk", (int fd, void* data, size_t size, size_t room, int flags),
           (fd, data, size, room, flags)) {
  if (size > room) unsupported(host, call, "buffer overflow detected");
  const iovec part{data, size};
  InMessage message{.parts = {&part, 1}, .flags = flags};
  return receive_message(host, call, fd, message);
}

SP_CALL(ssize_t, recvfrom, (int fd, void* data, size_t size, int flags, sockaddr* address, socklen_t* length),
        (fd, data, size, flags, address, length)) {
  const iovec part{data, size};
  InMessage message{.parts = {&part, 1}, .flags = flags};
  const ssize_t received = receive_message(host, call, fd, message);
  if (received >= 0) write_address(message.from, address, length);  // of a stream: none
  return received;
}

SP_CALL(ssize_t, recvmsg, (int fd, msghdr* message, int flags), (fd, message, flags)) {
  if (message == nullptr) return fail<ssize_t>(host, call, EFAULT);
  InMessage in{.parts = {message->msg_iov, message->msg_iovlen},
               .flags = flags,
               .control = {static_cast<std::byte*>(message->msg_control), message->msg_controllen}};
  const ssize_t received = receive_message(host, call, fd, in);
  if (received >= 0) {
    if (message->msg_name != nullptr) {
      write_address(in.from, static_cast<sockaddr*>(message->msg_name), &message->msg_namelen);
    } else {
      message->msg_namelen = 0;
    }
    message->msg_controllen = in.control_size;
    message->msg_flags = in.result_flags;
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
  const auto local = socket.value()->local();
  if (!local) return fail(host, call, local.error());
  write_address(local.value(), address, length);
  return 0;
}

SP_CALL(int, getpeername, (int fd, sockaddr* address, socklen_t* length), (fd, address, length)) {
  const auto socket = find_socket(host, fd);
  if (!socket) return fail(host, call, socket.error());
  const auto remote = socket.value()->remote();
  if (!remote) return fail(host, call, remote.error());
  if (address == nullptr || length == nullptr) return fail(host, call, EFAULT);
  write_address(remote.value(), address, length);
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
