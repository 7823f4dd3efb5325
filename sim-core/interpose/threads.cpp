// pthreads(7): the calls that begin, end and synchronise threads. Each thread is a task of its host; locks are real
// ones, taken by trying, and whoever does not get one sleeps in virtual time.
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/kernel/clock.hpp"

namespace {

using stillpoint::Result;
using stillpoint::VirtualTime;
using stillpoint::interpose::Call;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;
using stillpoint::kernel::Task;
using stillpoint::kernel::Woken;

// The virtual time of an absolute time on one of the host's clocks.
VirtualTime deadline_on(const Host& host, clockid_t clock, const timespec& time) {
  return stillpoint::kernel::later(VirtualTime(-host.clock_offset(clock)), stillpoint::kernel::duration_of(time));
}

int real_lock(pthread_mutex_t* mutex) {
  static const auto real = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_lock"));
  return real(mutex);
}

int real_trylock(pthread_mutex_t* mutex) {
  // One that is free is taken by pthread_mutex_lock at once, which in a process of one thread needs no atomic operation.
  // No other thread runs meanwhile.
  if (mutex->__data.__lock == 0) return real_lock(mutex);
  static const auto real = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_trylock"));
  return real(mutex);
}

int real_unlock(pthread_mutex_t* mutex) {
  static const auto real = reinterpret_cast<int (*)(pthread_mutex_t*)>(dlsym(RTLD_NEXT, "pthread_mutex_unlock"));
  return real(mutex);
}

// A host whose only thread is its event loop waits for ever, for real: the supervisor calls that a deadlock, and says where.
bool deadlocks(Host& host) { return host.running_task() == nullptr || !host.may_ever_wake(); }

int lock(Host& host, const Call& call, pthread_mutex_t* mutex, std::optional<VirtualTime> deadline = std::nullopt) {
  for (;;) {
    const int error = real_trylock(mutex);
    if (error != EBUSY) return error;
    if (!deadline && deadlocks(host)) return real_lock(mutex);
    require_sleep(host, call);
    if (host.sleep_at(mutex, deadline) == Woken::by_timeout) return ETIMEDOUT;
  }
}

int unlock(Host& host, pthread_mutex_t* mutex) {
  const int error = real_unlock(mutex);
  if (error == 0 && host.anyone_waits_at_addresses()) host.wake_at(mutex, 1);
  return error;
}

int wait(Host& host, const Call& call, pthread_cond_t* condition, pthread_mutex_t* mutex,
         std::optional<VirtualTime> deadline) {
  if (!deadline && deadlocks(host)) {
    static const auto real = stillpoint::interpose::real_function<int (*)(pthread_cond_t*, pthread_mutex_t*)>(
        nullptr, "pthread_cond_wait");
    return real(condition, mutex);
  }
  require_sleep(host, call);
  if (const int error = unlock(host, mutex); error != 0) return error;
  // A signal that arrives meanwhile is a spurious wake-up, which POSIX allows.
  const Woken woken = host.sleep_at(condition, deadline);
  if (const int error = lock(host, call, mutex); error != 0) return error;
  return woken == Woken::by_timeout ? ETIMEDOUT : 0;
}

}  // namespace

SP_CALL(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex)) { return lock(host, call, mutex); }
SP_CALL(int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex)) { return unlock(host, mutex); }
SP_CALL(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* time), (mutex, time)) {
  return lock(host, call, mutex, deadline_on(host, CLOCK_REALTIME, *time));
}
SP_CALL(int, pthread_mutex_clocklock, (pthread_mutex_t * mutex, clockid_t clock, const timespec* time),
        (mutex, clock, time)) {
  return lock(host, call, mutex, deadline_on(host, clock, *time));
}

// ---- conditions ----

namespace {
// The clock of a condition's time-outs: bit 1 of __wrefs, as glibc's nptl/pthread_cond_init.c keeps it.
clockid_t clock_of(const pthread_cond_t& condition) {
  return (condition.__data.__wrefs & 2) != 0 ? CLOCK_MONOTONIC : CLOCK_REALTIME;
}
}  // namespace

SP_CALL(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t* mutex), (condition, mutex)) {
  return wait(host, call, condition, mutex, std::nullopt);
}
SP_CALL(int, pthread_cond_timedwait, (pthread_cond_t * condition, pthread_mutex_t* mutex, const timespec* time),
        (condition, mutex, time)) {
  if (!stillpoint::kernel::valid(*time)) return EINVAL;
  return wait(host, call, condition, mutex, deadline_on(host, clock_of(*condition), *time));
}
SP_CALL(int, pthread_cond_clockwait,
        (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* time),
        (condition, mutex, clock, time)) {
  if (!stillpoint::kernel::valid(*time)) return EINVAL;
  return wait(host, call, condition, mutex, deadline_on(host, clock, *time));
}
SP_CALL(int, pthread_cond_signal, (pthread_cond_t * condition), (condition)) {
  host.wake_at(condition, 1);
  return 0;
}
SP_CALL(int, pthread_cond_broadcast, (pthread_cond_t * condition), (condition)) {
  host.wake_at(condition, INT_MAX);
  return 0;
}

// ---- semaphores ----

namespace {
int wait_semaphore(Host& host, const Call& call, sem_t* semaphore, std::optional<VirtualTime> deadline) {
  while (sem_trywait(semaphore) != 0) {
    if (errno != EAGAIN) return -1;
    require_sleep(host, call);
    const Woken woken = host.sleep_at(semaphore, deadline);
    if (woken == Woken::by_event) continue;
    errno = woken == Woken::by_timeout ? ETIMEDOUT : EINTR;
    return -1;
  }
  return 0;
}

int real_post(sem_t* semaphore) {
  static const auto real = reinterpret_cast<int (*)(sem_t*)>(dlsym(RTLD_NEXT, "sem_post"));
  return real(semaphore);
}
}  // namespace

