#include "sim-core/net/link.hpp"

#include <algorithm>
#include <cerrno>

#include "sim-core/net/trouble.hpp"

namespace stillpoint::net {

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

void Passage::blame(EventId fault) {
  if (std::ranges::find(faults, fault) == faults.end()) faults.push_back(fault);
}

std::optional<VirtualTime> Bottleneck::pass(std::uint64_t payload, VirtualTime now) {
  if (bandwidth == 0) return now;
  constexpr unsigned __int128 kSecond_ns = 1'000'000'000;
  const VirtualTime start = std::max(now, busy_until);
  const std::uint64_t bytes = payload + kHeaders;
  const auto waiting =
      static_cast<std::uint64_t>(static_cast<unsigned __int128>((start - now).count()) * bandwidth / kSecond_ns);
  if (queue_most != 0 && waiting + bytes > queue_most) return std::nullopt;
  // Kept to the nanosecond, so that small packets on a fast link are not slowed down by rounding.
  busy_until = start + Duration(static_cast<std::int64_t>((bytes * kSecond_ns + bandwidth - 1) / bandwidth));
  return std::chrono::ceil<std::chrono::microseconds>(busy_until);
}

Passage Link::pass(const Passenger& packet) {
  return troubles == nullptr ? pass_untroubled(packet) : troubles->pass(packet, *this);
}

Passage Link::pass_untroubled(const Passenger& packet) {
  const Duration its_latency = latency(packet.latency_random);
  if (route != Route::good) return {.lost = true};
  if (cut) return {.lost = true, .refusal = refusal, .arrival = packet.departure + its_latency};
  if (happens(loss, packet.loss_random)) return {.lost = true};
  const std::optional<VirtualTime> departure = bottleneck.pass(packet.payload, packet.departure);
  if (!departure) return {.lost = true};
  return {.departure = packet.departure, .arrival = *departure + its_latency};
}

bool Link::passes_troubles(ConnectionId connection) const { return troubles->passes_acknowledgements(connection); }

VirtualTime Link::acknowledged_in_trouble(VirtualTime now) const { return troubles->acknowledged_at(now, latency_min); }

Duration Link::slowest() const { return troubles == nullptr ? latency_max : latency_max + troubles->slowest(); }

bool Link::cuts_streams() const { return segment_most != 0 || (troubles != nullptr && troubles->cuts_streams()); }

std::size_t Link::piece(std::size_t most, std::uint64_t random) const {
  if (segment_most != 0) {
    const auto size = static_cast<std::size_t>((static_cast<unsigned __int128>(random) * segment_most) >> 64);
    most = std::min(most, size + 1);
  }
  return troubles == nullptr ? most : troubles->piece(most, random);
}

}  // namespace stillpoint::net
