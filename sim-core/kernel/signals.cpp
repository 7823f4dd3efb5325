#include "sim-core/kernel/signals.hpp"

#include <sys/epoll.h>
#include <ucontext.h>

#include <bit>
#include <string>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/signalfd.hpp"

namespace stillpoint::kernel {
namespace {

// Faults are delivered before anything else (SYNCHRONOUS_MASK in Linux's kernel/signal.c).
constexpr SignalSet kFaults =
    set_of(SIGSEGV) | set_of(SIGBUS) | set_of(SIGILL) | set_of(SIGTRAP) | set_of(SIGFPE) | set_of(SIGSYS);
// signal(7), "Standard signals": what their default action is; of all others it ends the process.
constexpr SignalSet kIgnoredByDefault = set_of(SIGCHLD) | set_of(SIGURG) | set_of(SIGWINCH) | set_of(SIGCONT);
constexpr SignalSet kStopping = set_of(SIGSTOP) | set_of(SIGTSTP) | set_of(SIGTTIN) | set_of(SIGTTOU);

bool is_real_time(int signal) { return signal >= 32; }

// Linux's do_sigtimedwait and its timers: a timer's signal is queued even where another of its number is.
bool coalesces(const siginfo_t& info) { return !is_real_time(info.si_signo) && info.si_code != SI_TIMER; }

}  // namespace

std::string signal_name(int signal) {
  if (const char* name = sigabbrev_np(signal)) return std::string("SIG") + name;
  return signal < SIGRTMIN ? std::to_string(signal) : "SIGRTMIN+" + std::to_string(signal - SIGRTMIN);
}

// ---- what is pending ----

void PendingSignals::add(const siginfo_t& info) {
  set_ |= set_of(info.si_signo);
  queue_.push_back(info);
}

std::optional<siginfo_t> PendingSignals::take(SignalSet wanted) {
  wanted &= set_;
  if (wanted == 0) return std::nullopt;
  const SignalSet urgent = (wanted & kFaults) != 0 ? wanted & kFaults : wanted;
  const int signal = std::countr_zero(urgent) + 1;
  std::optional<siginfo_t> taken;
  bool more = false;
  for (auto each = queue_.begin(); each != queue_.end();) {
    if (each->si_signo == signal && !taken) {
      taken = *each;
      each = queue_.erase(each);
      continue;
    }
    more = more || each->si_signo == signal;
    ++each;
  }
  if (!more) set_ &= ~set_of(signal);
  return taken;
}

SignalSet Signals::pending(const Task& task) const { return task.signals.pending.set() | pending_.set(); }

SignalSet Signals::takeable(const Task& task) const {
  return pending(task) & (~task.signals.blocked | task.signals.waited_for);
}

bool Signals::ignored(int signal) const {
  const auto handler = dispositions_[signal].handler;
  return handler == SIG_IGN || (handler == SIG_DFL && contains(kIgnoredByDefault, signal));
}

void Signals::set_disposition(int signal, const Disposition& disposition) {
  dispositions_[signal] = disposition;
  dispositions_[signal].mask &= ~kUnstoppable;
  if (!ignored(signal)) return;
  const auto is_it = [signal](const siginfo_t& info) { return info.si_signo == signal; };
  waiting_ -= pending_.forget(is_it);
  host_.for_each_task([&](Task& task) { waiting_ -= task.signals.pending.forget(is_it); });
}

void Signals::forget_timer(int timer) {
  const auto is_it = [timer](const siginfo_t& info) { return info.si_code == SI_TIMER && info.si_timerid == timer; };
  waiting_ -= pending_.forget(is_it);
  host_.for_each_task([&](Task& task) { waiting_ -= task.signals.pending.forget(is_it); });
}

std::optional<siginfo_t> Signals::take(Task& task, SignalSet wanted) {
  std::optional<siginfo_t> info = task.signals.pending.take(wanted);
  if (!info) info = pending_.take(wanted);
  if (!info) return std::nullopt;
  --waiting_;
  if (info->si_code == SI_TIMER) host_.timers.delivered(*info);
  return info;
}

// ---- sending: send_signal_locked() and complete_signal() in Linux's kernel/signal.c ----

bool Signals::send(const siginfo_t& info, Task* target, Cause cause) {
  const int signal = info.si_signo;
  const EventId event = host_.kernel().trace.event(EventKind::signal, host_.kernel().queue.now(), host_.where(),
                                                   static_cast<std::uint64_t>(signal), 0, 0, cause);
  Task& asked = target != nullptr ? *target : host_.main_task();
  // A blocked signal is never ignored: its handler may change until it is unblocked.
  if (!contains(asked.signals.blocked, signal) && ignored(signal)) return false;

  PendingSignals& pending = target != nullptr ? target->signals.pending : pending_;
  if (coalesces(info) && contains(pending.set(), signal)) return false;
  pending.add(info);
  ++waiting_;
  for (SignalFd* watcher : watchers_) watcher->signal_came(signal, event);

  Task* chosen = target == nullptr ? choose_task(signal) : wants(*target, signal) ? target : nullptr;
  if (chosen != nullptr) {
    const bool kills =
        signal == SIGKILL || (dispositions_[signal].handler == SIG_DFL && !ignored(signal) &&
                              !contains(kStopping, signal) && !contains(chosen->signals.blocked, signal));
    if (kills && deadly_ == 0) {
      deadly_ = signal;
      ++waiting_;
    }
    chosen->wake(Woken::by_signal, event);
  }
  host_.wake_poller(event);
  return true;
}

bool Signals::wants(Task& task, int signal) {
  if (task.ended()) return false;
  if (signal == SIGKILL) return true;
  return !contains(task.signals.blocked & ~task.signals.waited_for, signal);
}

Task* Signals::choose_task(int signal) {
  if (wants(host_.main_task(), signal)) return &host_.main_task();
  Task* chosen = nullptr;
  host_.for_each_task([&](Task& task) {
    if (chosen == nullptr && wants(task, signal)) chosen = &task;
  });
  return chosen;
}

void Signals::task_ended(Task& task) {
  waiting_ -= task.signals.pending.forget([](const siginfo_t&) { return true; });
  for (int signal = 1; pending_.set() != 0 && signal <= kLastSignal; ++signal) {
    if (!contains(pending_.set(), signal)) continue;
    if (Task* other = choose_task(signal)) other->wake(Woken::by_signal, kNoEvent);
  }
}

// ---- delivery: get_signal() and handle_signal() ----

void Signals::drop_ignored(Task& task) {
  for (int signal = 1; signal <= kLastSignal; ++signal) {
    const SignalSet deliverable = pending(task) & ~task.signals.blocked;
    if (contains(deliverable, signal) && ignored(signal)) {
      while (take(task, set_of(signal))) {
      }
    }
  }
}

bool Signals::due(Task& task) {
  if (waiting_ == 0) return false;
  if (deadly_ != 0) return true;
  if ((takeable(task) & task.signals.waited_for) != 0) return true;
  if (takeable(task) == 0) return false;
  drop_ignored(task);
  return takeable(task) != 0;
}

bool Signals::restarts(Task& task) {
  if (!due(task) || deadly_ != 0) return false;
  // handle_signal(): the first one that is taken decides.
  const SignalSet own = task.signals.pending.set() & ~task.signals.blocked;
  const SignalSet set = own != 0 ? own : pending_.set() & ~task.signals.blocked;
  if (set == 0) return false;
  const SignalSet first = (set & kFaults) != 0 ? set & kFaults : set;
  return (dispositions_[std::countr_zero(first) + 1].flags & SA_RESTART) != 0;
}

Signals::Delivered Signals::deliver(Task& task) {
  Delivered delivered;
  while (deadly_ == 0) {
    std::optional<siginfo_t> info = take(task, ~task.signals.blocked);
    if (!info) return delivered;
    const int signal = info->si_signo;
    if (ignored(signal)) continue;
    const Disposition action = dispositions_[signal];
    if (action.handler == SIG_DFL) {
      if (contains(kStopping, signal)) {
        const std::string what = signal_name(signal) + " (it would stop the process)";
        host_.kernel().unsupported(host_, what.c_str(), nullptr);
      }
      deadly_ = signal;
      ++waiting_;
      break;
    }
    if ((static_cast<unsigned>(action.flags) & SA_RESETHAND) != 0) dispositions_[signal].handler = SIG_DFL;

    ucontext_t context{};
    write_set(task.signals.saved_mask.value_or(task.signals.blocked), context.uc_sigmask);
    task.signals.saved_mask.reset();
    task.signals.blocked |= action.mask | ((action.flags & SA_NODEFER) != 0 ? 0 : set_of(signal));
    // Linux builds the frames of all signals that are due one upon the other, so that the last one runs first.
    delivered.deadly = deliver(task).deadly;
    if (delivered.deadly != 0) return delivered;
    if ((action.flags & SA_SIGINFO) != 0) {
      reinterpret_cast<Disposition::InfoHandler>(reinterpret_cast<void*>(action.handler))(signal, &*info, &context);
    } else {
      action.handler(signal);
    }
    task.signals.blocked = set_from(context.uc_sigmask) & ~kUnstoppable;
    delivered.handled = true;
  }
  delivered.deadly = deadly_;
  return delivered;
}

}  // namespace stillpoint::kernel
