#pragma once
// A TCP socket as a descriptor: the states of a struct socket around a transport endpoint that lives in net/.
#include <map>
#include <optional>

#include "sim-core/kernel/socket.hpp"
#include "sim-core/net/tcp.hpp"

namespace stillpoint::kernel {

class TcpSocket final : public Socket, private net::TcpObserver {
 public:
  TcpSocket(Host& host, int domain);

  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override { return send_parts(parts, 0); }
  void on_close() override;

  // bind(2): EINVAL (bound already), EADDRINUSE, EADDRNOTAVAIL.
  Status bind(const Address& address) override;
  // listen(2): EINVAL (connected), EADDRINUSE.
  Status listen(int backlog) override;
  // connect(2): EINPROGRESS, EALREADY, EISCONN, EADDRNOTAVAIL. A second call reports the outcome of the first; after a
  // failure the socket can be connected again.
  Status connect(const Address& address) override;
  Result<int> accept(Address* remote, bool nonblocking_socket) override;
  // Flags: MSG_NOSIGNAL, MSG_DONTWAIT, MSG_PEEK; kNotServed for others.
  Result<std::size_t> send(const OutMessage& message) override;
  Result<std::size_t> receive(InMessage& message) override;
  // shutdown(2): ENOTCONN, EINVAL. A listener that is shut for reading stops, and a connect under way is given up.
  Status shutdown(int how) override;
  Result<Address> local() override;
  Result<Address> remote() override;
  Status get_option(int level, int name, void* value, socklen_t* length) override;
  Status set_option(int level, int name, const void* value, socklen_t length) override;
  Result<int> unread() override;

 private:
  void on_tcp(std::uint32_t events, EventId cause) override { notify(events, cause); }
  Result<std::size_t> send_parts(std::span<const iovec> parts, int flags);
  Result<std::size_t> receive_parts(std::span<const iovec> parts, int flags);
  std::optional<net::SocketAddress> peer() const;
  Status take(net::SocketAddress address);
  Status ensure_bound(net::Ip ip);
  void disconnect();
  int take_error();
  net::Buffers buffers() const;

  std::optional<net::SocketAddress> bound_;
  net::SocketAddress chosen_;        // by bind; a port of zero, or the unspecified address, was left to the kernel
  bool bound_port_is_ours_ = false;  // an accepted socket shares its listener's port
  net::Listener* listener_ = nullptr;
  net::TcpSide* side_ = nullptr;
  bool connect_reported_ = false;
  int error_ = 0;                               // SO_ERROR while there is no side
  std::map<std::pair<int, int>, int> options_;  // by level and name: what was set
};

}  // namespace stillpoint::kernel
