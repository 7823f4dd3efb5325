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
// Of sk_shutdown in Linux: SHUT_RD, SHUT_WR and SHUT_RDWR, plus one.
constexpr int kShutRead = 1;
constexpr int kShutWrite = 2;

// Out of line: the array is large, and most calls have one buffer.
template <typename Byte, typename Use>
[[gnu::noinline]] auto with_many_spans(std::span<const iovec> parts, Use use) {
  std::array<std::span<Byte>, kMostParts> spans;
  std::size_t count = 0;
  for (const iovec& part : parts) {
    if (part.iov_len > 0) spans[count++] = {static_cast<Byte*>(part.iov_base), part.iov_len};
    if (count == spans.size()) break;
  }
  return use(std::span<const std::span<Byte>>(spans.data(), count));
}

// Calls `use` with a row of iovecs as a row of spans.
template <typename Byte, typename Use>
auto with_spans(std::span<const iovec> parts, Use use) {
  if (parts.size() != 1) return with_many_spans<Byte>(parts, use);
  const std::span<Byte> one(static_cast<Byte*>(parts[0].iov_base), parts[0].iov_len);
  return use(std::span<const std::span<Byte>>(&one, 1));
}

}  // namespace

TcpSocket::TcpSocket(Host& host, int domain)
    : Socket(host, domain, SOCK_STREAM, IPPROTO_TCP), chosen_{domain == AF_INET6 ? net::kAny6 : net::Ip(), 0} {}

std::uint32_t TcpSocket::poll() {
  if (listener_ != nullptr) return listener_->ready.empty() ? 0 : std::uint32_t{EPOLLIN} | EPOLLRDNORM;
  if (side_ == nullptr) {  // as tcp_poll() says of an unconnected socket
    const bool read_shut = (shut_early_ & kShutRead) != 0;
    return EPOLLOUT | EPOLLWRNORM | EPOLLHUP | (error_ != 0 || error_queued_ ? EPOLLERR : 0u) |
           (read_shut ? EPOLLIN | EPOLLRDNORM | EPOLLRDHUP : 0u);
  }
  return side_->readiness(host().now()) | (error_queued_ ? EPOLLERR : 0u);
}

// sock_read_iter() in Linux's net/socket.c: a read of nothing succeeds whatever the state, unlike recv(2) of nothing.
Result<std::size_t> TcpSocket::read(std::span<const iovec> parts) {
  if (total_size(parts) == 0) return std::size_t{0};
  return receive_parts(parts, 0);
}

void TcpSocket::on_close() {
  net::Tcp& tcp = host().kernel().tcp;
  if (listener_ != nullptr) tcp.stop_listening(listener_);
  if (side_ == nullptr) return;
  const bool at_once = settings_.lingering.l_onoff != 0 && settings_.lingering.l_linger == 0;
  side_->close(host().now(), at_once ? net::TcpSide::Closing::abortive : net::TcpSide::Closing::orderly);
}

std::optional<Duration> TcpSocket::begin_close() {
  if (side_ == nullptr || settings_.lingering.l_onoff == 0 || settings_.lingering.l_linger == 0) return std::nullopt;
  side_->begin_close(host().now());
  return std::chrono::seconds(settings_.lingering.l_linger);
}

bool TcpSocket::close_finished() { return side_ == nullptr || side_->closed_for_peer(host().now()); }

Status TcpSocket::bind(const Address& wanted) {
  const Result<net::SocketAddress> read = internet_address_to_bind(wanted, domain());
  if (!read) return Failure{read.error()};
  const net::SocketAddress address = read.value();
  const bool v6 = domain() == AF_INET6;
  const bool own = host().kernel().fabric.is_own(host().id(), address.ip);
  // The order is that of __inet_bind() and __inet6_bind().
  if (!v6 && !own) return Failure{EADDRNOTAVAIL};
  if (port() != nullptr || (side_ != nullptr && !over())) return Failure{EINVAL};
  if (v6 && address.ip.is_v4() && settings_.sharing.only_v6) return Failure{EINVAL};
  if (!own) return Failure{EADDRNOTAVAIL};
  last_port_ = local_address().port;
  left_ = side_ != nullptr;
  chosen_ = {v6 ? net::kAny6 : net::Ip(), 0};  // what is left if it fails
  // ip(7), IP_BIND_ADDRESS_NO_PORT: the port is chosen by connect, when the remote address is known.
  if (address.port != 0 || !settings_.address_without_port) {
    auto claim = host().kernel().tcp.bind(host().id(), address, settings_.sharing);
    if (!claim) return Failure{claim.error()};
    claim_ = std::move(claim).value();
  }
  chosen_ = address;
  last_port_ = 0;
  if (!address.ip.is_v4() && !address.ip.is_any()) settings_.sharing.only_v6 = true;  // __inet6_bind()
  return Done{};
}

