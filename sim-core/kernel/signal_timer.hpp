#pragma once
// Timers that tell by a signal: timer_create(2), setitimer(2) and alarm(2).
//
// A signal of a timer is pending at most once; expirations in the meantime are its overrun (timer_getoverrun(2)). Not
// modelled: clocks of CPU time, and notification by a thread of libc (SIGEV_THREAD).
#include <signal.h>

#include <map>

#include "sim-core/base/result.hpp"
#include "sim-core/kernel/interval_timer.hpp"

namespace stillpoint::kernel {

class Task;

// How a timer tells: the fields of struct sigevent that matter.
struct Notification {
  int signal = 0;  // 0: not at all (SIGEV_NONE)
  sigval value = {};
  Task* task = nullptr;  // SIGEV_THREAD_ID; null: the process
};

class SignalTimer final : public IntervalTimer {
 public:
  SignalTimer(Host& host, clockid_t clock, int id, Notification notification);
  // As arm(), forgetting what has expired so far.
  void set(const itimerspec& value, Start start);
  // Of the signal that was delivered last.
  int overrun() const { return last_overrun_; }
  // Its signal is being delivered: tells the overrun.
  void delivered(siginfo_t& info);

 private:
  void on_expiry(std::uint64_t expirations, EventId event) override;

  int id_;
  Notification notification_;
  bool queued_ = false;
  std::uint64_t missed_ = 0;
  int last_overrun_ = 0;
};

// The timer of setitimer(ITIMER_REAL) and alarm.
class AlarmTimer final : public IntervalTimer {
 public:
  explicit AlarmTimer(Host& host) : IntervalTimer(host, CLOCK_MONOTONIC) {}

 private:
  void on_expiry(std::uint64_t expirations, EventId event) override;
};

// The timers of one process.
class ProcessTimers {
 public:
  explicit ProcessTimers(Host& host) : host_(host) {}
  // Its number; `notification` without a value of its own gets that number (timer_create(2)).
  int create(clockid_t clock, std::optional<Notification> notification);
  // Null if there is none.
  SignalTimer* find(int id);
  void remove(int id);
  void remove_all();
  AlarmTimer& alarm();

  void delivered(siginfo_t& info);

 private:
  Host& host_;
  std::map<int, SignalTimer> timers_;
  int created_ = 0;
  std::optional<AlarmTimer> alarm_;
};

}  // namespace stillpoint::kernel
