#pragma once
// A Unix-domain socket as a descriptor (unix(7)): streams, datagrams and sequenced packets between the processes of one
// host. What lies behind it is a UnixEndpoint. Not modelled: urgent data (MSG_OOB), SO_PEEK_OFF, SO_PASSSEC and
// SO_PASSPIDFD, the collection of sockets that are only reachable from messages to themselves, and the limit on files
// on their way (ETOOMANYREFS).
#include <map>
#include <memory>

#include "sim-core/kernel/socket.hpp"
#include "sim-core/kernel/unix_endpoint.hpp"

namespace stillpoint::kernel {

class UnixSocket final : public Socket {
 public:
  // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET.
  UnixSocket(Host& host, int type);
  // socketpair(2): connects two new sockets to each other.
  static void pair(UnixSocket& one, UnixSocket& other);

  std::uint32_t poll() override { return end_->readiness(); }
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override;
  void on_close() override;
  // unix_stream_sendmsg() raises it; datagrams and sequenced packets do not.
  bool raises_sigpipe() const override { return type() == SOCK_STREAM; }

  // EINVAL (bound already), EADDRINUSE. An address without a name asks for any abstract one.
  Status bind(const Address& address) override;
  // It ends at once: EAGAIN while the listener's backlog is full, ECONNREFUSED, ENOENT, EPROTOTYPE, EISCONN, EINVAL. A
  // datagram socket may be connected again, and disconnected by AF_UNSPEC; EPERM if the other talks to a third.
  Status connect(const Address& address) override;
  // EINVAL (without a name, or connected), EOPNOTSUPP.
  Status listen(int backlog) override;
  Result<int> accept(Address* remote, bool nonblocking_socket) override;
  Result<std::size_t> send(const OutMessage& message) override;
  Result<std::size_t> receive(InMessage& message) override;
  Status shutdown(int how) override;
  Result<Address> local() override { return unix_address(end_->name); }
  Result<Address> remote() override;
  Status get_option(int level, int name, void* value, socklen_t* length) override;
  Status set_option(int level, int name, const void* value, socklen_t length) override;
  Result<int> unread() override;
  Result<int> unsent() override;
  Result<int> at_mark() override;
  int take_error() override { return end_->take_error(); }
  void set_error(int error) override { end_->error = error; }

 private:
  friend struct UnixEndpoint;
  void tell(std::uint32_t events) { notify(events, kNoEvent); }

  Status name_if_credentials();
  Status connect_stream(const Address& address);
  Status connect_datagram(const Address& address);
  Result<std::size_t> send_stream(const OutMessage& message, UnixAncillary ancillary);
  Result<std::size_t> send_datagram(const OutMessage& message, UnixAncillary ancillary);
  Result<std::shared_ptr<UnixEndpoint>> recipient(const OutMessage& message);
  Result<std::size_t> receive_stream(InMessage& message);
  Result<std::size_t> receive_datagram(InMessage& message);
  std::optional<ucred> credentials_for(const UnixMessage& message) const;
  void add_credentials(UnixAncillary& ancillary, const UnixEndpoint& other) const;
  bool waits(int flags) const { return !nonblocking && (flags & MSG_DONTWAIT) == 0; }

  std::shared_ptr<UnixEndpoint> end_;
  std::map<int, int> options_;  // of SOL_SOCKET: what was set and changes nothing
  linger lingering_{};          // SO_LINGER, likewise
};

}  // namespace stillpoint::kernel
