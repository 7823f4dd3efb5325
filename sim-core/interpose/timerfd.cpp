// timerfd_create(2).
#include <sys/timerfd.h>

#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/timerfd.hpp"

namespace {

using stillpoint::Failure;
using stillpoint::Result;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::on_exec;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::TimerFd;

Result<TimerFd*> find_timer(Host& host, int fd) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  if (file->as_timerfd() == nullptr) return Failure{EINVAL};
  return file->as_timerfd();
}

}  // namespace

SP_CALL(int, timerfd_create, (int clock, int flags), (clock, flags)) {
  if ((flags & ~(TFD_CLOEXEC | TFD_NONBLOCK)) != 0) return fail(host, call, EINVAL);
  if (clock != CLOCK_MONOTONIC && clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME) return fail(host, call, EINVAL);
  auto file = std::make_unique<TimerFd>(host, clock);
  file->nonblocking = (flags & TFD_NONBLOCK) != 0;
  return finish<int>(host, call, host.descriptors.add(std::move(file), on_exec(flags)));
}

SP_CALL(int, timerfd_settime, (int fd, int flags, const itimerspec* value, itimerspec* old), (fd, flags, value, old)) {
  const auto timer = find_timer(host, fd);
  if (!timer) return fail(host, call, timer.error());
  if (value == nullptr) return fail(host, call, EFAULT);
  if ((flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) != 0) return fail(host, call, EINVAL);
  if (old != nullptr) *old = timer.value()->get();
  return finish(host, call, timer.value()->set(*value, (flags & TFD_TIMER_ABSTIME) != 0));
}

SP_CALL(int, timerfd_gettime, (int fd, itimerspec* value), (fd, value)) {
  const auto timer = find_timer(host, fd);
  if (!timer) return fail(host, call, timer.error());
  if (value == nullptr) return fail(host, call, EFAULT);
  *value = timer.value()->get();
  return 0;
}
