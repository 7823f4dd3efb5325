#include "sim-core/kernel/tcp_socket.hpp"

#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {

// Asio passes at most 64 buffers a call; a stream may always take fewer than it was offered.
constexpr std::size_t kMostParts = 64;

// Calls `use` with a row of iovecs as a row of spans.
template <typename Byte, typename Use>
auto with_spans(std::span<const iovec> parts, Use use) {
  if (parts.size() == 1) {
    const std::span<Byte> one(static_cast<Byte*>(parts[0].iov_base), parts[0].iov_len);
    return use(std::span<const std::span<Byte>>(&one, 1));
  }
  std::array<std::span<Byte>, kMostParts> spans;
  std::size_t count = 0;
  for (const iovec& part : parts) {
    if (part.iov_len > 0) spans[count++] = {static_cast<Byte*>(part.iov_base), part.iov_len};
    if (count == spans.size()) break;
  }
  return use(std::span<const std::span<Byte>>(spans.data(), count));
}

}  // namespace

TcpSocket::TcpSocket(Host& host, int domain)
    : Socket(host, domain, SOCK_STREAM, IPPROTO_TCP), chosen_{domain == AF_INET6 ? net::kAny6 : net::Ip(), 0} {}

std::uint32_t TcpSocket::poll() {
  if (listener_ != nullptr) return listener_->ready.empty() ? 0 : std::uint32_t{EPOLLIN} | EPOLLRDNORM;
  if (side_ == nullptr) {  // as tcp_poll() says of an unconnected socket
    return EPOLLOUT | EPOLLWRNORM | EPOLLHUP | (error_ != 0 ? EPOLLERR : 0u);
  }
  return side_->readiness(host().now());
}

// sock_read_iter() in Linux's net/socket.c: a read of nothing succeeds whatever the state, unlike recv(2) of nothing.
Result<std::size_t> TcpSocket::read(std::span<const iovec> parts) {
  if (total_size(parts) == 0) return std::size_t{0};
  return receive_parts(parts, 0);
}

void TcpSocket::on_close() {
  net::Tcp& tcp = host().kernel().tcp;
  if (listener_ != nullptr) tcp.stop_listening(listener_);
  if (side_ != nullptr) side_->close(host().now());
  if (bound_ && bound_port_is_ours_) tcp.unbind(host().id(), *bound_);
}

Status TcpSocket::bind(const Address& wanted) {
  const Result<net::SocketAddress> read = internet_address(wanted, domain());
  if (!read) return Failure{read.error()};
  const net::SocketAddress address = read.value();
  if (bound_ || side_ != nullptr) return Failure{EINVAL};
  const Status bound = take(address);
  if (bound) chosen_ = address;
  return bound;
}

Status TcpSocket::take(net::SocketAddress address) {
  const auto bound = host().kernel().tcp.bind(host().id(), address);
  if (!bound) return Failure{bound.error()};
  bound_ = bound.value();
  bound_port_is_ours_ = true;
  return Done{};
}

Status TcpSocket::ensure_bound(net::Ip ip) {
  if (bound_) return Done{};
  return take({chosen_.ip.is_any() ? ip : chosen_.ip, 0});
}

// As tcp_disconnect() in Linux's net/ipv4/tcp.c: the socket is as new, but for what the program chose by bind.
void TcpSocket::disconnect() {
  if (listener_ != nullptr) host().kernel().tcp.stop_listening(std::exchange(listener_, nullptr));
  if (side_ != nullptr) std::exchange(side_, nullptr)->close(host().now());
  if (chosen_.port != 0) {
    bound_->ip = chosen_.ip;
    return;
  }
  host().kernel().tcp.unbind(host().id(), *bound_);
  bound_.reset();
  bound_port_is_ours_ = false;
}

net::Buffers TcpSocket::buffers() const {
  net::Buffers buffers;
  if (const auto set = options_.find({SOL_SOCKET, SO_SNDBUF}); set != options_.end())
    buffers.send = static_cast<std::size_t>(set->second);
  if (const auto set = options_.find({SOL_SOCKET, SO_RCVBUF}); set != options_.end()) {
    buffers.receive = static_cast<std::size_t>(set->second);
  }
  return buffers;
}

