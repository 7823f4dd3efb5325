// signal(7): what signals do, masks, sending, and waiting for them.
//
// Handlers run when a call returns to the program (call.hpp). What libc does on top of the kernel's calls is done here
// as glibc does it.
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/identity.hpp"
#include "sim-core/kernel/signalfd.hpp"

namespace {

using stillpoint::is_readable;
using stillpoint::is_readable_bytes;
using stillpoint::is_writable_bytes;
using stillpoint::Result;
using stillpoint::Status;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::interpose::MaskForWait;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::contains;
using stillpoint::kernel::Deadline;
using stillpoint::kernel::Disposition;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::kUnstoppable;
using stillpoint::kernel::set_from;
using stillpoint::kernel::set_of;
using stillpoint::kernel::SignalFd;
using stillpoint::kernel::SignalSet;
using stillpoint::kernel::Task;
using stillpoint::kernel::valid_signal;
using stillpoint::kernel::Woken;
using stillpoint::kernel::write_set;

// glibc keeps two real-time signals for itself (SIGCANCEL, SIGSETXID): nobody else may use or block them.
constexpr int kFirstOfLibc = 32;
constexpr int kLastOfLibc = 33;
constexpr SignalSet kOfLibc = set_of(kFirstOfLibc) | set_of(kLastOfLibc);
bool usable(int signal) { return valid_signal(signal) && !contains(kOfLibc, signal); }

Task& running_task(Host& host, const Call& call) {
  if (host.running_task() == nullptr) unsupported(host, call, "no process runs here");
  return *host.running_task();
}

// ---- dispositions ----

// Requires a usable signal.
Status set_disposition(Host& host, int signal, const Disposition& disposition) {
  if (contains(kUnstoppable, signal)) return stillpoint::Failure{EINVAL};
  host.signals.set_disposition(signal, disposition);
  return stillpoint::Done{};
}

// signal(3) and its kin: the former handler, or SIG_ERR.
sighandler_t set_handler(Host& host, const Call& call, int signal, sighandler_t handler, int flags) {
  if (handler == SIG_ERR || !usable(signal)) {
    errno = EINVAL;
    return SIG_ERR;
  }
  const sighandler_t before = host.signals.disposition(signal).handler;
  const SignalSet mask = (flags & SA_NODEFER) != 0 ? 0 : set_of(signal);
  if (!set_disposition(host, signal, {handler, mask, flags})) {
    errno = EINVAL;
    return SIG_ERR;
  }
  return before;
}

// ---- sending ----

siginfo_t info_of(const Host& host, int signal, int code) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_pid = host.pid();
  info.si_uid = stillpoint::kernel::kUserId;
  return info;
}

// `target` null: the process.
void send(Host& host, const Call& call, const siginfo_t& info, Task* target) {
  running_task(host, call);
  if (info.si_signo == SIGSTOP) unsupported(host, call, "SIGSTOP would stop the process");
  host.signals.send(info, target, {});
}

Task* find_thread(const Host& host, int id) {
  Task* found = nullptr;
  host.for_each_task([&](Task& task) {
    if (task.id == id && !task.ended()) found = &task;
  });
  return found;
}

// A host has one process, which leads its own group; any of its threads' numbers names it too (kill(2), "C
// library/kernel differences").
bool is_own(const Host& host, pid_t pid) {
  return pid == 0 || pid == host.pid() || pid == -host.pid() || (pid > 0 && find_thread(host, pid) != nullptr);
}

Status send_to_process(Host& host, const Call& call, pid_t pid, const siginfo_t& info) {
  if (!is_own(host, pid)) return stillpoint::Failure{ESRCH};
  if (info.si_signo < 0 || info.si_signo > stillpoint::kernel::kLastSignal) return stillpoint::Failure{EINVAL};
  if (info.si_signo != 0) send(host, call, info, nullptr);
  return stillpoint::Done{};
}

Status send_to_thread(Host& host, const Call& call, Task* task, const siginfo_t& info) {
  if (task == nullptr) return stillpoint::Failure{ESRCH};
  if (info.si_signo < 0 || info.si_signo > stillpoint::kernel::kLastSignal) return stillpoint::Failure{EINVAL};
  if (info.si_signo != 0) send(host, call, info, task);
  return stillpoint::Done{};
}

// ---- masks ----

