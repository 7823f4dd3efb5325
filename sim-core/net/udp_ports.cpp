#include "sim-core/net/udp_ports.hpp"

#include <algorithm>

namespace stillpoint::net {
namespace {

constexpr std::uint16_t kFirstEphemeral = 32768;  // ip_local_port_range in ip(7)
constexpr std::uint16_t kLastEphemeral = 60999;

// compute_score() in Linux's net/ipv4/udp.c and net/ipv6/udp.c; negative: not for this socket.
int score(const UdpBinding& socket, bool v4, SocketAddress source) {
  int points = v4 && !socket.v6 ? 2 : 1;
  if (!socket.connected) return points;
  if (socket.peer.ip != source.ip) return -1;
  points += 4;
  if (socket.peer.port == 0) return points;
  return socket.peer.port == source.port ? points + 4 : -1;
}

}  // namespace

// inet_rcv_saddr_equal() in Linux's net/ipv4/inet_connection_sock.c: a wildcard meets every address of its family, and
// that of IPv6 also those of IPv4, unless it is of IPv6 only.
bool UdpBinding::overlaps(const UdpBinding& other) const {
  const auto wild_for = [](const UdpBinding& wild, const UdpBinding& one) {
    return wild.takes_any(one.address.is_v4());
  };
  return address == other.address || wild_for(*this, other) || wild_for(other, *this);
}

// __udp_is_mcast_sock() and ip_mc_sf_allow() in Linux.
bool UdpBinding::takes_from_group(SocketAddress source, Ip destination, int interface) const {
  if (connected && (peer.ip != source.ip || (peer.port != 0 && peer.port != source.port))) return false;
  if (address != destination && !takes_any(destination.is_v4())) return false;
  if (!destination.is_multicast()) return true;
  const bool all = destination.is_v4() ? all_groups_v4 : all_groups_v6;
  return all || std::ranges::any_of(groups, [&](const Membership& joined) {
           return joined.group == destination && joined.interface == interface;
         });
}

const std::vector<UdpBinding*>& UdpPorts::at(HostId host, std::uint16_t port) const {
  static const std::vector<UdpBinding*> kNobody;
  const auto found = sockets_.find({host, port});
  return found == sockets_.end() ? kNobody : found->second;
}

// udp_lib_lport_inuse() in Linux's net/ipv4/udp.c; all of a host's sockets are of one user.
bool UdpPorts::conflicts(HostId host, const UdpBinding& binding) const {
  return std::ranges::any_of(at(host, binding.port), [&](const UdpBinding* other) {
    if (other->reuse_address && binding.reuse_address) return false;
    if (other->reuse_port && binding.reuse_port) return false;
    return binding.overlaps(*other);
  });
}

bool UdpPorts::bind(HostId host, UdpBinding& binding) {
  if (binding.port == 0) {
    std::uint16_t& next = next_ephemeral_.try_emplace(host, kFirstEphemeral).first->second;
    for (int tries = kFirstEphemeral; tries <= kLastEphemeral && binding.port == 0; ++tries) {
      if (at(host, next).empty()) binding.port = next;
      next = next == kLastEphemeral ? kFirstEphemeral : static_cast<std::uint16_t>(next + 1);
    }
    if (binding.port == 0) return false;
  } else if (conflicts(host, binding)) {
    return false;
  }
  sockets_[{host, binding.port}].push_back(&binding);
  return true;
}

void UdpPorts::unbind(HostId host, UdpBinding& binding) {
  if (binding.port == 0) return;
  const auto found = sockets_.find({host, binding.port});
  std::erase(found->second, &binding);
  if (found->second.empty()) sockets_.erase(found);
  binding.port = 0;
}

void UdpPorts::rebound(HostId host, UdpBinding& binding) {
  std::vector<UdpBinding*>& sockets = sockets_.at({host, binding.port});
  std::erase(sockets, &binding);
  sockets.push_back(&binding);
}

// A pure function of the addresses, as the kernel's keyed hash of them is.
std::uint64_t UdpPorts::spread_of(SocketAddress source, SocketAddress destination) const {
  const std::uint64_t of_source = spread_.at(source.ip.high() ^ source.ip.low()) + source.port;
  return spread_.at(of_source ^ spread_.at(destination.ip.high() ^ destination.ip.low()) ^ destination.port);
}

// __udp4_lib_lookup() in Linux's net/ipv4/udp.c: who is bound to the very address comes before the wildcards.
UdpBinding* UdpPorts::find(HostId host, SocketAddress destination, SocketAddress source) const {
  const std::vector<UdpBinding*>& sockets = at(host, destination.port);
  const bool v4 = destination.ip.is_v4();
  for (const bool wild : {false, true}) {
    const auto fits = [&](const UdpBinding& socket) {
      return wild ? socket.takes_any(v4) : socket.address == destination.ip && !destination.ip.is_any();
    };
    UdpBinding* best = nullptr;
    int most = -1;
    for (auto each = sockets.rbegin(); each != sockets.rend(); ++each) {
      if (!fits(**each)) continue;
      if (const int points = score(**each, v4, source); points > most) {
        best = *each;
        most = points;
      }
    }
    if (best == nullptr) continue;
    if (!best->reuse_port || best->connected) return best;
    // reuseport_select_sock(): the peer decides which one of the group it is.
    const auto in_group = [&](const UdpBinding* socket) {
      return socket->reuse_port && !socket->connected && socket->v6 == best->v6 && fits(*socket);
    };
    const auto size = static_cast<std::uint64_t>(std::ranges::count_if(sockets, in_group));
    std::uint64_t chosen = spread_of(source, destination) % size;
    for (UdpBinding* socket : sockets) {
      if (in_group(socket) && chosen-- == 0) return socket;
    }
  }
  return nullptr;
}

}  // namespace stillpoint::net