Status TcpSocket::listen(int backlog) {
  if (side_ != nullptr) return Failure{EINVAL};
  constexpr int kSomaxconn = 4096;  // /proc/sys/net/core/somaxconn
  const auto length = static_cast<std::size_t>(backlog < 0 || backlog > kSomaxconn ? kSomaxconn : backlog);
  if (listener_ != nullptr) {
    listener_->backlog = length;
    return Done{};
  }
  if (const Status bound = ensure_bound(chosen_.ip); !bound) return bound;
  const auto listener = host().kernel().tcp.listen(host().where(), *bound_, length, buffers(), this);
  if (!listener) return Failure{listener.error()};
  listener_ = listener.value();
  return Done{};
}

Status TcpSocket::connect(const Address& address) {
  const Result<net::SocketAddress> read = internet_address(address, domain());
  if (!read) return Failure{read.error()};
  net::SocketAddress remote = read.value();
  if (listener_ != nullptr) return Failure{EISCONN};
  if (side_ != nullptr) {
    if (connect_reported_) return Failure{EISCONN};
    if (side_->connecting()) return Failure{EALREADY};
    if (!side_->established()) {
      const int error = side_->take_error();
      disconnect();
      return Failure{error != 0 ? error : ECONNABORTED};
    }
    connect_reported_ = true;
    return Done{};
  }
  if (remote.ip.is_any()) remote.ip = remote.ip.is_v4() ? net::kLoopback : net::kLoopback6;  // Linux: to this host
  const net::Ip own = host().kernel().fabric.source_for(host().id(), remote.ip);
  if (const Status bound = ensure_bound(own); !bound) return bound;
  if (bound_->ip.is_any()) bound_->ip = own;
  side_ = host().kernel().tcp.connect(host().where(), *bound_, remote, buffers(), this, host().now());
  return Failure{EINPROGRESS};
}

Result<int> TcpSocket::accept(Address* remote, bool nonblocking_socket) {
  if (listener_ == nullptr) return Failure{EINVAL};
  if (listener_->ready.empty()) return Failure{EAGAIN};
  auto socket = std::make_unique<TcpSocket>(host(), domain());
  TcpSocket& accepted = *socket;
  accepted.nonblocking = nonblocking_socket;
  const Result<int> descriptor = host().descriptors.add(std::move(socket));
  if (!descriptor) return descriptor;  // the connection stays in the queue, as on Linux

  net::TcpSide* side = host().kernel().tcp.accept(*listener_).value();
  accepted.side_ = side;
  accepted.bound_ = side->local;
  accepted.connect_reported_ = true;
  accepted.options_ = options_;  // inherited (tcp(7))
  side->observer = &accepted;
  if (remote != nullptr) *remote = address_of(side->remote, domain());
  return descriptor;
}

Result<std::size_t> TcpSocket::send(const OutMessage& message) {
  if (!message.control.empty()) return Failure{kNotServed};
  return send_parts(message.parts, message.flags);  // a connected stream ignores the address (send(2))
}

Result<std::size_t> TcpSocket::send_parts(std::span<const iovec> parts, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT)) != 0) return Failure{kNotServed};
  if (side_ == nullptr) return Failure{error_ != 0 ? take_error() : EPIPE};
  return with_spans<const std::byte>(parts, [this](auto spans) { return side_->send(spans, host().now()); });
}

Result<std::size_t> TcpSocket::receive(InMessage& message) { return receive_parts(message.parts, message.flags); }

Result<std::size_t> TcpSocket::receive_parts(std::span<const iovec> parts, int flags) {
  if ((flags & ~(MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL)) != 0) return Failure{kNotServed};
  if (side_ == nullptr) return Failure{error_ != 0 ? take_error() : ENOTCONN};
  const bool peek = (flags & MSG_PEEK) != 0;
  const auto received =
      with_spans<std::byte>(parts, [&](auto spans) { return side_->receive(spans, peek, host().now()); });
  if (received && received.value() > 0) host().last_read = side_->last_read();
  return received;
}

Status TcpSocket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Failure{EINVAL};
  const bool connecting = side_ != nullptr && side_->connecting();
  if (connecting || (listener_ != nullptr && how != SHUT_WR)) {
    disconnect();
    if (connecting) error_ = ECONNRESET;
    notify(EPOLLOUT | EPOLLHUP | EPOLLERR, kNoEvent);
    return Done{};
  }
  if (listener_ != nullptr) return Done{};
  if (!peer()) return Failure{ENOTCONN};
  if (how != SHUT_WR) side_->shutdown_read();
  if (how != SHUT_RD) return side_->shutdown_write(host().now());
  return Done{};
}

