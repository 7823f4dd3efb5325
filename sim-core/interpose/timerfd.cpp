// timerfd_create(2).
#include <sys/timerfd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/timerfd.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::is_readable;
using stillpoint::Result;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::interpose::on_exec;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::OnStep;
using stillpoint::kernel::Start;
using stillpoint::kernel::TimerFd;

Result<TimerFd*> find_timerfd(Host& host, int fd) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  if (file->as_timerfd() == nullptr) return Failure{EINVAL};
  return file->as_timerfd();
}

}  // namespace

SP_CALL(int, timerfd_create, (int clock, int flags), (clock, flags)) {
  if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return fail(host, call, EINVAL);
  // The alarm clocks would wake the machine from its sleep: a program without that privilege may not use them.
  if (clock == CLOCK_REALTIME_ALARM || clock == CLOCK_BOOTTIME_ALARM) return fail(host, call, EPERM);
  if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME) return fail(host, call, EINVAL);
  auto file = std::make_unique<TimerFd>(host, clock);
  file->nonblocking = (flags & TFD_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file), on_exec(flags)));
}

SP_CALL(int, timerfd_settime, (int fd, int flags, const itimerspec* value, itimerspec* old), (fd, flags, value, old)) {
  if (!is_readable(value)) return fail(host, call, EFAULT);
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return fail(host, call, EINVAL);
  // do_timerfd_settime() in Linux's fs/timerfd.c: before it asks what the descriptor is.
  if (!stillpoint::kernel::valid(value->it_value) || !stillpoint::kernel::valid(value->it_interval))
    return fail(host, call, EINVAL);
  const auto timer = find_timerfd(host, fd);
  if (!timer) return fail(host, call, timer.error());
  const itimerspec before = timer.value()->get();
  const auto status = timer.value()->set(*value, (flags & TFD_TIMER_ABSTIME) != 0 ? Start::absolute : Start::relative,
                                         (flags & TFD_TIMER_CANCEL_ON_SET) != 0 ? OnStep::cancel : OnStep::follow);
  if (status && old != nullptr) return finish(host, call, give(old, before));  // it is set all the same
  return finish(host, call, status);
}

SP_CALL(int, timerfd_gettime, (int fd, itimerspec* value), (fd, value)) {
  const auto timer = find_timerfd(host, fd);
  if (!timer) return fail(host, call, timer.error());
  return finish(host, call, give(value, timer.value()->get()));
}
