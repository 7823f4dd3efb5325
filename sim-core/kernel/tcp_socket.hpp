#pragma once
// A TCP socket as a descriptor: the states of a struct socket around a transport endpoint that lives in net/.
#include <array>
#include <memory>
#include <optional>
#include <string>

#include "sim-core/kernel/socket.hpp"
#include "sim-core/net/tcp.hpp"

namespace stillpoint::kernel {

// What was set by options and is inherited by accepted sockets (tcp(7)).
struct TcpSettings {
  static constexpr std::size_t kKeptOptions = 16;

  net::Sharing sharing{};
  net::TcpSetup setup{};
  linger lingering{};
  int deferred = 0;         // TCP_DEFER_ACCEPT, as a number of retransmissions
  int largest_segment = 0;  // TCP_MAXSEG
  std::string congestion = "cubic";
  bool corked = false;
  bool address_without_port = false;                    // IP_BIND_ADDRESS_NO_PORT
  std::array<std::optional<int>, kKeptOptions> kept{};  // options that are only read back, by their row
};

class alignas(net::kCacheLine) TcpSocket final : public Socket, private net::TcpObserver {
 public:
  TcpSocket(Host& host, int domain);

  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override { return send_parts(parts, 0); }
  std::optional<Duration> begin_close() override;
  bool close_finished() override;
  void on_close() override;

  // bind(2): EINVAL (bound already), EADDRINUSE, EADDRNOTAVAIL.
  Status bind(const Address& address) override;
  // listen(2): EINVAL (connected), EADDRINUSE.
  Status listen(int backlog) override;
  // connect(2): EINPROGRESS, EALREADY, EISCONN, EADDRNOTAVAIL. A second call reports the outcome of the first; after a
  // failure the socket can be connected again.
  Status connect(const Address& address) override;
  Result<int> accept(Address* remote, bool nonblocking_socket) override;
  // Flags: MSG_NOSIGNAL, MSG_DONTWAIT, MSG_MORE; MSG_PEEK, MSG_TRUNC, MSG_WAITALL; kNotServed for others.
  Result<std::size_t> send(const OutMessage& message) override;
  Result<std::size_t> receive(InMessage& message) override;
  std::size_t enough(int flags, std::size_t wanted) const override;
  // shutdown(2): ENOTCONN, EINVAL. A listener that is shut for reading stops, and a connect under way is given up.
  Status shutdown(int how) override;
  Result<Address> local() override;
  Result<Address> remote() override;
  Status get_option(int level, int name, void* value, socklen_t* length) override;
  Status set_option(int level, int name, const void* value, socklen_t length) override;
  Result<int> unread() override;
  Result<int> unsent() override;

 private:
  void on_tcp(std::uint32_t events, EventId cause) override { notify(events, cause); }
  Result<std::size_t> send_parts(std::span<const iovec> parts, int flags);
  Result<std::size_t> receive_parts(std::span<const iovec> parts, int flags);
  std::optional<net::SocketAddress> peer() const;
  net::SocketAddress local_address() const;
  // What it holds a port by.
  net::PortClaim* port() { return side_ != nullptr && claim_ == nullptr ? side_->port() : claim_.get(); }
  // The connection is over, or was refused (TCP_CLOSE).
  bool over() const;
  Status take_port();
  void disconnect();
  int take_error() override;
  Status start_connect(net::SocketAddress remote);

  // tcp_options.cpp
  Status set_socket_option(int name, const void* value, socklen_t length);
  Status set_tcp_option(int name, int number);
  Status set_ipv6_option(int name, int number);
  Status set_buffer(int name, int number);
  void apply_setup();

  // What every message passes comes first: see TcpSide.
  net::TcpSide* side_ = nullptr;
  net::Listener* listener_ = nullptr;
  bool error_queued_ = false;  // of a side that it has left: see TcpSide::error_queued()
  bool connect_reported_ = false;
  // shutdown(2) came when the connection had failed and nobody had asked yet: only AF_UNSPEC helps then
  // (SS_DISCONNECTING).
  bool disconnecting_ = false;
  // It was bound again, or that failed, after the connection was over: its address is the connection's no more.
  bool left_ = false;
  int error_ = 0;  // SO_ERROR while there is no side
  // What shutdown(2) said before there was a connection, plus one: it holds for the next one, too.
  int shut_early_ = 0;
  std::uint16_t last_port_ = 0;  // that it held: getsockname(2) shows it until there is another one
  net::SocketAddress chosen_;    // by bind; a port of zero, or the unspecified address, was left to the kernel
  // While there is no side, which has it then; or bound anew after the side was over, and gave up its port.
  std::unique_ptr<net::PortClaim> claim_;
  TcpSettings settings_;
};

}  // namespace stillpoint::kernel
