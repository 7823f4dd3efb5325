// pthreads(7): the calls that begin, end and synchronise threads. Each thread is a task of its host; locks are real
// ones, taken by trying, and whoever does not get one sleeps in virtual time.
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/system_call_name.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/thread_keys.hpp"

namespace {

using stillpoint::Result;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::name_of_system_call;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::restarts;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_at;
using stillpoint::kernel::Deadline;
using stillpoint::kernel::Host;
using stillpoint::kernel::Task;
using stillpoint::kernel::Woken;

// An absolute time on one of the host's clocks.
Deadline deadline_on(clockid_t clock, const timespec& time) {
  return Deadline::on(clock, stillpoint::kernel::duration_of(time));
}

// The function of that name which would have been called without us.
template <typename Function>
Function* real(Function*, const char* name) {
  return stillpoint::interpose::real_function<Function*>(nullptr, name);
}
#define SP_REAL(name)                                  \
  [] {                                                 \
    static const auto function = real(&::name, #name); \
    return function;                                   \
  }()

// A host whose only thread is its event loop waits for ever, for real: the supervisor calls that a deadlock, and says
// where.
bool deadlocks(Host& host) { return host.running_task() == nullptr || !host.may_ever_wake(); }

bool valid_nanoseconds(const timespec& time) { return time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000; }
bool valid_clock(clockid_t clock) { return clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME; }

// The number that the real kernel gives the running thread, which real locks note as their owner.
pid_t real_thread() {
  const stillpoint::kernel::TrapsOff unseen;
  return SP_REAL(gettid)();
}

// A time-out as pthread calls take it: absolute, on a clock.
struct Until {
  clockid_t clock;
  const timespec* time;
};

// Tries again and again to get a lock that is real, sleeping at its address in between. Nothing but the wait itself
// minds what the time-out is (pthread_mutex_timedlock(3p)).
template <typename Attempt>
int lock_by_trying(Host& host, const Call& call, const void* lock, std::optional<Until> until, Attempt attempt) {
  for (;;) {
    const int error = attempt();
    if (error != EBUSY) return error;
    require_sleep(host, call);
    Deadline deadline = std::nullopt;
    if (until) {
      if (!valid_nanoseconds(*until->time)) return EINVAL;
      deadline = deadline_on(until->clock, *until->time);
    }
    if (wait_at(host, lock, deadline) == Woken::by_timeout) return ETIMEDOUT;
  }
}

int lock(Host& host, const Call& call, pthread_mutex_t* mutex, std::optional<Until> until = std::nullopt) {
  const int error = SP_REAL(pthread_mutex_trylock)(mutex);
  if (error != EBUSY) return error;
  // Only a lock that checks for errors notices that its owner waits for itself.
  const bool checks = (mutex->__data.__kind & 3) == PTHREAD_MUTEX_ERRORCHECK_NP;
  if (checks && mutex->__data.__owner == real_thread()) return EDEADLK;
  if (!until && deadlocks(host)) {
    const stillpoint::kernel::TrapsOff for_ever;
    return SP_REAL(pthread_mutex_lock)(mutex);
  }
  return lock_by_trying(host, call, mutex, until, [mutex] { return SP_REAL(pthread_mutex_trylock)(mutex); });
}

int unlock(Host& host, pthread_mutex_t* mutex) {
  const int error = SP_REAL(pthread_mutex_unlock)(mutex);
  if (error == 0 && host.anyone_waits_at_addresses()) host.wake_at(mutex, 1);
  return error;
}

int wait(Host& host, const Call& call, pthread_cond_t* condition, pthread_mutex_t* mutex, Deadline deadline) {
  if (deadline.never() && deadlocks(host)) {
    const stillpoint::kernel::TrapsOff for_ever;
    return SP_REAL(pthread_cond_wait)(condition, mutex);
  }
  require_sleep(host, call);
  if (const int error = unlock(host, mutex); error != 0) return error;
  const Woken woken = wait_at(host, condition, deadline);
  if (const int error = lock(host, call, mutex); error != 0) return error;
  return woken == Woken::by_timeout ? ETIMEDOUT : 0;
}

}  // namespace

// Locks and unlocks as glibc's nptl/pthread_mutex_lock.c does it in a process of one thread: no other thread of the
// simulation runs meanwhile. Asio does little else more often. A plain mutex notes no owner that anybody looks at.
namespace {
bool is_plain(const Host& host, const pthread_mutex_t& mutex) {
  return mutex.__data.__kind == PTHREAD_MUTEX_TIMED_NP && !host.observed() && !host.signals.any();
}
bool lock_at_once(const Host& host, pthread_mutex_t& mutex) {
  if (mutex.__data.__lock != 0 || !is_plain(host, mutex)) return false;
  mutex.__data.__lock = 1;
  ++mutex.__data.__nusers;
  return true;
}
bool unlock_at_once(const Host& host, pthread_mutex_t& mutex) {
  if (mutex.__data.__lock != 1 || !is_plain(host, mutex) || host.anyone_waits_at_addresses()) return false;
  mutex.__data.__owner = 0;  // it may have been locked by glibc
  --mutex.__data.__nusers;
  mutex.__data.__lock = 0;
  return true;
}
}  // namespace

SP_CALL_UNLESS(lock_at_once(*current, *mutex), int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex)) {
  return lock(host, call, mutex);
}
SP_CALL_UNLESS(unlock_at_once(*current, *mutex), int, pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex)) {
  return unlock(host, mutex);
}
SP_CALL(int, pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* time), (mutex, time)) {
  return lock(host, call, mutex, Until{CLOCK_REALTIME, time});
}
SP_CALL(int, pthread_mutex_clocklock, (pthread_mutex_t * mutex, clockid_t clock, const timespec* time),
        (mutex, clock, time)) {
  if (!valid_clock(clock)) return EINVAL;
  return lock(host, call, mutex, Until{clock, time});
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
  if (!valid_nanoseconds(*time)) return EINVAL;
  return wait(host, call, condition, mutex, deadline_on(clock_of(*condition), *time));
}
SP_CALL(int, pthread_cond_clockwait,
        (pthread_cond_t * condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* time),
        (condition, mutex, clock, time)) {
  if (!valid_nanoseconds(*time) || !valid_clock(clock)) return EINVAL;
  return wait(host, call, condition, mutex, deadline_on(clock, *time));
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
int wait_semaphore(Host& host, const Call& call, sem_t* semaphore, Deadline deadline) {
  while (sem_trywait(semaphore) != 0) {
    if (errno != EAGAIN) return -1;
    require_sleep(host, call);
    const Woken woken = host.sleep_at(semaphore, deadline);
    if (woken == Woken::by_event) continue;
    // futex(2): a wait with a time-out is not begun again.
    if (woken == Woken::by_signal && deadline.never() && restarts(host)) continue;
    errno = woken == Woken::by_timeout ? ETIMEDOUT : EINTR;
    return -1;
  }
  return 0;
}

int wait_semaphore_until(Host& host, const Call& call, sem_t* semaphore, clockid_t clock, const timespec& time) {
  if (!valid_nanoseconds(time) || !valid_clock(clock)) {
    errno = EINVAL;
    return -1;
  }
  return wait_semaphore(host, call, semaphore, deadline_on(clock, time));
}
}  // namespace

