#pragma once
// The signals of a process, as signal(7) tells them: what a signal does (dispositions), which are blocked (a mask for
// each task), and which are pending (for the process, or for one task).
//
// A signal goes to a task that does not block it, the main one if it can, and ends that task's wait. Its handler runs
// on that task, when a call of the kernel returns to the program: interpose/ looks at any() at the end of every call,
// and then calls deliver(). Standard signals coalesce while they are pending, real-time ones queue.
//
// Not modelled: stopping (a signal that would stop the process is refused by name), alternate stacks (handlers run on
// the task's own), core dumps, and the registers in a handler's context, which are zero but for the mask.
#include <signal.h>

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <vector>

#include "sim-core/kernel/file.hpp"
#include "sim-core/trace/record.hpp"

namespace stillpoint::kernel {

class Host;
class SignalFd;
class Task;

// Signal n is bit n - 1.
using SignalSet = std::uint64_t;
constexpr int kLastSignal = 64;
constexpr SignalSet set_of(int signal) { return SignalSet{1} << (signal - 1); }
constexpr bool contains(SignalSet set, int signal) { return (set & set_of(signal)) != 0; }
constexpr bool valid_signal(int signal) { return signal >= 1 && signal <= kLastSignal; }
// What nobody can block, handle or ignore.
constexpr SignalSet kUnstoppable = set_of(SIGKILL) | set_of(SIGSTOP);

// "SIGTERM", "SIGRTMIN+1".
std::string signal_name(int signal);

// The kernel knows the first 64 bits of glibc's sigset_t, and reads and writes no others.
inline SignalSet set_from(const sigset_t& from) {
  SignalSet set;
  std::memcpy(&set, &from, sizeof set);
  return set;
}
inline void write_set(SignalSet set, sigset_t& to) { std::memcpy(&to, &set, sizeof set); }

// struct sigaction, with the mask as a set.
struct Disposition {
  using Handler = void (*)(int);
  using InfoHandler = void (*)(int, siginfo_t*, void*);
  // SIG_DFL, SIG_IGN, or a function; of another type with SA_SIGINFO.
  Handler handler = SIG_DFL;
  SignalSet mask = 0;
  int flags = 0;
};

// Signals that wait for one task, or for whichever task of a process takes them.
class PendingSignals {
 public:
  SignalSet set() const { return set_; }
  void add(const siginfo_t& info);
  // The next of those wanted: faults first, then the lowest number (next_signal() in Linux's kernel/signal.c); of one
  // number, the oldest.
  std::optional<siginfo_t> take(SignalSet wanted);
  // Forgets all of a number, or those that `which` says; how many there were.
  template <typename Which>
  std::size_t forget(Which which) {
    const std::size_t gone = std::erase_if(queue_, which);
    set_ = 0;
    for (const siginfo_t& info : queue_) set_ |= set_of(info.si_signo);
    return gone;
  }

 private:
  SignalSet set_ = 0;
  std::vector<siginfo_t> queue_;  // in the order of their coming
};

// What a task keeps of signals.
struct TaskSignals {
  SignalSet blocked = 0;
  // The mask to go back to, while sigsuspend, ppoll and their kin wait with another one.
  std::optional<SignalSet> saved_mask = {};
  // What sigwait and its kin wait for: it wakes the task although it is blocked.
  SignalSet waited_for = 0;
  PendingSignals pending = {};
  // The last sleep was ended by a signal, which has not been delivered yet.
  bool interrupted = false;
  stack_t alternate_stack{nullptr, SS_DISABLE, 0};
};

class Signals {
 public:
  explicit Signals(Host& host) : host_(host) {}

  const Disposition& disposition(int signal) const { return dispositions_[signal]; }
  // Signals that are ignored from now on, and pending, are forgotten (sigaction(2)).
  void set_disposition(int signal, const Disposition& disposition);
  // The signals for which siginterrupt(3) asked that calls be interrupted.
  SignalSet interrupts = 0;

  // Makes a signal pending, for `target` or, if that is null, for the process, and wakes whom it concerns; the host
  // runs. False if it was ignored, or is pending already.
  bool send(const siginfo_t& info, Task* target, Cause cause);

  // Some signal may be pending somewhere, or the process is to die: quick, and almost always false.
  bool any() const { return waiting_ > 0; }
  SignalSet pending(const Task& task) const;
  // A signal is pending that `task` does not block, or waits for, and that is not ignored.
  bool due(Task& task);
  // The call that the signals which are due interrupted is made again after their handlers have run (SA_RESTART).
  bool restarts(Task& task);

  struct Delivered {
    bool handled = false;  // handlers have run
    int deadly = 0;        // this signal ends the process
  };
  // Runs the handlers of what is due, on the stack of the running task, `task`.
  Delivered deliver(Task& task);

  // Takes a pending signal of the set, for sigwait(3) and signalfd(2): of the task first, then of the process.
  std::optional<siginfo_t> take(Task& task, SignalSet wanted);
  // Forgets what a timer sent (it is set again, or deleted).
  void forget_timer(int timer);
  // What the process received, and this task would have taken, others may take.
  void task_ended(Task& task);

  void add_watcher(SignalFd& file) { watchers_.push_back(&file); }
  void remove_watcher(SignalFd& file) { std::erase(watchers_, &file); }

 private:
  bool ignored(int signal) const;
  // The task that a signal to the process wakes, or null if all block it.
  Task* choose_task(int signal);
  bool wants(Task& task, int signal);
  void drop_ignored(Task& task);
  // Those that a task would take now.
  SignalSet takeable(const Task& task) const;

  Host& host_;
  Disposition dispositions_[kLastSignal + 1] = {};
  PendingSignals pending_;  // of the process
  std::size_t waiting_ = 0;
  int deadly_ = 0;
  std::vector<SignalFd*> watchers_;
};

}  // namespace stillpoint::kernel