// An error number.
int change_mask(Host& host, const Call& call, int how, const sigset_t* set, sigset_t* old) {
  Task& task = running_task(host, call);
  const SignalSet before = task.signals.blocked;
  if (set != nullptr) {
    const SignalSet given = set_from(*set) & ~kUnstoppable & ~kOfLibc;
    if (how == SIG_BLOCK) {
      task.signals.blocked |= given;
    } else if (how == SIG_UNBLOCK) {
      task.signals.blocked &= ~given;
    } else if (how == SIG_SETMASK) {
      task.signals.blocked = given;
    } else {
      return EINVAL;
    }
  }
  if (old == nullptr) return 0;
  if (!is_writable_bytes(old, sizeof before)) return EFAULT;
  write_set(before, *old);
  return 0;
}

int change_mask(Host& host, const Call& call, int how, int signal) {
  if (!usable(signal)) return fail(host, call, EINVAL);
  sigset_t set{};
  write_set(set_of(signal), set);
  return change_mask(host, call, how, &set, nullptr);
}

// ---- waiting ----

// Sleeps until handlers of signals are due.
int suspend(Host& host, const Call& call) {
  Task& task = running_task(host, call);
  if (!host.signals.due(task)) require_sleep(host, call);
  if (task.may_sleep) {
    while (host.sleep(std::nullopt) != Woken::by_signal) {
    }
  } else {
    task.signals.interrupted = true;
  }
  return fail(host, call, EINTR);
}

// sigtimedwait(2). EAGAIN when the deadline has passed, EINTR when a handler is to run.
Result<siginfo_t> wait_for_signal(Host& host, const Call& call, const sigset_t& set, Deadline deadline, bool waits) {
  Task& task = running_task(host, call);
  const SignalSet wanted = set_from(set) & ~kUnstoppable;
  for (;;) {
    if (const auto info = host.signals.take(task, wanted)) return *info;
    if (!waits) return stillpoint::Failure{EAGAIN};
    require_sleep(host, call);
    task.signals.waited_for = wanted;
    const Woken woken = host.sleep(deadline);
    task.signals.waited_for = 0;
    if (const auto info = host.signals.take(task, wanted)) return *info;
    if (woken == Woken::by_signal) return stillpoint::Failure{EINTR};
    if (woken == Woken::by_timeout) return stillpoint::Failure{EAGAIN};
  }
}

int finish_wait(Host& host, const Call& call, const Result<siginfo_t>& info, siginfo_t* place) {
  if (!info) return fail(host, call, info.error());
  if (place != nullptr && !give(place, info.value())) return fail(host, call, EFAULT);  // the signal is gone
  return info.value().si_signo;
}

}  // namespace

SP_CALL(int, sigaction, (int signal, const struct sigaction* action, struct sigaction* old), (signal, action, old)) {
  if (!usable(signal)) return fail(host, call, EINVAL);
  if (action != nullptr && contains(kUnstoppable, signal)) return fail(host, call, EINVAL);
  const Disposition before = host.signals.disposition(signal);
  if (action != nullptr) {
    // The two forms of a handler share their place.
    set_disposition(host, signal, {action->sa_handler, set_from(action->sa_mask), action->sa_flags}).value();
  }
  if (old != nullptr) {
    *old = {};
    old->sa_handler = before.handler;
    old->sa_flags = before.flags;
    write_set(before.mask, old->sa_mask);
  }
  return 0;
}

namespace {

// signal(3) of the BSDs, which is glibc's default: the handler stays, and calls begin again unless siginterrupt(3) was
// told otherwise.
sighandler_t bsd_signal(Host& host, const Call& call, int number, sighandler_t handler) {
  const bool interrupts = valid_signal(number) && contains(host.signals.interrupts, number);
  return set_handler(host, call, number, handler, interrupts ? 0 : SA_RESTART);
}

// signal(3) of System V: the handler is used once, its signal is not blocked meanwhile, and calls are interrupted.
sighandler_t sysv_signal(Host& host, const Call& call, int number, sighandler_t handler) {
  return set_handler(host, call, number, handler, static_cast<int>(SA_RESETHAND | SA_NODEFER));
}

}  // namespace