SP_CALL(int, sem_wait, (sem_t * semaphore), (semaphore)) { return wait_semaphore(host, call, semaphore, std::nullopt); }
SP_CALL(int, sem_timedwait, (sem_t * semaphore, const timespec* time), (semaphore, time)) {
  return wait_semaphore_until(host, call, semaphore, CLOCK_REALTIME, *time);
}
SP_CALL(int, sem_clockwait, (sem_t * semaphore, clockid_t clock, const timespec* time), (semaphore, clock, time)) {
  return wait_semaphore_until(host, call, semaphore, clock, *time);
}
SP_CALL(int, sem_post, (sem_t * semaphore), (semaphore)) {
  const int posted = SP_REAL(sem_post)(semaphore);
  if (posted == 0) host.wake_at(semaphore, 1);
  return posted;
}

// ---- read-write locks ----

namespace {

using Try = int (*)(pthread_rwlock_t*);

int lock(Host& host, const Call& call, pthread_rwlock_t* lock, Try attempt, std::optional<Until> until = std::nullopt) {
  // Here glibc minds the time-out even where it is not needed (pthread_rwlock_common.c).
  if (until && (!valid_clock(until->clock) || !valid_nanoseconds(*until->time))) return EINVAL;
  if (const int error = attempt(lock); error != EBUSY) return error;
  // The writer itself, as pthread_rwlock_common.c has it.
  if (lock->__data.__cur_writer == real_thread()) return EDEADLK;
  return lock_by_trying(host, call, lock, until, [=] { return attempt(lock); });
}

}  // namespace

