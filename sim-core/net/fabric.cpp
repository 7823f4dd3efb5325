#include "sim-core/net/fabric.hpp"

#include "sim-core/base/assert.hpp"

namespace stillpoint::net {
namespace {

bool valid(const Link& link) {
  const auto whole_us = [](Duration d) { return d.count() >= 0 && d.count() % 1'000 == 0; };
  return whole_us(link.latency_min) && whole_us(link.latency_max) && link.latency_min <= link.latency_max;
}

}  // namespace

void Fabric::add_host(HostId host, Ip address) {
  SP_ASSERT(host != kHarness);
  SP_ASSERT(!address.is_loopback() && !address.is_any());
  const bool inserted = by_address_.emplace(address, host).second;
  SP_ASSERT(inserted);
  if (address.is_v4()) by_address_.emplace(v6_of(address), host);
  if (addresses_.size() <= host) addresses_.resize(std::size_t{host} + 1);
  addresses_[host] = address;
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
    if (entry.by_default) entry.link = link;
  }
}

void Fabric::set_link(HostId from, HostId to, Link link) {
  SP_ASSERT(valid(link));
  links_[{from, to}] = {link, false};
}

const Link* Fabric::link(HostId from, HostId to) {
  if (from == to) return &loopback_;
  return &links_.try_emplace({from, to}, Entry{default_, true}).first->second.link;
}

}  // namespace stillpoint::net
