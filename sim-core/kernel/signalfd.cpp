#include "sim-core/kernel/signalfd.hpp"

#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {

// signalfd_copyinfo() in Linux's fs/signalfd.c.
signalfd_siginfo record_of(const siginfo_t& info) {
  signalfd_siginfo record{};
  record.ssi_signo = static_cast<std::uint32_t>(info.si_signo);
  record.ssi_errno = info.si_errno;
  record.ssi_code = info.si_code;
  if (info.si_code == SI_TIMER) {
    record.ssi_tid = static_cast<std::uint32_t>(info.si_timerid);
    record.ssi_overrun = static_cast<std::uint32_t>(info.si_overrun);
  } else if (info.si_code <= 0) {
    record.ssi_pid = static_cast<std::uint32_t>(info.si_pid);
    record.ssi_uid = info.si_uid;
  }
  if (info.si_code == SI_TIMER || info.si_code == SI_QUEUE) {
    record.ssi_ptr = reinterpret_cast<std::uint64_t>(info.si_ptr);
    record.ssi_int = info.si_int;
  }
  return record;
}

}  // namespace

SignalFd::SignalFd(Host& host, SignalSet mask) : File(host), mask_(mask & ~kUnstoppable) {
  host.signals.add_watcher(*this);
}

void SignalFd::on_close() { host().signals.remove_watcher(*this); }

Task& SignalFd::reader() const {
  return host().running_task() != nullptr ? *host().running_task() : host().main_task();
}

std::uint32_t SignalFd::poll() { return (host().signals.pending(reader()) & mask_) != 0 ? EPOLLIN : 0u; }

Result<std::size_t> SignalFd::read(std::span<const iovec> parts) {
  const std::size_t room = total_size(parts) / sizeof(signalfd_siginfo);
  if (room == 0) return Failure{EINVAL};
  std::size_t count = 0;
  for (; count < room; ++count) {
    const auto info = host().signals.take(reader(), mask_);
    if (!info) break;
    const signalfd_siginfo record = record_of(*info);
    // signalfd_read_iter(): the signal is lost.
    if (!is_writable(parts, (count + 1) * sizeof record))
      return count > 0 ? Result<std::size_t>(count * sizeof record) : Failure{EFAULT};
    scatter(rest_of(parts, count * sizeof record), std::as_bytes(std::span(&record, 1)));
  }
  if (count == 0) return Failure{EAGAIN};
  return count * sizeof(signalfd_siginfo);
}

void SignalFd::set_mask(SignalSet mask) {
  mask_ = mask & ~kUnstoppable;
  if (poll() != 0) notify(EPOLLIN, kNoEvent);
}

void SignalFd::signal_came(int signal, EventId event) {
  if (contains(mask_, signal)) notify(EPOLLIN, event);
}

}  // namespace stillpoint::kernel
