#pragma once
// A UDP socket as a descriptor: the rules of udp(7) around an endpoint that lives in net/. Sending never blocks.
#include <netinet/in.h>
#include <sys/epoll.h>

#include <array>
#include <map>
#include <optional>

#include "sim-core/kernel/ip_options.hpp"
#include "sim-core/kernel/socket.hpp"
#include "sim-core/net/udp.hpp"

namespace stillpoint::kernel {

class UdpSocket final : public Socket, private net::UdpObserver {
 public:
  static constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;

  UdpSocket(Host& host, int domain);
  bool raises_sigpipe() const override { return false; }

  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec> parts) override { return send({.parts = parts}); }
  void on_close() override;

  // bind(2): EINVAL (bound already), EADDRINUSE, EADDRNOTAVAIL.
  Status bind(const Address& address) override;
  // connect(2): whom it sends to, and alone receives from; AF_UNSPEC takes that back. EAGAIN (no port is free), EACCES
  // (broadcast), EAFNOSUPPORT, and what the route says.
  Status connect(const Address& address) override;
  // Flags: MSG_NOSIGNAL, MSG_DONTWAIT, MSG_CONFIRM, MSG_DONTROUTE, MSG_EOR; kNotServed for others. Errors: EMSGSIZE,
  // EDESTADDRREQ, EINVAL, EACCES, EAFNOSUPPORT, EPIPE, what the route says, and the pending one.
  Result<std::size_t> send(const OutMessage& message) override;
  // Flags: MSG_PEEK, MSG_TRUNC, MSG_DONTWAIT, MSG_ERRQUEUE (which is always empty), and those that mean nothing here.
  Result<std::size_t> receive(InMessage& message) override;
  // shutdown(2): shuts, and says ENOTCONN of a socket that is not connected.
  Status shutdown(int how) override;
  Result<Address> local() override;
  Result<Address> remote() override;
  Status get_option(int level, int name, void* value, socklen_t* length) override;
  Status set_option(int level, int name, const void* value, socklen_t length) override;
  // The size of the datagram that is next.
  Result<int> unread() override;
  // What is sent has left at once.
  Result<int> unsent() override { return 0; }
  // Linux says EAGAIN of a socket for which no port is free, and waits for none.
  bool sending_waits() const override { return false; }
  int take_error() override;
  void set_error(int error) override { endpoint_.error = error; }

 private:
  // Where a datagram shall go, and what its control data says of the way.
  struct Target {
    net::SocketAddress address;
    int interface = 0;  // 0: the route decides
  };
  struct Way {
    net::Ip source = {};  // any: the route decides
    int interface = 0;    // likewise
    std::optional<int> hops = {};
    std::optional<int> traffic_class = {};
  };

  void on_udp(std::uint32_t events, EventId cause) override { notify(events, cause); }
  net::Udp& udp() const;
  bool v6() const { return domain() == AF_INET6; }
  net::Ip any() const { return v6() ? net::kAny6 : net::Ip(); }
  bool accepts_address(net::Ip ip) const;

  Result<Target> read_target(const Address& address) const;
  Result<Way> read_control(std::span<const std::byte> control) const;
  Status ensure_bound();
  void disconnect();
  Result<net::Departure> route(Target target, const Way& way) const;
  net::Ip address_at(int interface, bool v4) const;
  int interface_with(net::Ip address) const;
  void write_control(const net::Departure& header, InMessage& message) const;

  Result<int> get_socket_option(int name);
  Status set_socket_option(int name, int value);
  Status set_groups_option(int level, int name, std::span<const std::byte> value);
  // `name` is MCAST_JOIN_GROUP or MCAST_LEAVE_GROUP, whatever the program called it.
  Status change_membership(int level, int name, net::Ip group, int interface, net::Ip chosen_by);
  Status set_multicast_interface(std::span<const std::byte> value);

  net::UdpEndpoint& endpoint_;
  net::Ip source_;               // whence it sends, if the program or a connect has said so; else any
  bool address_chosen_ = false;  // by bind
  bool port_chosen_ = false;     // likewise
  int shut_ = 0;                 // 1: for reading, 2: for writing
  IpOptions ip_;
  int multicast_interface_ = 0;
  net::Ip multicast_source_;
  int multicast_interface6_ = 0;
  std::map<int, int> options_;  // of SOL_SOCKET: what was set
  linger lingering_{};          // SO_LINGER: kept, as datagrams leave at once
};

}  // namespace stillpoint::kernel