SP_CALL(sighandler_t, signal, (int number, sighandler_t handler), (number, handler)) {
  return bsd_signal(host, call, number, handler);
}
SP_CALL(sighandler_t, bsd_signal, (int number, sighandler_t handler), (number, handler)) {
  return bsd_signal(host, call, number, handler);
}
SP_CALL(sighandler_t, ssignal, (int number, sighandler_t handler), (number, handler)) {
  return bsd_signal(host, call, number, handler);
}
SP_CALL(sighandler_t, sysv_signal, (int number, sighandler_t handler), (number, handler)) {
  return sysv_signal(host, call, number, handler);
}
SP_CALL(sighandler_t, __sysv_signal, (int number, sighandler_t handler), (number, handler)) {
  return sysv_signal(host, call, number, handler);
}

SP_CALL(int, siginterrupt, (int number, int interrupts), (number, interrupts)) {
  if (!usable(number) || contains(kUnstoppable, number)) return fail(host, call, EINVAL);
  Disposition disposition = host.signals.disposition(number);
  if (interrupts != 0) {
    host.signals.interrupts |= set_of(number);
    disposition.flags &= ~SA_RESTART;
  } else {
    host.signals.interrupts &= ~set_of(number);
    disposition.flags |= SA_RESTART;
  }
  host.signals.set_disposition(number, disposition);
  return 0;
}

SP_CALL(int, sigignore, (int number), (number)) {
  if (!usable(number)) return fail(host, call, EINVAL);
  return finish(host, call, set_disposition(host, number, {SIG_IGN, 0, 0}));
}

SP_CALL(int, sigaltstack, (const stack_t* stack, stack_t* old), (stack, old)) {
  Task& task = running_task(host, call);
  if (stack != nullptr && !is_readable(stack)) return fail(host, call, EFAULT);
  const stack_t before = task.signals.alternate_stack;
  if (stack != nullptr) {
    if (stack->ss_flags != 0 && stack->ss_flags != SS_DISABLE && stack->ss_flags != SS_ONSTACK)
      return fail(host, call, EINVAL);
    if (stack->ss_flags == SS_DISABLE) {
      task.signals.alternate_stack = {nullptr, SS_DISABLE, 0};
    } else if (stack->ss_size < static_cast<std::size_t>(MINSIGSTKSZ)) {
      return fail(host, call, ENOMEM);
    } else {
      task.signals.alternate_stack = *stack;
      task.signals.alternate_stack.ss_flags &= ~SS_ONSTACK;
    }
  }
  return old == nullptr ? 0 : finish(host, call, give(old, before));
}

// ---- masks ----

SP_CALL(int, sigprocmask, (int how, const sigset_t* set, sigset_t* old), (how, set, old)) {
  const int error = change_mask(host, call, how, set, old);
  return error == 0 ? 0 : fail(host, call, error);
}

SP_CALL(int, pthread_sigmask, (int how, const sigset_t* set, sigset_t* old), (how, set, old)) {
  return change_mask(host, call, how, set, old);
}

SP_CALL(int, sighold, (int number), (number)) { return change_mask(host, call, SIG_BLOCK, number); }
SP_CALL(int, sigrelse, (int number), (number)) { return change_mask(host, call, SIG_UNBLOCK, number); }

SP_CALL(int, sigpending, (sigset_t * set), (set)) {
  if (!is_writable_bytes(set, sizeof(SignalSet))) return fail(host, call, EFAULT);
  const Task& task = running_task(host, call);
  write_set(host.signals.pending(task) & task.signals.blocked, *set);
  return 0;
}

// ---- sending ----

SP_CALL(int, kill, (pid_t pid, int number), (pid, number)) {
  return finish(host, call, send_to_process(host, call, pid, info_of(host, number, SI_USER)));
}

SP_CALL(int, killpg, (pid_t group, int number), (group, number)) {
  if (group < 0) return fail(host, call, EINVAL);
  return finish(host, call, send_to_process(host, call, -group, info_of(host, number, SI_USER)));
}

SP_CALL(int, sigqueue, (pid_t pid, int number, sigval value), (pid, number, value)) {
  siginfo_t info = info_of(host, number, SI_QUEUE);
  info.si_value = value;
  // Linux takes only the number of a process here, no group.
  if (pid <= 0) return fail(host, call, ESRCH);
  return finish(host, call, send_to_process(host, call, pid, info));
}