SP_CALL(int, sem_wait, (sem_t * semaphore), (semaphore)) {
  return wait_semaphore(host, call, semaphore, std::nullopt);
}
SP_CALL(int, sem_timedwait, (sem_t * semaphore, const timespec* time), (semaphore, time)) {
  return wait_semaphore(host, call, semaphore, deadline_on(host, CLOCK_REALTIME, *time));
}
SP_CALL(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const timespec* time), (semaphore, clock, time)) {
  return wait_semaphore(host, call, semaphore, deadline_on(host, clock, *time));
}
SP_CALL(int, sem_post, (sem_t * semaphore), (semaphore)) {
  const int posted = real_post(semaphore);
  if (posted == 0) host.wake_at(semaphore, 1);
  return posted;
}

// ---- futexes, as std::atomic::wait, std::latch and std::future call them ----

namespace {
long futex(Host& host, const Call& call, long place, long operation, long value, long timeout, long) {
  constexpr long kPrivate = 128;
  constexpr long kRealtime = 256;
  constexpr long kWait = 0;
  constexpr long kWake = 1;
  constexpr long kWaitBitset = 9;
  constexpr long kWakeBitset = 10;
  const auto* word = reinterpret_cast<const int*>(place);
  const long command = operation & ~(kPrivate | kRealtime);
  if (command == kWake || command == kWakeBitset) return host.wake_at(word, static_cast<int>(value));
  if (command != kWait && command != kWaitBitset) unsupported(host, call, "this futex operation is not served");
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != static_cast<int>(value)) {
    errno = EAGAIN;
    return -1;
  }
  require_sleep(host, call);
  std::optional<VirtualTime> deadline;
  if (const auto* time = reinterpret_cast<const timespec*>(timeout); time != nullptr) {
    // futex(2): FUTEX_WAIT's time-out is relative, FUTEX_WAIT_BITSET's absolute.
    deadline = command == kWait
                   ? stillpoint::kernel::later(host.now(), stillpoint::kernel::duration_of(*time))
                   : deadline_on(host, (operation & kRealtime) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, *time);
  }
  const Woken woken = host.sleep_at(word, deadline);
  if (woken == Woken::by_event) return 0;
  errno = woken == Woken::by_timeout ? ETIMEDOUT : EINTR;
  return -1;
}
}  // namespace

SP_CALL(long, syscall, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f)) {
  if (number == SYS_futex) return futex(host, call, a, b, c, d, e);
  if (number == SYS_gettid && host.running_task() != nullptr) return host.running_task()->id;
  static char text[32];
  std::snprintf(text, sizeof text, "number %ld", number);
  unsupported(host, call, text);
}

SP_CALL(pid_t, gettid, (), ()) { return host.running_task() == nullptr ? host.pid() : host.running_task()->id; }

// ---- threads ----

SP_CALL(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t* attributes, void* (*start)(void*), void* argument),
        (thread, attributes, start, argument)) {
  std::size_t stack_size = 0;
  int detached = PTHREAD_CREATE_JOINABLE;
  if (attributes != nullptr) {
    pthread_attr_getstacksize(attributes, &stack_size);
    pthread_attr_getdetachstate(attributes, &detached);
  }
  if (host.running_task() == nullptr) unsupported(host, call, "no process runs here");
  Task& task = host.add_task(true);
  const auto started = host.process().start_thread(
      task, [&task, start, argument] { task.result = start(argument); }, stack_size);
  if (!started) {
    host.end_task(task);
    host.forget_task(task);
    return started.error();
  }
  *thread = task.handle;
  task.detached = detached == PTHREAD_CREATE_DETACHED;
  if (task.detached) {
    const stillpoint::kernel::CurrentHost none(nullptr);
    pthread_detach(task.handle);
  }
  return 0;
}

SP_CALL(int, pthread_join, (pthread_t thread, void** result), (thread, result)) {
  Task* task = host.find_task(thread);
  if (task == nullptr) return ESRCH;
  if (task == host.running_task()) return EDEADLK;
  if (task->detached) return EINVAL;
  while (!task->ended()) {
    require_sleep(host, call);
    host.sleep_at(task, std::nullopt);
  }
  if (result != nullptr) *result = task->result;
  {
    const stillpoint::kernel::CurrentHost none(nullptr);
    pthread_join(thread, nullptr);
  }
  host.forget_task(*task);
  return 0;
}

SP_CALL(int, pthread_detach, (pthread_t thread), (thread)) {
  Task* task = host.find_task(thread);
  if (task == nullptr) return ESRCH;
  if (task->detached) return EINVAL;
  task->detached = true;
  if (task->ended()) host.forget_task(*task);
  const stillpoint::kernel::CurrentHost none(nullptr);
  pthread_detach(thread);
  return 0;
}

SP_CALL(int, sched_yield, (), ()) {
  host.yield();
  return 0;
}

SP_CALL_AS(int, thread_atexit, "__cxa_thread_atexit_impl", (void (*function)(void*), void* argument, void* object),
           (function, argument, object)) {
  Task* task = host.running_task();
  if (task != nullptr && task->may_sleep) {
    task->at_exit.push_back({function, argument});
    return 0;
  }
  using Register = int (*)(void (*)(void*), void*, void*);
  static const auto real = reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__cxa_thread_atexit_impl"));
  return real(function, argument, object);
}
