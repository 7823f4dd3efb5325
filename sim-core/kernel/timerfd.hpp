#pragma once
// timerfd_create(2): a timer on one of the host's clocks, as a descriptor.
//
// settime clears what had expired before: Asio never reads its timerfd and relies on this. A deadline that has passed
// already expires within the call, as on Linux.
#include <time.h>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class TimerFd final : public File {
 public:
  TimerFd(Host& host, clockid_t clock);
  ~TimerFd() override;
  TimerFd* as_timerfd() override { return this; }

  std::uint32_t poll() override;
  // The number of expirations since the last read or settime. EAGAIN if none; EINVAL for fewer than eight bytes.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<off_t> seek(off_t offset, int whence) override { return seek_nowhere(offset, whence); }
  void on_close() override;

  // EINVAL for nanoseconds out of range or unknown flags. `absolute` is TFD_TIMER_ABSTIME.
  Status set(const itimerspec& value, bool absolute);
  // What is left until the next expiration, and the interval.
  itimerspec get() const;

 private:
  struct Expiry final : Event {
    TimerFd* timer = nullptr;
    void fire() override;
  };
  void expire();

  clockid_t clock_;
  std::uint64_t timer_number_;
  Expiry expiry_;
  bool armed_ = false;
  VirtualTime deadline_{};
  Duration interval_{};
  std::uint64_t expirations_ = 0;
  EventId armed_by_ = kNoEvent;
};

}  // namespace stillpoint::kernel