Status TcpSocket::take_port() {
  if (claim_ != nullptr) return Done{};
  auto claim = host().kernel().tcp.bind(host().id(), {chosen_.ip, 0}, settings_.sharing);
  if (!claim) return Failure{claim.error()};
  claim_ = std::move(claim).value();
  return Done{};
}

bool TcpSocket::over() const {
  return side_ != nullptr && !side_->connecting() && (!side_->established() || side_->finished(host().now()));
}

// As tcp_disconnect() in Linux's net/ipv4/tcp.c: the socket is as new, but for what the program chose by bind. A socket
// that was closed already keeps its port, whoever chose it. Whoever watches it is told.
void TcpSocket::disconnect() {
  const bool was_closed = listener_ == nullptr && (side_ == nullptr || over());
  last_port_ = local_address().port;
  if (listener_ != nullptr) host().kernel().tcp.stop_listening(std::exchange(listener_, nullptr));
  if (side_ != nullptr) {
    error_queued_ = error_queued_ || side_->error_queued();
    auto held = side_->take_port();
    if (claim_ == nullptr) claim_ = std::move(held);
    std::exchange(side_, nullptr)->close(host().now(), net::TcpSide::Closing::abortive);
  }
  connect_reported_ = false;
  disconnecting_ = false;
  left_ = false;
  shut_early_ = 0;
  if ((chosen_.port != 0 || was_closed) && claim_ != nullptr) {
    claim_->ip = chosen_.ip;
    claim_->remote.reset();
  } else {
    claim_.reset();
  }
  notify(EPOLLERR, kNoEvent);
}

Status TcpSocket::listen(int backlog) {
  if (side_ != nullptr) return Failure{EINVAL};
  constexpr int kSomaxconn = 4096;  // /proc/sys/net/core/somaxconn
  const auto length = static_cast<std::size_t>(backlog < 0 || backlog > kSomaxconn ? kSomaxconn : backlog);
  if (listener_ != nullptr) {
    listener_->backlog = length;
    return Done{};
  }
  if (const Status bound = take_port(); !bound) return bound;
  const auto listener = host().kernel().tcp.listen(host().where(), *claim_, length, settings_.setup, this);
  if (!listener) return Failure{listener.error()};
  listener_ = listener.value();
  listener_->defer_accept = static_cast<unsigned>(settings_.deferred);
  listener_->read_shut = (shut_early_ & kShutRead) != 0;
  listener_->write_shut = (shut_early_ & kShutWrite) != 0;
  return Done{};
}

// __inet_stream_connect() in Linux's net/ipv4/af_inet.c: the address matters only where a connection is begun.
Status TcpSocket::connect(const Address& address) {
  if (address.length < sizeof(sa_family_t)) return Failure{EINVAL};
  if (address.family() == AF_UNSPEC) {
    const bool was_open = side_ != nullptr && (side_->connecting() || peer());
    const int pending = take_error();
    disconnect();
    error_ = was_open ? ECONNRESET : pending;
    return Done{};
  }
  if (listener_ != nullptr) return Failure{EISCONN};
  if (disconnecting_) return Failure{EINVAL};
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
  const Result<net::SocketAddress> remote = internet_address(address, domain());
  if (!remote) return Failure{remote.error()};
  return start_connect(remote.value());
}