SP_CALL(int, pthread_rwlock_rdlock, (pthread_rwlock_t * rwlock), (rwlock)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_tryrdlock));
}
SP_CALL(int, pthread_rwlock_wrlock, (pthread_rwlock_t * rwlock), (rwlock)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_trywrlock));
}
SP_CALL(int, pthread_rwlock_timedrdlock, (pthread_rwlock_t * rwlock, const timespec* time), (rwlock, time)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_tryrdlock), Until{CLOCK_REALTIME, time});
}
SP_CALL(int, pthread_rwlock_timedwrlock, (pthread_rwlock_t * rwlock, const timespec* time), (rwlock, time)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_trywrlock), Until{CLOCK_REALTIME, time});
}
SP_CALL(int, pthread_rwlock_clockrdlock, (pthread_rwlock_t * rwlock, clockid_t clock, const timespec* time),
        (rwlock, clock, time)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_tryrdlock), Until{clock, time});
}
SP_CALL(int, pthread_rwlock_clockwrlock, (pthread_rwlock_t * rwlock, clockid_t clock, const timespec* time),
        (rwlock, clock, time)) {
  return lock(host, call, rwlock, SP_REAL(pthread_rwlock_trywrlock), Until{clock, time});
}
SP_CALL(int, pthread_rwlock_unlock, (pthread_rwlock_t * rwlock), (rwlock)) {
  const int error = SP_REAL(pthread_rwlock_unlock)(rwlock);
  if (error == 0 && host.anyone_waits_at_addresses()) host.wake_at(rwlock, INT_MAX);
  return error;
}

// ---- spin locks: whoever would spin sleeps, as the holder could not get on meanwhile ----

SP_CALL(int, pthread_spin_lock, (pthread_spinlock_t * spinlock), (spinlock)) {
  const void* address = const_cast<const int*>(spinlock);
  return lock_by_trying(host, call, address, std::nullopt, [=] { return SP_REAL(pthread_spin_trylock)(spinlock); });
}
SP_CALL(int, pthread_spin_unlock, (pthread_spinlock_t * spinlock), (spinlock)) {
  const int error = SP_REAL(pthread_spin_unlock)(spinlock);
  if (host.anyone_waits_at_addresses()) host.wake_at(const_cast<const int*>(spinlock), INT_MAX);
  return error;
}

// ---- barriers and once ----

namespace {

// struct pthread_barrier of glibc's internaltypes.h, as pthread_barrier_init and pthread_barrier_destroy know it. `in`
// is zero again between rounds, and `out` always.
struct Barrier {
  unsigned in;
  unsigned round;
  unsigned count;
  int shared;
  unsigned out;
};
static_assert(sizeof(Barrier) <= sizeof(pthread_barrier_t));

constexpr int kOnceRuns = 1;
constexpr int kOnceDone = 2;  // what glibc's pthread_once.c has, too

// Whatever way the function is left by, somebody else may try again, unless it is done.
class Once {
 public:
  Once(Host& host, int* control) : host_(host), control_(control) { *control_ = kOnceRuns; }
  Once(const Once&) = delete;
  Once& operator=(const Once&) = delete;
  ~Once() {
    *control_ = done ? kOnceDone : 0;
    host_.wake_at(control_, INT_MAX);
  }
  bool done = false;

 private:
  Host& host_;
  int* control_;
};

// Code that looks on from outside, or is the scenario's, may throw exceptions: the unwinder comes by here, once with
// something to do.
bool done_by_observer(Host& host, pthread_once_t* control, void (*function)()) {
  if (!host.observed() || (*control & kOnceRuns) != 0) return false;
  if ((*control & kOnceDone) != 0) return true;
  Once once(host, control);
  function();
  once.done = true;
  return true;
}

}  // namespace

