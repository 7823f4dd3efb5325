#include "sim-core/net/ports.hpp"

#include <algorithm>

namespace stillpoint::net {
namespace {

constexpr int kEphemeral = Ports::kLastEphemeral - Ports::kFirstEphemeral + 1;
bool is_ephemeral(std::uint16_t port) { return port >= Ports::kFirstEphemeral && port <= Ports::kLastEphemeral; }

// ipv6_rcv_saddr_equal() in Linux's net/ipv4/inet_connection_sock.c, with wildcards.
bool overlap(const PortClaim& a, const PortClaim& b) {
  if (a.ip == b.ip) return true;
  if (a.ip.is_v4() && b.ip.is_v4()) return a.ip.is_any() || b.ip.is_any();
  if (b.ip == kAny6) return !(b.sharing.only_v6 && a.ip.is_v4());
  if (a.ip == kAny6) return !(a.sharing.only_v6 && b.ip.is_v4());
  return false;
}

// inet_bind_conflict(), for a port that was asked for by number.
bool conflict(const PortClaim& wish, const PortClaim& holder) {
  if (!overlap(wish, holder)) return false;
  if (wish.sharing.reuse_address && holder.sharing.reuse_address && !holder.listening) return false;
  return !(wish.sharing.reuse_port && holder.sharing.reuse_port);
}

}  // namespace

PortClaim::~PortClaim() { table_.remove(*this); }

std::unique_ptr<PortClaim> Ports::add(SocketAddress local, bool by_connect) {
  std::unique_ptr<PortClaim> claim(new PortClaim(*this, local));
  const auto [place, is_new] = ports_.try_emplace(local.port);
  Port& port = place->second;
  claim->by_connect_ = by_connect;
  claim->next_ = port.first;
  if (port.first != nullptr) port.first->previous_ = claim.get();
  port.first = claim.get();
  if (is_ephemeral(local.port)) {
    ephemeral_in_use_ += is_new;
    ephemeral_bound_ += !by_connect && port.bound == 0;
  }
  port.bound += !by_connect;
  return claim;
}

void Ports::remove(PortClaim& claim) {
  const auto place = ports_.find(claim.port_);
  Port& port = place->second;
  (claim.previous_ == nullptr ? port.first : claim.previous_->next_) = claim.next_;
  if (claim.next_ != nullptr) claim.next_->previous_ = claim.previous_;
  port.bound -= !claim.by_connect_;
  if (is_ephemeral(claim.port_)) {
    ephemeral_in_use_ -= port.first == nullptr;
    ephemeral_bound_ -= !claim.by_connect_ && port.bound == 0;
    if (claim.by_connect_) {
      const auto pair = connects_.find({claim.ip, *claim.remote});
      if (--pair->second == 0) connects_.erase(pair);
    }
  }
  if (port.first == nullptr) ports_.erase(place);
}

void Ports::expire(VirtualTime now) {
  while (!lingering_.empty() && lingering_.begin()->first <= now) lingering_.erase(lingering_.begin());
}

std::uint16_t Ports::next_ephemeral() {
  const std::uint16_t port = next_ephemeral_;
  next_ephemeral_ = port == kLastEphemeral ? kFirstEphemeral : static_cast<std::uint16_t>(port + 1);
  return port;
}

std::optional<std::uint16_t> Ports::free_ephemeral() {
  while (ephemeral_in_use_ < kEphemeral) {
    if (const std::uint16_t port = next_ephemeral(); free(port)) return port;
  }
  return std::nullopt;
}

Result<std::unique_ptr<PortClaim>> Ports::bind(SocketAddress wanted, Sharing sharing, VirtualTime now) {
  expire(now);
  const auto try_port = [&](std::uint16_t port, auto in_conflict) {
    std::unique_ptr<PortClaim> claim = add({wanted.ip, port}, false);
    claim->sharing = sharing;
    for (const PortClaim* holder = ports_.at(port).first; holder != nullptr; holder = holder->next_) {
      if (holder != claim.get() && holder->until > now && in_conflict(*claim, *holder))
        return std::unique_ptr<PortClaim>();
    }
    return claim;
  };
  if (wanted.port != 0) {
    std::unique_ptr<PortClaim> claim = try_port(wanted.port, conflict);
    if (claim == nullptr) return Failure{EADDRINUSE};
    claim->chosen = true;
    return claim;
  }
  if (const auto port = free_ephemeral()) return try_port(*port, conflict);
  // No port is free, but one may be held at other addresses only.
  for (int tries = 0; tries < kEphemeral; ++tries) {
    if (auto claim = try_port(next_ephemeral(), overlap)) return claim;
  }
  return Failure{EADDRINUSE};
}

Status Ports::listen(PortClaim& claim, VirtualTime now) {
  expire(now);
  for (const PortClaim* holder = ports_.at(claim.port_).first; holder != nullptr; holder = holder->next_) {
    if (holder != &claim && holder->until > now && conflict(claim, *holder)) return Failure{EADDRINUSE};
  }
  claim.listening = true;
  return Done{};
}

// __inet_check_established(). A connection over loopback that has been in TIME_WAIT for a second may be followed by
// another (tcp_twsk_unique(), with net.ipv4.tcp_tw_reuse = 2).
bool Ports::connected(const Port& port, Ip ip, SocketAddress remote, const PortClaim* except, VirtualTime now) const {
  for (const PortClaim* holder = port.first; holder != nullptr; holder = holder->next_) {
    if (holder == except || holder->until <= now || holder->remote != remote || holder->ip != ip) continue;
    const bool in_time_wait = holder->until != VirtualTime::max();
    if (in_time_wait && ip.is_loopback() && now >= holder->until - kTimeWait + std::chrono::seconds(1)) continue;
    return true;
  }
  return false;
}

Result<std::unique_ptr<PortClaim>> Ports::connect(Ip ip, SocketAddress remote, VirtualTime now) {
  expire(now);
  const auto take = [&](std::uint16_t port) {
    std::unique_ptr<PortClaim> claim = add({ip, port}, true);
    claim->remote = remote;
    ++connects_[{ip, remote}];
    return claim;
  };
  if (const auto port = free_ephemeral()) return take(*port);
  // Users who retry would search all ports each time, so it is known beforehand whether one can be shared. What waits
  // in TIME_WAIT on loopback may be, after a while.
  const auto used = connects_.find({ip, remote});
  if (!ip.is_loopback() && used != connects_.end() && used->second + ephemeral_bound_ >= kEphemeral)
    return Failure{EADDRNOTAVAIL};
  for (int tries = 0; tries < kEphemeral; ++tries) {
    const std::uint16_t number = next_ephemeral();
    const Port& port = ports_.at(number);
    if (port.bound == 0 && !connected(port, ip, remote, nullptr, now)) return take(number);
  }
  return Failure{EADDRNOTAVAIL};
}

Status Ports::connect_bound(PortClaim& claim, SocketAddress remote, VirtualTime now) {
  expire(now);
  if (connected(ports_.at(claim.port_), claim.ip, remote, &claim, now)) return Failure{EADDRNOTAVAIL};
  claim.remote = remote;
  return Done{};
}

std::unique_ptr<PortClaim> Ports::inherit(const PortClaim& listener, SocketAddress local, SocketAddress remote) {
  std::unique_ptr<PortClaim> claim = add(local, false);
  claim->sharing = listener.sharing;
  claim->remote = remote;
  return claim;
}

void Ports::forget() {
  lingering_.clear();
  ports_.clear();
  connects_.clear();
  ephemeral_in_use_ = 0;
  ephemeral_bound_ = 0;
}

void Ports::linger(std::unique_ptr<PortClaim> claim, VirtualTime until) {
  claim->until = until;
  lingering_.emplace(until, std::move(claim));
}

}  // namespace stillpoint::net
