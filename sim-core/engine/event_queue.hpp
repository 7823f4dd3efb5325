#pragma once
// The one queue of everything that will happen, totally ordered by (virtual time, sequence).
//
// An Event is a node that lives inside the thing it belongs to (a timer, a direction of a connection, a host's next
// slice), so scheduling allocates nothing but the queue's own array, and an event is in the queue at most once. The
// sequence of an entry is (rank, serial): the serial counts schedulings and makes the order unique; the rank orders
// what is simultaneous, and comes from a seeded stream of whoever schedules (rank 0 everywhere is FIFO). Invariants,
// asserted: time never goes back, nothing is scheduled in the past, no two entries compare equal.
//
// A 4-ary heap with positions stored in the events: cancel and reschedule cost O(log n). What was taken out last leaves
// its place at the top vacant until somebody looks, since most events schedule another one, which then fills it.
#include <cstdint>
#include <vector>

#include <stillpoint/time.hpp>

#include "sim-core/base/assert.hpp"

namespace stillpoint {

class EventQueue;

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  // What happens at the event's time. The event is no longer scheduled when it is called, and may be scheduled again.
  virtual void fire() = 0;

  bool scheduled() const { return position_ != kNowhere; }

  // An event must be cancelled before it dies.
  virtual ~Event();

 private:
  friend class EventQueue;
  static constexpr std::uint32_t kNowhere = UINT32_MAX;
  std::uint32_t position_ = kNowhere;
};

// Orders simultaneous events: lower first. Only the low 24 bits count.
using Rank = std::uint32_t;

// What counts among simultaneous events: their ranks, or only the order in which they were scheduled.
enum class SimultaneousOrder : std::uint8_t { rank, scheduling };

class EventQueue {
 public:
  VirtualTime now() const { return now_; }
  bool empty() const { return size() == 0; }
  std::size_t size() const { return heap_.size() - (vacant_ ? 1 : 0); }
  // The time of the next event. Requires !empty().
  VirtualTime next_time() {
    fill_vacancy();
    SP_ASSERT(!heap_.empty());
    return heap_.front().at;
  }

  // Schedules `event` at `at`, or moves it there if it was scheduled already. Requires at >= now().
  void schedule(Event& event, VirtualTime at, Rank rank = 0) { schedule_placed(event, at, rank & ranks_that_count_); }
  // The same, where `rank` counts in any case: it was chosen and not drawn.
  void schedule_placed(Event& event, VirtualTime at, Rank rank);
  // From now on, for what schedule() schedules.
  void order_by(SimultaneousOrder order) { ranks_that_count_ = order == SimultaneousOrder::rank ? kEveryRank : 0; }
  // Removes the event if it is scheduled.
  void cancel(Event& event);

  // Moves time to the next event, takes it out, and returns it for the caller to fire. Requires !empty().
  Event& pop() {
    fill_vacancy();
    SP_ASSERT(!heap_.empty());
    const Entry& first = heap_.front();
    SP_ASSERT(first.at >= now_);
    now_ = first.at;
    first.event->position_ = Event::kNowhere;
    vacant_ = true;
    return *first.event;
  }
  // Moves time forward to `to` where nothing is due before. Requires that no event is due before `to`.
  void advance(VirtualTime to);

 private:
  struct Entry {
    VirtualTime at;
    std::uint64_t sequence;
    Event* event;
    // (time, sequence) as one number: times are never negative, and one wide comparison has no branch to mispredict.
    unsigned __int128 order() const { return static_cast<unsigned __int128>(to_ns(at)) << 64 | sequence; }
    bool before(const Entry& other) const { return order() < other.order(); }
  };
  void append(const Entry& entry);
  void move(const Entry& entry);
  void sift_up(std::size_t index, Entry entry);
  // Takes the entry in parts, which stay in registers: a processor waits where memory was written in parts and is read
  // whole.
  void sift_down(std::size_t index, VirtualTime at, std::uint64_t sequence, Event& event);
  std::size_t first_of(std::size_t first_child, std::size_t count) const;
  void place(std::size_t index, const Entry& entry) {
    heap_[index] = entry;
    entry.event->position_ = static_cast<std::uint32_t>(index);
  }
  void remove_at(std::size_t index);
  void fill_vacancy() {
    if (vacant_) fill_top();
  }
  void fill_top();

  static constexpr Rank kEveryRank = 0xFFFFFF;
  std::vector<Entry> heap_;
  Rank ranks_that_count_ = kEveryRank;
  bool vacant_ = false;  // the first entry is that of the event which was taken out last
  VirtualTime now_{};
  std::uint64_t serial_ = 0;
};

}  // namespace stillpoint
