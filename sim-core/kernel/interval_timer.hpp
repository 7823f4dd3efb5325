#pragma once
// A timer on one of a host's clocks, which expires once or again and again: what timerfd_create(2), timer_create(2) and
// setitimer(2) have in common.
//
// An absolute deadline on a wall clock follows that clock when it is set; a relative one does not (timer_settime(2):
// "adjustments to CLOCK_REALTIME have no effect on relative timers"). Intervals that passed unseen, because the
// deadline lay in the past or the clock was set forward, count at once.
#include <time.h>

#include <optional>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/clock.hpp"

#include <stillpoint/ids.hpp>

namespace stillpoint::kernel {

class Host;

enum class Start : std::uint8_t { relative, absolute };

class IntervalTimer : private Event {
 public:
  IntervalTimer(Host& host, clockid_t clock);
  ~IntervalTimer() override;

  // Sets it; a first expiration at zero disarms it. Where the deadline has passed already it expires within the call,
  // as on Linux. Requires valid times.
  void arm(const itimerspec& value, Start start);
  void disarm();
  // What is left until the next expiration, and the interval.
  itimerspec left() const;
  // The clock was set, or runs at another rate: the deadline is another moment now.
  void clock_changed();
  // Expires at once if its deadline has passed: then, the event.
  std::optional<EventId> expire_if_overdue();

 protected:
  // So many expirations at once; `event` is that of the expiry in the trace.
  virtual void on_expiry(std::uint64_t expirations, EventId event) = 0;
  Host& host_of_timer() const { return host_; }

 private:
  friend class Host;
  void fire() override { expire(); }
  EventId expire();
  void schedule();

  Host& host_;
  clockid_t clock_;
  clockid_t base_;  // the clock that the deadline is on
  std::uint64_t number_;
  Duration deadline_{};
  Duration interval_{};
  EventId armed_by_ = kNoEvent;
  // In the list of the host's timers.
  IntervalTimer* previous_ = nullptr;
  IntervalTimer* next_ = nullptr;
};

}  // namespace stillpoint::kernel