SP_CALL(int, pthread_barrier_wait, (pthread_barrier_t * barrier), (barrier)) {
  auto& state = *reinterpret_cast<Barrier*>(barrier);
  const unsigned round = state.round;
  if (++state.in == state.count) {
    state.in = 0;
    ++state.round;
    host.wake_at(barrier, INT_MAX);
    return PTHREAD_BARRIER_SERIAL_THREAD;
  }
  require_sleep(host, call);
  while (state.round == round) wait_at(host, barrier, std::nullopt);
  return 0;
}

SP_CALL_UNLESS(done_by_observer(*current, control, function), int, pthread_once,
               (pthread_once_t * control, void (*function)()), (control, function)) {
  while ((*control & kOnceDone) == 0) {
    if ((*control & kOnceRuns) != 0) {
      require_sleep(host, call);
      wait_at(host, control, std::nullopt);
      continue;
    }
    Once once(host, control);
    function();
    once.done = true;
  }
  return 0;
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
  const auto* longest = reinterpret_cast<const timespec*>(timeout);
  if (longest != nullptr && !stillpoint::is_readable(longest)) return fail(host, call, EFAULT);
  if (!stillpoint::is_readable(word)) return fail(host, call, EFAULT);
  if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != static_cast<int>(value)) {
    errno = EAGAIN;
    return -1;
  }
  require_sleep(host, call);
  Deadline deadline = std::nullopt;
  if (longest != nullptr) {
    // futex(2): FUTEX_WAIT's time-out is relative, FUTEX_WAIT_BITSET's absolute.
    deadline = command == kWait
                   ? host.clocks().after(host.now(), stillpoint::kernel::duration_of(*longest))
                   : deadline_on((operation & kRealtime) != 0 ? CLOCK_REALTIME : CLOCK_MONOTONIC, *longest);
  }
  Woken woken = host.sleep_at(word, deadline);
  while (woken == Woken::by_signal && deadline.never() && restarts(host)) {
    if (__atomic_load_n(word, __ATOMIC_SEQ_CST) != static_cast<int>(value)) return fail(host, call, EAGAIN);
    woken = host.sleep_at(word, deadline);
  }
  if (woken == Woken::by_event) return 0;
  errno = woken == Woken::by_timeout ? ETIMEDOUT : EINTR;
  return -1;
}
}  // namespace

SP_CALL(long, syscall, (long number, long a, long b, long c, long d, long e, long f), (number, a, b, c, d, e, f)) {
  if (number == SYS_futex) return futex(host, call, a, b, c, d, e);
  // By number, as libuv calls them: the same as by name.
  if (number == SYS_close) return close(static_cast<int>(a));
  if (number == SYS_getpid) return host.pid();
  if (number == SYS_getrandom)
    return getrandom(reinterpret_cast<void*>(a), static_cast<size_t>(b), static_cast<unsigned>(c));
  if (number == SYS_gettid && host.running_task() != nullptr) return host.running_task()->id;
  unsupported(host, call, name_of_system_call(number));
}

SP_CALL(pid_t, gettid, (), ()) { return host.running_task() == nullptr ? host.pid() : host.running_task()->id; }

// ---- threads ----

// pthread_setname_np(3): of 15 characters at most.
namespace {
constexpr std::size_t kNameRoom = 16;  // TASK_COMM_LEN
}
SP_CALL(int, pthread_setname_np, (pthread_t thread, const char* name), (thread, name)) {
  const std::string wanted(name, strnlen(name, kNameRoom));
  if (wanted.size() >= kNameRoom) return ERANGE;
  Task* task = host.find_task(thread);
  if (task == nullptr || task->ended()) return ESRCH;
  task->name = wanted;
  return 0;
}

SP_CALL(int, pthread_getname_np, (pthread_t thread, char* name, size_t room), (thread, name, room)) {
  if (room < kNameRoom) return ERANGE;
  Task* task = host.find_task(thread);
  if (task == nullptr || task->ended()) return ESRCH;
  const std::string& own = task->name.empty() ? host.name() : task->name;
  name[own.copy(name, kNameRoom - 1)] = '\0';
  return 0;
}

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
  task.name = host.running_task()->name;  // prctl(2), PR_SET_NAME: inherited
  const auto started = host.process().start_thread(
      task, [&task, start, argument] { task.result = start(argument); }, stack_size);
  if (!started) {
    host.end_task(task);
    host.forget_task(task);
    return started.error();
  }
  *thread = task.handle;
  task.detached = detached == PTHREAD_CREATE_DETACHED;
  return 0;
}

