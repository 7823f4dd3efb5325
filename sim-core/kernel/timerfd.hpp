#pragma once
// timerfd_create(2): a timer on one of the host's clocks, as a descriptor.
//
// settime clears what had expired before: Asio never reads its timerfd and relies on this. A deadline that has passed
// already expires within the call, as on Linux.
#include <time.h>

#include "sim-core/kernel/file.hpp"
#include "sim-core/kernel/interval_timer.hpp"

namespace stillpoint::kernel {

// TFD_TIMER_CANCEL_ON_SET: whether a step of the wall clock cancels an absolute timer.
enum class OnStep : std::uint8_t { follow, cancel };

class TimerFd final : public File {
 public:
  TimerFd(Host& host, clockid_t clock);
  TimerFd* as_timerfd() override { return this; }

  std::uint32_t poll() override;
  // The number of expirations since the last read or settime. EAGAIN if none; EINVAL for fewer than eight bytes;
  // ECANCELED once for a step of the clock.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  bool can_write() const override { return false; }
  Result<off_t> seek(off_t offset, int whence) override { return seek_nowhere(offset, whence); }
  void on_close() override;

  // EINVAL for nanoseconds out of range; ECANCELED, though it is set, for a step that was not read.
  Status set(const itimerspec& value, Start start, OnStep on_step);
  // What is left until the next expiration, and the interval.
  itimerspec get() const { return timer_.left(); }
  // The host's wall clock was set.
  void clock_was_set();

 private:
  struct Timer final : IntervalTimer {
    Timer(TimerFd& its_file, Host& host, clockid_t clock) : IntervalTimer(host, clock), file(its_file) {}
    void on_expiry(std::uint64_t expirations, EventId event) override;
    TimerFd& file;
  };

  clockid_t clock_;
  Timer timer_;
  std::uint64_t expirations_ = 0;
  bool cancelled_ = false;
};

}  // namespace stillpoint::kernel
