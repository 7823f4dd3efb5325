#pragma once
// How a call blocks: it tries, sleeps until its file may be ready, and tries again; and what signals do to it
// meanwhile.
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <optional>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/socket.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::interpose {

// Ends the run if the running task cannot sleep: the harness waits for a driven host.
inline void require_sleep(kernel::Host& host, const Call& call) {
  if (host.running_task() == nullptr || !host.running_task()->may_sleep)
    unsupported(host, call, "it would block, and this host is driven by its event loop");
}

// Sleeps until `file` may be ready for one of `events`, or until the deadline.
inline kernel::Woken wait_for(kernel::Host& host, kernel::File& file, std::uint32_t events,
                              kernel::Deadline deadline = std::nullopt) {
  kernel::WaitSet waits(*host.running_task());
  waits.add(file, events);
  return host.sleep(deadline);
}

// A signal ended a wait. Where SA_RESTART asks for it, its handler runs, and the call begins again (signal(7),
// "Interruption of system calls"); false if the call fails with EINTR.
inline bool restarts(kernel::Host& host) {
  if (!host.signals.restarts(*host.running_task())) return false;
  host.handle_signals();
  return true;
}

// What blocking() does once an attempt has found nothing. Out of line, as calls of an event loop never come here.
template <typename Attempt>
[[gnu::noinline]] auto attempt_again(kernel::Host& host, const Call& call, kernel::File& file, std::uint32_t events,
                                     Attempt attempt, const std::size_t* taken) -> decltype(attempt()) {
  const std::optional<Duration> timeout = events == EPOLLIN ? file.receive_timeout : file.send_timeout;
  if (timeout == Duration::zero()) return Failure{EAGAIN};
  require_sleep(host, call);
  const kernel::Deadline deadline =
      timeout ? host.clocks().after(host.now(), *timeout) : kernel::Deadline(std::nullopt);
  decltype(attempt()) result = Failure{EAGAIN};
  file.add_reference();
  kernel::Woken woken = kernel::Woken::by_event;
  do {
    woken = wait_for(host, file, events, deadline);
    // A call with a time-out is never begun again (signal(7)).
    if (woken == kernel::Woken::by_signal && ((taken != nullptr && *taken > 0) || timeout || !restarts(host))) {
      result = Failure{EINTR};
      break;
    }
    result = attempt();
  } while (!result && result.error() == EAGAIN && woken != kernel::Woken::by_timeout);
  file.drop_reference();
  return result;
}

// Makes `attempt` again and again, sleeping in between, until it says something else than EAGAIN. `wait` is false for a
// non-blocking descriptor, or MSG_DONTWAIT. With a time-out (SO_RCVTIMEO, SO_SNDTIMEO) it ends with EAGAIN. `taken` is
// what an attempt that is not whole has done so far: then the call is not begun again after a signal.
template <typename Attempt>
auto blocking(kernel::Host& host, const Call& call, kernel::File& file, bool wait, std::uint32_t events,
              Attempt attempt, const std::size_t* taken = nullptr) -> decltype(attempt()) {
  auto result = attempt();
  if (result || result.error() != EAGAIN || !wait) return result;
  return attempt_again(host, call, file, events, attempt, taken);
}

// Reads from a stream until there is `enough`, or no more will come: MSG_WAITALL, SO_RCVLOWAT. As in
// tcp_recvmsg_locked() of Linux's net/ipv4/tcp.c, what has come is worth more than an error, which is kept for the next
// call.
[[gnu::noinline]] inline Result<std::size_t> receive_enough(kernel::Host& host, const Call& call,
                                                            kernel::Socket& socket, const kernel::InMessage& message,
                                                            std::size_t enough) {
  const bool peeks = (message.flags & MSG_PEEK) != 0;
  std::size_t total = 0;
  auto received = blocking(
      host, call, socket, true, EPOLLIN,
      [&]() -> Result<std::size_t> {
        const bool failed = (socket.poll() & EPOLLERR) != 0;
        if (total > 0 && failed && socket.unread().value() == 0) return total;
        kernel::InMessage next = message;
        const auto rest = kernel::rest_of(message.parts, peeks ? 0 : total);
        next.parts = rest;
        const auto got = socket.receive(next);
        if (!got) return got;
        total = peeks ? got.value() : total + got.value();
        const bool ended = (socket.poll() & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        if (total >= enough || got.value() == 0 || (ended && (peeks || socket.unread().value() == 0))) return total;
        return Failure{EAGAIN};
      },
      &total);
  if (!received && total > 0) return total;
  return received;
}

// A call that would not wait ends with EINTR nevertheless: poll(2) and select(2) do where a signal is pending that
// their mask lets through, and nothing is ready.
inline bool interrupted(kernel::Host& host) {
  kernel::Task* task = host.running_task();
  if (task == nullptr) return false;
  task->signals.interrupted = host.signals.due(*task);
  return task->signals.interrupted;
}

// Sleeps at an address as libc's locks do: handlers of signals run meanwhile, and the wait goes on.
inline kernel::Woken wait_at(kernel::Host& host, const void* address, kernel::Deadline deadline) {
  for (;;) {
    const kernel::Woken woken = host.sleep_at(address, deadline);
    if (woken != kernel::Woken::by_signal) return woken;
    host.handle_signals();
  }
}

// Whether a mask of signals, which is of eight bytes to Linux, can be read. Null is none.
inline bool is_readable_mask(const sigset_t* mask) {
  return mask == nullptr || is_readable_bytes(mask, sizeof(kernel::SignalSet));
}

// The mask of signals for the time of a wait: what ppoll, pselect, epoll_pwait and sigsuspend take. Handlers of signals
// that interrupt the wait run under it, and the former mask is back when the call returns.
class MaskForWait {
 public:
  // Null: the mask stays.
  MaskForWait(kernel::Host& host, const sigset_t* mask) : host_(host), task_(host.running_task()) {
    if (mask == nullptr || task_ == nullptr) return;
    task_->signals.saved_mask = task_->signals.blocked;
    task_->signals.blocked = kernel::set_from(*mask) & ~kernel::kUnstoppable;
    task_->signals.interrupted = false;
    set_ = true;
  }
  MaskForWait(const MaskForWait&) = delete;
  MaskForWait& operator=(const MaskForWait&) = delete;
  ~MaskForWait() noexcept(false) {
    if (!set_) return;
    if (task_->signals.interrupted) host_.handle_signals();
    if (!task_->signals.saved_mask) return;  // a handler's return has brought it back
    task_->signals.blocked = *task_->signals.saved_mask;
    task_->signals.saved_mask.reset();
  }

 private:
  kernel::Host& host_;
  kernel::Task* task_;
  bool set_ = false;
};

}  // namespace stillpoint::interpose
