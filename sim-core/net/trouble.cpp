#include "sim-core/net/trouble.hpp"

#include <algorithm>
#include <utility>

#include "sim-core/base/assert.hpp"

namespace stillpoint::net {
namespace {

// What is drawn for a packet, from the place in the fault's stream that the packet's own draw names.
enum Draw : std::uint64_t { kLoss, kDelay, kReorder, kHold, kDuplicate, kLatencyOfCopy, kPiece };

constexpr Ratio kAll = Ratio::percent(100);
constexpr Duration kShortestHold = std::chrono::microseconds(1);

}  // namespace

bool valid(const Trouble& trouble) {
  const auto whole_us = [](Duration d) { return d.count() >= 0 && d.count() % 1'000 == 0; };
  return trouble.fault != kNoEvent && whole_us(trouble.delay_min) && whole_us(trouble.delay_max) &&
         trouble.delay_min <= trouble.delay_max && whole_us(trouble.reorder_most) && trouble.loss <= kAll &&
         trouble.duplicate <= kAll && trouble.reorder <= kAll;
}

void Troubles::add(Trouble trouble, RandomStream random, ConnectionId last_connection) {
  const Bottleneck bottleneck{.bandwidth = trouble.bandwidth, .queue_most = trouble.queue_most};
  active_.push_back({std::move(trouble), random, last_connection, bottleneck});
}

void Troubles::remove(EventId fault) {
  std::erase_if(active_, [&](const Active& each) { return each.trouble.fault == fault; });
}

// ---- packets ----

Passage Troubles::pass(const Passenger& packet, Link& link) {
  if (Passage passage = lost(packet); passage.lost) {
    passage.arrival = packet.departure + link.latency(packet.latency_random);
    return passage;
  }
  Passenger onward = packet;
  const Passage queued = queue(onward);
  if (queued.lost) return queued;
  Passage passage = link.pass_untroubled(onward);
  if (passage.lost) return passage;  // the link itself does that, whatever the faults do
  passage.departure = queued.departure;
  passage.faults = queued.faults;
  delay(packet, passage);
  keep_order(packet.departure, passage);
  return passage;
}

bool Troubles::Active::loses(const Passenger& packet) const {
  if (trouble.cut) return true;
  if (trouble.forgets && packet.connection != 0 && packet.connection <= last_connection) return true;
  if (trouble.mtu != 0 && packet.payload > trouble.mtu) return true;
  return trouble.loss.ppm != 0 && happens(trouble.loss, random.at(packet.latency_random + kLoss));
}

VirtualTime Troubles::Active::end_of_clog() const {
  return std::chrono::ceil<std::chrono::microseconds>(*trouble.clogged_until);
}

// The first one that cuts the link is the one that says so.
Passage Troubles::lost(const Passenger& packet) const {
  Passage passage;
  bool refused = false;
  for (const Active& each : active_) {
    if (!each.loses(packet)) continue;
    if (each.trouble.cut && !std::exchange(refused, true)) passage.refusal = each.trouble.refusal;
    passage.lost = true;
    passage.blame(each.trouble.fault);
  }
  return passage;
}

Passage Troubles::queue(Passenger& packet) {
  Passage passage;
  const VirtualTime sent = packet.departure;
  for (const Active& each : active_) {
    if (!each.clogs(sent)) continue;
    packet.departure = std::max(packet.departure, each.end_of_clog());
    passage.blame(each.trouble.fault);
  }
  passage.departure = packet.departure;
  for (Active& each : active_) {
    if (each.bottleneck.bandwidth == 0) continue;
    const std::optional<VirtualTime> left = each.bottleneck.pass(packet.payload, packet.departure);
    if (!left) return {.lost = true, .faults = {each.trouble.fault}};
    packet.departure = *left;
    passage.blame(each.trouble.fault);
  }
  return passage;
}

void Troubles::delay(const Passenger& packet, Passage& passage) const {
  const std::uint64_t place = packet.latency_random;
  for (const Active& each : active_) {
    const Trouble& trouble = each.trouble;
    Duration more{};
    if (trouble.delay_max != Duration::zero())
      more +=
          latency_between(trouble.delay_min, trouble.delay_max, trouble.delay_shape, each.random.at(place + kDelay));
    if (trouble.reorder.ppm != 0 && happens(trouble.reorder, each.random.at(place + kReorder)))
      more += uniform_latency(std::min(kShortestHold, trouble.reorder_most), trouble.reorder_most,
                              each.random.at(place + kHold));
    const bool cut_up = trouble.segment_most != 0 && packet.connection != 0 && packet.payload > 0;
    // A piece of a stream comes apart from the others. Whether a small one is what a program sent, nobody knows here.
    if (more > Duration::zero() || (cut_up && packet.payload <= trouble.segment_most)) passage.blame(trouble.fault);
    passage.arrival += more;
    if (packet.connection == 0 && trouble.duplicate.ppm != 0 &&
        happens(trouble.duplicate, each.random.at(place + kDuplicate)))
      passage.copies.push_back({trouble.fault, each.random.at(place + kLatencyOfCopy)});
  }
}

// Whatever their latencies are, packets that a clog held up do not overtake each other.
void Troubles::keep_order(VirtualTime sent, Passage& passage) {
  for (Active& each : active_) {
    if (!each.clogs(sent)) continue;
    passage.arrival = std::max(passage.arrival, each.released);
    each.released = passage.arrival;
  }
}

// ---- streams ----

bool Troubles::passes_acknowledgements(ConnectionId connection) const {
  return std::ranges::none_of(active_, [&](const Active& each) {
    const bool forgotten = each.trouble.forgets && connection <= each.last_connection;
    return each.trouble.cut || forgotten || each.trouble.loss >= kAll;
  });
}

VirtualTime Troubles::acknowledged_at(VirtualTime now, Duration latency) const {
  VirtualTime departure = now;
  for (const Active& each : active_) {
    if (each.clogs(now)) departure = std::max(departure, each.end_of_clog());
    latency += each.trouble.delay_min;
  }
  return departure + latency;
}

Duration Troubles::slowest() const {
  Duration sum{};
  for (const Active& each : active_) sum += each.trouble.delay_max;
  return sum;
}

bool Troubles::cuts_streams() const {
  return std::ranges::any_of(active_, [](const Active& each) { return each.trouble.segment_most != 0; });
}

std::size_t Troubles::piece(std::size_t most, std::uint64_t random) const {
  for (const Active& each : active_) {
    if (each.trouble.segment_most == 0) continue;
    const auto drawn = static_cast<unsigned __int128>(each.random.at(random + kPiece));
    most = std::min(most, static_cast<std::size_t>((drawn * each.trouble.segment_most) >> 64) + 1);
  }
  return most;
}

}  // namespace stillpoint::net