namespace {
int raise_here(Host& host, const Call& call, int number) {
  if (valid_signal(number) && contains(kOfLibc, number)) return fail(host, call, EINVAL);
  return finish(host, call, send_to_thread(host, call, &running_task(host, call), info_of(host, number, SI_TKILL)));
}
}  // namespace

SP_CALL(int, raise, (int number), (number)) { return raise_here(host, call, number); }
SP_CALL(int, gsignal, (int number), (number)) { return raise_here(host, call, number); }

SP_CALL(int, tgkill, (pid_t process, pid_t thread, int number), (process, thread, number)) {
  if (process <= 0 || thread <= 0) return fail(host, call, EINVAL);
  if (process != host.pid()) return fail(host, call, ESRCH);
  return finish(host, call, send_to_thread(host, call, find_thread(host, thread), info_of(host, number, SI_TKILL)));
}

// An error number. A thread that has ended takes everything and does nothing (since glibc 2.34).
SP_CALL(int, pthread_kill, (pthread_t thread, int number), (thread, number)) {
  if (valid_signal(number) && contains(kOfLibc, number)) return EINVAL;
  Task* task = host.find_task(thread);
  if (task != nullptr && task->ended()) return 0;
  const Status sent = send_to_thread(host, call, task, info_of(host, number, SI_TKILL));
  return sent ? 0 : sent.error();
}

SP_CALL(int, pthread_sigqueue, (pthread_t thread, int number, sigval value), (thread, number, value)) {
  if (valid_signal(number) && contains(kOfLibc, number)) return EINVAL;
  siginfo_t info = info_of(host, number, SI_QUEUE);
  info.si_value = value;
  const Status sent = send_to_thread(host, call, host.find_task(thread), info);
  return sent ? 0 : sent.error();
}

// ---- waiting ----

SP_CALL(int, sigsuspend, (const sigset_t* mask), (mask)) {
  if (!is_readable_bytes(mask, sizeof(SignalSet))) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return suspend(host, call);
}

SP_CALL(int, pause, (), ()) { return suspend(host, call); }

SP_CALL(int, sigtimedwait, (const sigset_t* set, siginfo_t* info, const timespec* timeout), (set, info, timeout)) {
  if (!is_readable_bytes(set, sizeof(SignalSet))) return fail(host, call, EFAULT);
  if (timeout == nullptr) return finish_wait(host, call, wait_for_signal(host, call, *set, std::nullopt, true), info);
  if (!is_readable(timeout)) return fail(host, call, EFAULT);
  if (!stillpoint::kernel::valid(*timeout)) return fail(host, call, EINVAL);
  const auto duration = stillpoint::kernel::duration_of(*timeout);
  return finish_wait(host, call,
                     wait_for_signal(host, call, *set, host.clocks().after(host.now(), duration),
                                     duration > stillpoint::Duration::zero()),
                     info);
}

SP_CALL(int, sigwaitinfo, (const sigset_t* set, siginfo_t* info), (set, info)) {
  if (!is_readable_bytes(set, sizeof(SignalSet))) return fail(host, call, EFAULT);
  return finish_wait(host, call, wait_for_signal(host, call, *set, std::nullopt, true), info);
}

// An error number. sigwait(3) never fails with EINTR: handlers run, and it waits on.
SP_CALL(int, sigwait, (const sigset_t* set, int* number), (set, number)) {
  if (!is_readable_bytes(set, sizeof(SignalSet))) return EFAULT;
  for (;;) {
    const auto info = wait_for_signal(host, call, *set, std::nullopt, true);
    if (info) {
      *number = info.value().si_signo;
      return 0;
    }
    if (info.error() != EINTR) return info.error();
    host.handle_signals();
  }
}

SP_CALL(int, signalfd, (int fd, const sigset_t* mask, int flags), (fd, mask, flags)) {
  if (!is_readable_bytes(mask, sizeof(SignalSet))) return fail(host, call, EFAULT);
  if ((flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)) != 0) return fail(host, call, EINVAL);
  if (fd == -1) {
    auto file = std::make_unique<SignalFd>(host, set_from(*mask));
    file->nonblocking = (flags & SFD_NONBLOCK) != 0;
    return finish<int>(host, call, host.descriptors.add(std::move(file), stillpoint::interpose::on_exec(flags)));
  }
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  if (file->as_signalfd() == nullptr) return fail(host, call, EINVAL);
  file->as_signalfd()->set_mask(set_from(*mask));
  return fd;
}