int TcpSocket::take_error() { return side_ != nullptr ? side_->take_error() : std::exchange(error_, 0); }

Result<Address> TcpSocket::local() {
  const auto address = side_ != nullptr ? side_->local : bound_.value_or(net::SocketAddress{chosen_.ip, 0});
  return address_of(address, domain());
}

std::optional<net::SocketAddress> TcpSocket::peer() const {
  if (side_ == nullptr || !side_->established() || side_->finished(host().now())) return std::nullopt;
  return side_->remote;
}

Result<Address> TcpSocket::remote() {
  const auto address = peer();
  if (!address) return Failure{ENOTCONN};
  return address_of(*address, domain());
}

Result<int> TcpSocket::unread() {
  if (listener_ != nullptr) return Failure{EINVAL};
  return side_ == nullptr ? 0 : static_cast<int>(side_->unread());
}

Status TcpSocket::get_option(int level, int name, void* value, socklen_t* length) {
  const auto put = [&](const void* from, std::size_t size) -> Status {
    if (static_cast<int>(*length) < 0) return Failure{EINVAL};
    const std::size_t copied = std::min<std::size_t>(size, *length);
    std::memcpy(value, from, copied);
    *length = static_cast<socklen_t>(copied);
    return Done{};
  };
  const auto put_int = [&](int number) { return put(&number, sizeof number); };
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_ERROR:
        return put_int(take_error());
      case SO_TYPE:
        return put_int(SOCK_STREAM);
      case SO_DOMAIN:
        return put_int(domain());
      case SO_PROTOCOL:
        return put_int(IPPROTO_TCP);
      case SO_ACCEPTCONN:
        return put_int(listener_ != nullptr);
      case SO_LINGER: {
        const linger off{};
        return put(&off, sizeof off);
      }
      default:
        break;
    }
  }
  const auto found = options_.find({level, name});
  if (found != options_.end()) return put_int(found->second);
  if (level == SOL_SOCKET) {
    // What socket(7) and tcp(7) give for a new socket.
    switch (name) {
      case SO_SNDBUF:
        return put_int(static_cast<int>(net::Buffers{}.send));
      case SO_RCVBUF:
        return put_int(static_cast<int>(net::Buffers{}.receive));
      case SO_REUSEADDR:
      case SO_REUSEPORT:
      case SO_KEEPALIVE:
      case SO_BROADCAST:
      case SO_DONTROUTE:
      case SO_OOBINLINE:
        return put_int(0);
      case SO_RCVLOWAT:
      case SO_SNDLOWAT:
        return put_int(1);
      default:
        return Failure{kNotServed};
    }
  }
  if (level == IPPROTO_TCP && name == TCP_NODELAY) return put_int(0);
  return Failure{kNotServed};
}

Status TcpSocket::set_option(int level, int name, const void* value, socklen_t length) {
  if (length < sizeof(int)) return Failure{EINVAL};
  int number = 0;
  std::memcpy(&number, value, sizeof number);
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_SNDBUF:
      case SO_RCVBUF: {
        // socket(7): the kernel doubles the value, and has a smallest one.
        const int doubled = std::max(2 * std::clamp(number, 0, 8 * 1024 * 1024), name == SO_SNDBUF ? 4608 : 2304);
        options_[{level, name}] = doubled;
        if (listener_ != nullptr) listener_->buffers = buffers();
        if (side_ == nullptr) return Done{};
        const auto bytes = static_cast<std::size_t>(doubled);
        name == SO_SNDBUF ? side_->set_send_buffer(bytes) : side_->set_receive_buffer(bytes);
        return Done{};
      }
      case SO_REUSEADDR:
      case SO_REUSEPORT:
      case SO_KEEPALIVE:
      case SO_BROADCAST:
      case SO_DONTROUTE:
      case SO_OOBINLINE:
        options_[{level, name}] = number != 0;
        return Done{};
      default:
        break;
    }
  }
  if (level == IPPROTO_TCP && name == TCP_NODELAY) {
    options_[{level, name}] = number != 0;
    return Done{};
  }
  return Failure{kNotServed};
}

}  // namespace stillpoint::kernel
