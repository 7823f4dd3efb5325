#include "sim-core/net/fabric.hpp"

#include <algorithm>
#include <cerrno>

#include "sim-core/base/assert.hpp"

namespace stillpoint::net {
namespace {

bool valid(const Link& link) {
  const auto whole_us = [](Duration d) { return d.count() >= 0 && d.count() % 1'000 == 0; };
  return whole_us(link.latency_min) && whole_us(link.latency_max) && link.latency_min <= link.latency_max &&
         link.loss.ppm <= 1'000'000 && link.duplicate.ppm <= 1'000'000;
}

Link with_plain(Link link) {
  link.plain = link.loss.ppm == 0 && link.passable() && link.bandwidth == 0 && link.segment_most == 0;
  return link;
}

}  // namespace

int error_of(Route route) {
  switch (route) {
    case Route::good:
      return 0;
    case Route::none:
      return ENETUNREACH;
    case Route::unreachable:
      return EHOSTUNREACH;
    case Route::prohibited:
      return EACCES;
  }
  return 0;
}

Meaning meaning_of(Refusal refusal, Ip destination) {
  switch (refusal) {
    case Refusal::silence:
      return {};
    case Refusal::network_unreachable:
      return {ENETUNREACH, false};
    case Refusal::host_unreachable:
      return {EHOSTUNREACH, false};
    case Refusal::filtered:
      return {destination.is_v4() ? EHOSTUNREACH : EACCES, true};
  }
  return {};
}

void Fabric::add_host(HostId host, Ip address) {
  SP_ASSERT(host != kHarness);
  SP_ASSERT(!address.is_loopback() && !address.is_any());
  const bool inserted = by_address_.emplace(address, host).second;
  SP_ASSERT(inserted);
  if (address.is_v4()) by_address_.emplace(v6_of(address), host);
  if (addresses_.size() <= host) {
    addresses_.resize(std::size_t{host} + 1);
    down_.resize(addresses_.size());
    crashes_.resize(addresses_.size());
  }
  addresses_[host] = address;
}

void Fabric::power_down(HostId host, EventId crash) {
  SP_ASSERT(host != kHarness);
  down_[host] = 1;
  crashes_[host] = crash;
}

HostId Fabric::host_at(Ip address, HostId from) const {
  if (address.is_loopback() || address.is_any()) return from;
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? kHarness : found->second;
}

Ip Fabric::address_of(HostId host) const {
  SP_ASSERT(host < addresses_.size());
  return addresses_[host];
}

void Fabric::set_default_link(Link link) {
  SP_ASSERT(valid(link));
  default_ = with_plain(link);
  for (auto& [ends, entry] : links_) {
    if (entry.by_default) entry.link = default_;
  }
}

void Fabric::set_link(HostId from, HostId to, Link link) {
  SP_ASSERT(valid(link));
  links_[{from, to}] = {with_plain(link), false};
}

Link* Fabric::link(HostId from, HostId to) {
  if (from == to) return &loopback_;
  return &links_.try_emplace({from, to}, Entry{default_, true}).first->second.link;
}

template <typename Change>
void Fabric::change(HostId from, HostId to, Change change) {
  SP_ASSERT(from != to);
  Entry& entry = links_.try_emplace({from, to}, Entry{default_, true}).first->second;
  change(entry.link);
  SP_ASSERT(valid(entry.link));
  entry.link = with_plain(entry.link);
  entry.by_default = false;
}

void Fabric::set_latency(HostId from, HostId to, Duration min, Duration max) {
  change(from, to, [&](Link& link) {
    link.latency_min = min;
    link.latency_max = max;
  });
}

void Fabric::set_loss(HostId from, HostId to, Ratio loss) {
  change(from, to, [&](Link& link) { link.loss = loss; });
}

void Fabric::cut(HostId from, HostId to, Refusal refusal) {
  change(from, to, [&](Link& link) {
    link.cut = true;
    link.refusal = refusal;
  });
}

void Fabric::heal(HostId from, HostId to) {
  change(from, to, [](Link& link) { link.cut = false; });
}

void Fabric::set_route(HostId from, HostId to, Route route) {
  change(from, to, [&](Link& link) { link.route = route; });
  routes_changed_ = true;
}

Route Fabric::looked_up_route(HostId from, Ip to) const {
  const auto found = links_.find({from, host_at(to, from)});
  return found == links_.end() ? Route::good : found->second.link.route;
}

void Fabric::set_bandwidth(HostId from, HostId to, std::uint64_t bytes_per_second, std::uint64_t queue_most) {
  change(from, to, [&](Link& link) {
    link.bandwidth = bytes_per_second;
    link.queue_most = queue_most;
  });
}

void Fabric::set_duplicate(HostId from, HostId to, Ratio duplicate) {
  change(from, to, [&](Link& link) { link.duplicate = duplicate; });
}

void Fabric::set_segment_most(HostId from, HostId to, std::uint32_t bytes) {
  change(from, to, [&](Link& link) { link.segment_most = bytes; });
}

// ---- a link ----

Link::Passage Link::pass(std::uint64_t payload, VirtualTime now, std::uint64_t latency_random,
                         std::uint64_t loss_random) {
  constexpr std::uint64_t kMillion = 1'000'000;
  if (route != Route::good) return {.lost = true};
  if (cut) return {.lost = true, .refusal = refusal, .arrival = now + latency(latency_random)};
  if (static_cast<std::uint64_t>((static_cast<unsigned __int128>(loss_random) * kMillion) >> 64) < loss.ppm)
    return {.lost = true};
  VirtualTime departure = now;
  if (bandwidth != 0) {
    constexpr unsigned __int128 kSecond_ns = 1'000'000'000;
    const VirtualTime start = std::max(now, busy_until);
    const std::uint64_t bytes = payload + kHeaders;
    const auto waiting =
        static_cast<std::uint64_t>(static_cast<unsigned __int128>((start - now).count()) * bandwidth / kSecond_ns);
    if (queue_most != 0 && waiting + bytes > queue_most) return {.lost = true};
    // Kept to the nanosecond, so that small packets on a fast link are not slowed down by rounding.
    busy_until = start + Duration(static_cast<std::int64_t>((bytes * kSecond_ns + bandwidth - 1) / bandwidth));
    departure = std::chrono::ceil<std::chrono::microseconds>(busy_until);
  }
  return {.lost = false, .arrival = departure + latency(latency_random)};
}

}  // namespace stillpoint::net
