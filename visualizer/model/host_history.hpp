#pragma once
// A host's events put in order by what they are about, so that its state at any of them is found without walking
// through all that came before. Made once for a host (Trace::history()); takes a few bytes an event.
#include <cstdint>
#include <span>
#include <vector>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

// A place among a host's events.
using Place = std::uint32_t;
constexpr Place kNoPlace = UINT32_MAX;

class HostHistory {
 public:
  HostHistory(const Trace& trace, HostIndex host);

  struct Slice {
    Place place;
    std::int64_t busy_ns;  // of this slice and all before it
  };
  // A connection, from the first event that speaks of it to a reset, or until both ends have said that they are done.
  struct Connection {
    ConnectionId id;
    Place opened;
    Place closed;  // kNoPlace: never
    std::uint32_t first_sent;
    std::uint32_t sent_count;  // into sent()
  };
  struct Sent {
    Place place;
    std::uint64_t bytes;  // in this and all before it on the connection
  };
  // What happened to a timer last; an arming with its deadline.
  struct TimerChange {
    std::uint64_t timer;
    Place place;
    bool armed;
    std::int64_t deadline_ns;
  };

  std::span<const Place> boots() const { return boots_; }  // where the boot's number changes
  std::span<const Slice> slices() const { return slices_; }
  std::span<const Place> listens() const { return listens_; }
  std::span<const Place> applies() const { return applies_; }
  std::span<const Connection> connections() const { return connections_; }  // by opened
  // Bytes that the host had sent on a connection up to an event of its own.
  std::uint64_t sent_until(const Connection& connection, Place place) const;
  std::span<const TimerChange> timers() const { return timers_; }  // by timer, then by place
  // Where each timer's changes begin in timers(), and where the last ones end.
  std::span<const std::uint32_t> timer_begins() const { return timer_begins_; }
  std::span<const std::uint32_t> operations() const { return operations_; }  // of its users, by invoke

 private:
  class ConnectionFinder;
  void add_event(const EventRow& event, Place place);
  void find_timers();

  std::vector<Place> boots_;
  std::vector<Slice> slices_;
  std::vector<Place> listens_;
  std::vector<Place> applies_;
  std::vector<Connection> connections_;
  std::vector<Sent> sent_;
  std::vector<TimerChange> timers_;
  std::vector<std::uint32_t> timer_begins_;
  std::vector<std::uint32_t> operations_;
};

}  // namespace stillpoint::view