namespace {

// Its result, once the thread has ended. The real thread ends here.
int take_result(Host& host, Task& task, void** result) {
  if (result != nullptr) *result = task.result;
  host.process().finish_thread(task);
  host.forget_task(task);
  return 0;
}

// Signals do not interrupt it (pthread_join(3p)).
int join(Host& host, const Call& call, pthread_t thread, void** result, std::optional<Until> until) {
  Task* task = host.find_task(thread);
  if (task == nullptr) return ESRCH;
  if (task == host.running_task()) return EDEADLK;
  if (task->detached) return EINVAL;
  Deadline deadline = std::nullopt;
  if (until) {
    if (!valid_nanoseconds(*until->time) || !valid_clock(until->clock)) return EINVAL;
    deadline = deadline_on(until->clock, *until->time);
  }
  while (!task->ended()) {
    require_sleep(host, call);
    if (wait_at(host, task, deadline) == Woken::by_timeout && !task->ended()) return ETIMEDOUT;
  }
  return take_result(host, *task, result);
}

}  // namespace

SP_CALL(int, pthread_join, (pthread_t thread, void** result), (thread, result)) {
  return join(host, call, thread, result, std::nullopt);
}
SP_CALL(int, pthread_timedjoin_np, (pthread_t thread, void** result, const timespec* time), (thread, result, time)) {
  return join(host, call, thread, result, Until{CLOCK_REALTIME, time});
}
SP_CALL(int, pthread_clockjoin_np, (pthread_t thread, void** result, clockid_t clock, const timespec* time),
        (thread, result, clock, time)) {
  return join(host, call, thread, result, Until{clock, time});
}
SP_CALL(int, pthread_tryjoin_np, (pthread_t thread, void** result), (thread, result)) {
  Task* task = host.find_task(thread);
  if (task == nullptr) return ESRCH;
  if (!task->ended()) return EBUSY;
  return task->detached ? EINVAL : take_result(host, *task, result);
}

SP_CALL(int, pthread_detach, (pthread_t thread), (thread)) {
  Task* task = host.find_task(thread);
  if (task == nullptr) return ESRCH;
  if (task->detached) return EINVAL;
  task->detached = true;
  if (task->ended()) take_result(host, *task, nullptr);
  return 0;
}

// The real one unwinds the stack; what follows is the end of the thread as by returning (process/threads.cpp).
extern "C" [[noreturn]] void sp_pthread_exit(void* result) __asm__("pthread_exit");
extern "C" void sp_pthread_exit(void* result) {
  if (Host* host = stillpoint::kernel::current_host; host != nullptr) {
    const Call call{"pthread_exit", __builtin_return_address(0)};
    if (host->observed()) unsupported(*host, call, "in observer mode");
    require_sleep(*host, call);
    host->running_task()->result = result;
  }
  reinterpret_cast<void (*)(void*)>(dlsym(RTLD_NEXT, "pthread_exit"))(result);
  __builtin_unreachable();
}

// Destructors are called by process/threads.cpp, while the thread still is one of its host.
namespace {
int create_key(pthread_key_t* key, void (*destructor)(void*)) {
  const int error = SP_REAL(pthread_key_create)(key, nullptr);
  if (error == 0 && destructor != nullptr) stillpoint::kernel::thread_keys[*key] = destructor;
  return error;
}
}  // namespace
SP_CALL(int, pthread_key_create, (pthread_key_t * key, void (*destructor)(void*)), (key, destructor)) {
  return create_key(key, destructor);
}
// Its other name, by which libstdc++ knows it.
SP_CALL_AS(int, pthread_key_create_internal, "__pthread_key_create", (pthread_key_t * key, void (*destructor)(void*)),
           (key, destructor)) {
  return create_key(key, destructor);
}
SP_CALL(int, pthread_key_delete, (pthread_key_t key), (key)) {
  stillpoint::kernel::thread_keys.erase(key);
  return SP_REAL(pthread_key_delete)(key);
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
  using Register = int(void (*)(void*), void*, void*);
  static const auto registered = real(static_cast<Register*>(nullptr), "__cxa_thread_atexit_impl");
  return registered(function, argument, object);
}
