#include "sim-core/net/fabric.hpp"

#include "sim-core/base/assert.hpp"

namespace stillpoint::net {
namespace {

bool valid(const Link& link) {
  const auto whole_us = [](Duration d) { return d.count() >= 0 && d.count() % 1'000 == 0; };
  return whole_us(link.latency_min) && whole_us(link.latency_max) && link.latency_min <= link.latency_max &&
         link.loss.ppm <= 1'000'000 && link.duplicate.ppm <= 1'000'000;
}

bool is_plain(const Link& link) {
  return link.latency_shape == LatencyShape::uniform && link.loss.ppm == 0 && link.passable() &&
         link.bottleneck.bandwidth == 0 && link.segment_most == 0 && link.duplicate.ppm == 0 &&
         link.troubles == nullptr;
}

}  // namespace

void Fabric::add_host(HostId host, Ip address) {
  SP_ASSERT(host != kHarness);
  SP_ASSERT(!address.is_loopback() && !address.is_any());
  const bool inserted = by_address_.emplace(address, host).second;
  SP_ASSERT(inserted);
  if (address.is_v4()) by_address_.emplace(v6_of(address), host);
  if (addresses_.size() <= host) {
    addresses_.resize(std::size_t{host} + 1);
    special_.resize(addresses_.size());
    crashes_.resize(addresses_.size());
  }
  addresses_[host] = address;
}

void Fabric::power_down(HostId host, EventId crash) {
  SP_ASSERT(host != kHarness);
  special_[host] |= kNoPower;
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
  default_ = link;
  for (auto& [ends, entry] : links_) {
    if (entry.by_default) entry.set(default_);
  }
}

void Fabric::set_link(HostId from, HostId to, Link link) {
  SP_ASSERT(valid(link));
  Entry& changed = entry(from, to);
  changed.set(link);
  changed.by_default = false;
}

Link* Fabric::link(HostId from, HostId to) {
  if (from == to) return &loopback_;
  return &entry(from, to).link;
}

Fabric::Entry& Fabric::entry(HostId from, HostId to) {
  const auto [place, made] = links_.try_emplace({from, to});
  if (made) place->second.set(default_);
  return place->second;
}

void Fabric::Entry::set(const Link& to) {
  link = to;
  link.troubles = troubles.get();
  link.plain = is_plain(link);
}

template <typename Change>
void Fabric::change(HostId from, HostId to, Change change) {
  SP_ASSERT(from != to);
  Entry& changed = entry(from, to);
  change(changed.link);
  SP_ASSERT(valid(changed.link));
  changed.set(changed.link);
  changed.by_default = false;
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
    link.bottleneck.bandwidth = bytes_per_second;
    link.bottleneck.queue_most = queue_most;
  });
}

void Fabric::set_duplicate(HostId from, HostId to, Ratio duplicate) {
  change(from, to, [&](Link& link) { link.duplicate = duplicate; });
}

void Fabric::set_segment_most(HostId from, HostId to, std::uint32_t bytes) {
  change(from, to, [&](Link& link) { link.segment_most = bytes; });
}

// ---- troubles ----

void Fabric::add_trouble(HostId from, HostId to, Trouble trouble) {
  SP_ASSERT(from != to);
  SP_ASSERT(valid(trouble));
  Entry& troubled = entry(from, to);
  if (troubled.troubles == nullptr) troubled.troubles = std::make_unique<Troubles>();
  const RandomStream random(seed_, "fault " + trouble.name,
                            to_string(address_of(from)) + '-' + to_string(address_of(to)));
  troubled.troubles->add(std::move(trouble), random, last_connection_);
  troubled.set(troubled.link);
}

void Fabric::remove_trouble(HostId from, HostId to, EventId fault) {
  const auto found = links_.find({from, to});
  if (found == links_.end() || found->second.troubles == nullptr) return;
  Entry& troubled = found->second;
  troubled.troubles->remove(fault);
  if (troubled.troubles->empty()) troubled.troubles.reset();
  troubled.set(troubled.link);
}

}  // namespace stillpoint::net