Status TcpSocket::start_connect(net::SocketAddress remote) {
  if (domain() == AF_INET6) {  // tcp_v6_connect()
    const bool bound_to_v4 = chosen_.ip.is_v4();
    if (remote.ip == net::kAny6 && bound_to_v4) remote.ip = net::kLoopback;
    if (remote.ip.is_v4() && settings_.sharing.only_v6) return Failure{ENETUNREACH};
    if (!remote.ip.is_v4() && bound_to_v4) return Failure{EAFNOSUPPORT};
  }
  // To this host: over IPv4, to the very address that it is bound to (ip_route_output_key_hash_rcu()).
  if (remote.ip.is_any() && remote.ip.is_v4()) remote.ip = chosen_.ip.is_any() ? net::kLoopback : chosen_.ip;
  if (remote.ip.is_any()) remote.ip = net::kLoopback6;
  Kernel& kernel = host().kernel();
  if (const net::Route route = kernel.fabric.route(host().id(), remote.ip); route != net::Route::good)
    return Failure{net::error_of(route)};
  const net::Ip own = chosen_.ip.is_any() ? kernel.fabric.source_for(host().id(), remote.ip) : chosen_.ip;
  if (claim_ == nullptr) {
    auto claim = kernel.tcp.bind_for_connect(host().id(), own, remote);
    if (!claim) return Failure{claim.error()};
    claim_ = std::move(claim).value();
    claim_->sharing = settings_.sharing;
  } else {
    claim_->ip = own;
  }
  const auto side = kernel.tcp.connect(host().where(), claim_, remote, settings_.setup, this, host().now());
  if (!side) return Failure{side.error()};
  error_ = 0;
  if (remote.ip.is_v4()) settings_.setup.speaks_v4 = true;
  side_ = side.value();
  if (settings_.corked) side_->cork();
  if (shut_early_ != 0) side_->shut_early((shut_early_ & kShutRead) != 0, (shut_early_ & kShutWrite) != 0);
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
  accepted.connect_reported_ = true;
  accepted.settings_ = settings_;  // inherited (tcp(7)), as is that an address was chosen (SOCK_BINDADDR_LOCK)
  accepted.settings_.setup.speaks_v4 = side->remote.ip.is_v4();
  accepted.chosen_.ip = chosen_.ip;
  accepted.receive_timeout = receive_timeout;
  accepted.send_timeout = send_timeout;
  side->observer = &accepted;
  if (remote != nullptr) *remote = address_of(side->remote, domain());
  return descriptor;
}

Result<std::size_t> TcpSocket::send(const OutMessage& message) {
  if (!message.control.empty()) return Failure{kNotServed};
  return send_parts(message.parts, message.flags);  // a connected stream ignores the address (send(2))
}

Result<std::size_t> TcpSocket::send_parts(std::span<const iovec> parts, int flags) {
  if ((flags & ~(MSG_NOSIGNAL | MSG_DONTWAIT | MSG_MORE)) != 0) return Failure{kNotServed};
  if (side_ == nullptr) return Failure{error_ != 0 ? take_error() : EPIPE};
  const auto more = (flags & MSG_MORE) != 0 ? net::TcpSide::More::follows : net::TcpSide::More::no;
  return with_spans<const std::byte>(parts, [&](auto spans) { return side_->send(spans, host().now(), more); });
}

Result<std::size_t> TcpSocket::receive(InMessage& message) { return receive_parts(message.parts, message.flags); }

Result<std::size_t> TcpSocket::receive_parts(std::span<const iovec> parts, int flags) {
  constexpr int kServed = MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_TRUNC | MSG_WAITALL | MSG_CMSG_CLOEXEC;
  if ((flags & ~kServed) != 0) return Failure{kNotServed};
  if (listener_ != nullptr) return Failure{ENOTCONN};
  if (side_ == nullptr) {
    if (error_ != 0) return Failure{take_error()};
    if ((shut_early_ & kShutRead) != 0) return std::size_t{0};
    return Failure{ENOTCONN};
  }
  // MSG_TRUNC: the bytes are thrown away (tcp(7)).
  const net::TcpSide::Reading reading{.peek = (flags & MSG_PEEK) != 0, .discard = (flags & MSG_TRUNC) != 0};
  const auto received =
      with_spans<std::byte>(parts, [&](auto spans) { return side_->receive(spans, reading, host().now()); });
  if (received && received.value() > 0) host().last_read = side_->last_read();
  return received;
}

std::size_t TcpSocket::enough(int flags, std::size_t wanted) const {
  return (flags & MSG_WAITALL) != 0 ? wanted : std::min(settings_.setup.low_water, wanted);
}

// inet_shutdown() in Linux's net/ipv4/af_inet.c.
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
  if (!peer()) {
    if (side_ == nullptr) shut_early_ |= how + 1;
    if (over() && !connect_reported_) disconnecting_ = true;
    notify(EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLHUP, kNoEvent);
    return Failure{ENOTCONN};
  }
  connect_reported_ = true;
  if (how != SHUT_WR) side_->shutdown_read();
  if (how != SHUT_RD) return side_->shutdown_write(host().now());
  return Done{};
}

int TcpSocket::take_error() { return side_ != nullptr ? side_->take_error() : std::exchange(error_, 0); }

net::SocketAddress TcpSocket::local_address() const {
  if (claim_ != nullptr) return claim_->local();
  return side_ != nullptr && !left_ ? side_->local : net::SocketAddress{chosen_.ip, last_port_};
}

Result<Address> TcpSocket::local() { return address_of(local_address(), domain()); }

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

Result<int> TcpSocket::unsent() {
  if (listener_ != nullptr) return Failure{EINVAL};
  return side_ == nullptr ? 0 : static_cast<int>(side_->unsent(host().now()));
}

}  // namespace stillpoint::kernel
