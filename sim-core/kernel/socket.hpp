#pragma once
// A TCP socket as a descriptor: the states of a struct socket around a transport endpoint that lives in net/.
#include <netinet/in.h>
#include <sys/socket.h>

#include <map>
#include <optional>

#include "sim-core/kernel/file.hpp"
#include "sim-core/net/tcp.hpp"

namespace stillpoint::kernel {

class TcpSocket final : public File, private net::TcpObserver {
 public:
  explicit TcpSocket(Host& host) : File(host) {}
  TcpSocket* as_socket() override { return this; }

  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override { return send(parts, 0); }
  void on_close() override;

  // bind(2): EINVAL (bound already), EADDRINUSE, EADDRNOTAVAIL.
  Status bind(net::SocketAddress address);
  // listen(2): EINVAL (connected), EADDRINUSE.
  Status listen(int backlog);
  // connect(2): EINPROGRESS, EALREADY, EISCONN, EADDRNOTAVAIL. A second call reports the outcome of the first; after a
  // failure the socket can be connected again.
  Status connect(net::SocketAddress remote);
  // accept(2): EAGAIN, EINVAL (not listening), EMFILE. Returns a descriptor.
  Result<int> accept(net::SocketAddress* remote, bool nonblocking_socket);
  // send(2), recv(2) with their MSG_* flags: MSG_NOSIGNAL, MSG_DONTWAIT, MSG_PEEK; kNotServed for others.
  Result<std::size_t> send(std::span<const iovec> parts, int flags);
  Result<std::size_t> receive(std::span<const iovec> parts, int flags);
  // shutdown(2): ENOTCONN, EINVAL. A listener that is shut for reading stops, and a connect under way is given up.
  Status shutdown(int how);
  // getsockopt(2), setsockopt(2). EINVAL; kNotServed for options that are not modelled.
  Status get_option(int level, int name, void* value, socklen_t* length);
  Status set_option(int level, int name, const void* value, socklen_t length);

  net::SocketAddress local() const;
  std::optional<net::SocketAddress> remote() const;
  bool listening() const { return listener_ != nullptr; }
  std::size_t unread() const { return side_ == nullptr ? 0 : side_->unread(); }

 private:
  void on_tcp(std::uint32_t events, EventId cause) override { notify(events, cause); }
  Status take(net::SocketAddress address);
  Status ensure_bound(net::Ip ip);
  void disconnect();
  int take_error();
  net::Buffers buffers() const;

  std::optional<net::SocketAddress> bound_;
  net::SocketAddress chosen_;        // by bind; a port or an address of zero was left to the kernel
  bool bound_port_is_ours_ = false;  // an accepted socket shares its listener's port
  net::Listener* listener_ = nullptr;
  net::TcpSide* side_ = nullptr;
  bool connect_reported_ = false;
  int error_ = 0;                               // SO_ERROR while there is no side
  std::map<std::pair<int, int>, int> options_;  // by level and name: what was set
};

}  // namespace stillpoint::kernel
