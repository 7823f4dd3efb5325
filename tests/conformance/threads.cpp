// pthreads(7): locks, conditions, semaphores, the beginning and the end of threads.
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string name_of(int error) { return error == 0 ? "0" : strerrorname_np(error); }
std::string outcome(int returned) { return result(returned); }

void nap(milliseconds duration) { std::this_thread::sleep_for(duration); }

timespec after(clockid_t clock, milliseconds duration) {
  timespec time{};
  clock_gettime(clock, &time);
  time.tv_nsec += std::chrono::nanoseconds(duration).count();
  time.tv_sec += time.tv_nsec / 1'000'000'000;
  time.tv_nsec %= 1'000'000'000;
  return time;
}

constexpr timespec kNoTime{0, 1'000'000'000};

class Thread {
 public:
  explicit Thread(std::function<void*()> body, const pthread_attr_t* attributes = nullptr) : body_(std::move(body)) {
    const auto start = [](void* self) { return static_cast<Thread*>(self)->body_(); };
    created = name_of(pthread_create(&id, attributes, start, this));
  }
  std::string join(void** value = nullptr) { return name_of(pthread_join(id, value)); }
  pthread_t id{};
  std::string created;

 private:
  std::function<void*()> body_;
};

// What another thread observes.
std::string elsewhere(const std::function<std::string()>& look) {
  std::string seen;
  std::thread([&] { seen = look(); }).join();
  return seen;
}

pthread_mutex_t mutex_of(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return mutex;
}

// ---- mutexes ----

void kinds_of_mutexes(World& w) {
  pthread_mutex_t normal = mutex_of(PTHREAD_MUTEX_NORMAL);
  w.note("lock", name_of(pthread_mutex_lock(&normal)));
  w.note("try it again", name_of(pthread_mutex_trylock(&normal)));
  w.note("try it elsewhere", elsewhere([&] { return name_of(pthread_mutex_trylock(&normal)); }));
  w.note("unlock", name_of(pthread_mutex_unlock(&normal)));

  pthread_mutex_t recursive = mutex_of(PTHREAD_MUTEX_RECURSIVE);
  w.note("lock twice", name_of(pthread_mutex_lock(&recursive)) + name_of(pthread_mutex_lock(&recursive)));
  w.note("unlock once", name_of(pthread_mutex_unlock(&recursive)));
  w.note("elsewhere", elsewhere([&] { return name_of(pthread_mutex_trylock(&recursive)); }));
  w.note("unlock it elsewhere", elsewhere([&] { return name_of(pthread_mutex_unlock(&recursive)); }));
  w.note("unlock twice", name_of(pthread_mutex_unlock(&recursive)));
  w.note("unlock once more", name_of(pthread_mutex_unlock(&recursive)));

  pthread_mutex_t checking = mutex_of(PTHREAD_MUTEX_ERRORCHECK);
  w.note("lock a checking one", name_of(pthread_mutex_lock(&checking)));
  w.note("lock it again", name_of(pthread_mutex_lock(&checking)));
  w.note("unlock it elsewhere", elsewhere([&] { return name_of(pthread_mutex_unlock(&checking)); }));
  w.note("unlock", name_of(pthread_mutex_unlock(&checking)));
  w.note("unlock again", name_of(pthread_mutex_unlock(&checking)));
}

void waiting_for_a_mutex(World& w) {
  pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL);
  std::string order;
  pthread_mutex_lock(&mutex);
  std::thread other([&] {
    order += "asks ";
    pthread_mutex_lock(&mutex);
    order += "has it ";
    pthread_mutex_unlock(&mutex);
  });
  nap(20ms);
  order += "gives it ";
  pthread_mutex_unlock(&mutex);
  other.join();
  w.note("order", order);
}

void time_outs_of_mutexes(World& w) {
  pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL);
  const timespec past{1, 0};
  w.note("free, the time is over", name_of(pthread_mutex_timedlock(&mutex, &past)));
  w.note("taken, the time is over", elsewhere([&] { return name_of(pthread_mutex_timedlock(&mutex, &past)); }));
  w.note("taken, no time", elsewhere([&] { return name_of(pthread_mutex_timedlock(&mutex, &kNoTime)); }));
  const timespec soon = after(CLOCK_REALTIME, 10ms);
  w.note("taken, until soon", elsewhere([&] { return name_of(pthread_mutex_timedlock(&mutex, &soon)); }));
  const timespec soon_too = after(CLOCK_MONOTONIC, 10ms);
  w.note("on the other clock",
         elsewhere([&] { return name_of(pthread_mutex_clocklock(&mutex, CLOCK_MONOTONIC, &soon_too)); }));
  w.note("on a third clock", name_of(pthread_mutex_clocklock(&mutex, CLOCK_BOOTTIME, &soon_too)));
  std::thread giver([&] {
    nap(10ms);
    pthread_mutex_unlock(&mutex);
  });
  const timespec later = after(CLOCK_REALTIME, 5s);
  w.note("given in time", name_of(pthread_mutex_timedlock(&mutex, &later)));
  giver.join();
}

void a_free_mutex_needs_no_time(World& w) {
  pthread_mutex_t mutex = mutex_of(PTHREAD_MUTEX_NORMAL);
  w.note("no time", name_of(pthread_mutex_timedlock(&mutex, &kNoTime)));
  pthread_mutex_t checking = mutex_of(PTHREAD_MUTEX_ERRORCHECK);
  pthread_mutex_lock(&checking);
  w.note("its own, no time", name_of(pthread_mutex_timedlock(&checking, &kNoTime)));
  w.note("destroy", name_of(pthread_mutex_destroy(&mutex)));
  w.note("destroy what is locked", name_of(pthread_mutex_destroy(&checking)));
}

// ---- conditions ----

struct Condition {
  explicit Condition(clockid_t clock = CLOCK_REALTIME) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, clock);
    pthread_cond_init(&condition, &attributes);
    pthread_condattr_destroy(&attributes);
  }
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition;
  int value = 0;
};

void time_outs_of_conditions(World& w) {
  for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    Condition c(clock);
    pthread_mutex_lock(&c.mutex);
    const timespec past{1, 0};
    const timespec negative{-1, 0};
    const timespec soon = after(clock, 15ms);
    w.note("past", name_of(pthread_cond_timedwait(&c.condition, &c.mutex, &past)));
    w.note("before time", name_of(pthread_cond_timedwait(&c.condition, &c.mutex, &negative)));
    w.note("no time", name_of(pthread_cond_timedwait(&c.condition, &c.mutex, &kNoTime)));
    w.note("soon", name_of(pthread_cond_timedwait(&c.condition, &c.mutex, &soon)));
    const timespec now = after(clock, 0ms);
    w.note("it was not too early",
           now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec));
    w.note("the mutex is held", elsewhere([&] { return name_of(pthread_mutex_trylock(&c.mutex)); }));
    pthread_mutex_unlock(&c.mutex);
  }
}

void any_clock_for_a_wait(World& w) {
  Condition c;
  pthread_mutex_lock(&c.mutex);
  const timespec soon = after(CLOCK_MONOTONIC, 10ms);
  w.note("monotonic", name_of(pthread_cond_clockwait(&c.condition, &c.mutex, CLOCK_MONOTONIC, &soon)));
  const timespec soon_too = after(CLOCK_REALTIME, 10ms);
  w.note("real", name_of(pthread_cond_clockwait(&c.condition, &c.mutex, CLOCK_REALTIME, &soon_too)));
  w.note("boot", name_of(pthread_cond_clockwait(&c.condition, &c.mutex, CLOCK_BOOTTIME, &soon)));
  pthread_mutex_unlock(&c.mutex);
}

void one_and_all(World& w) {
  Condition c;
  int waiting = 0, woken = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      pthread_mutex_lock(&c.mutex);
      ++waiting;
      while (c.value == 0) pthread_cond_wait(&c.condition, &c.mutex);
      --c.value;
      ++woken;
      pthread_mutex_unlock(&c.mutex);
    });
  }
  const auto woken_after = [&](int value, int (*wake)(pthread_cond_t*)) {
    nap(15ms);
    pthread_mutex_lock(&c.mutex);
    c.value += value;
    wake(&c.condition);
    pthread_mutex_unlock(&c.mutex);
    nap(15ms);
    return std::to_string(woken) + " of " + std::to_string(waiting);
  };
  w.note("one", woken_after(1, pthread_cond_signal));
  w.note("one, though there is enough for two", woken_after(2, pthread_cond_signal));
  w.note("all", woken_after(3, pthread_cond_broadcast));
  for (std::thread& thread : threads) thread.join();
  w.note("nobody waits", name_of(pthread_cond_signal(&c.condition)) + name_of(pthread_cond_broadcast(&c.condition)));
  w.note("destroy", name_of(pthread_cond_destroy(&c.condition)));
}

void a_signal_is_not_kept(World& w) {
  Condition c;
  pthread_cond_signal(&c.condition);
  pthread_mutex_lock(&c.mutex);
  const timespec soon = after(CLOCK_REALTIME, 10ms);
  w.note("wait", name_of(pthread_cond_timedwait(&c.condition, &c.mutex, &soon)));
  pthread_mutex_unlock(&c.mutex);
}

void a_wait_gives_the_mutex_back(World& w) {
  Condition c;
  std::string order;
  pthread_mutex_lock(&c.mutex);
  std::thread other([&] {
    pthread_mutex_lock(&c.mutex);
    order += "other ";
    c.value = 1;
    pthread_cond_signal(&c.condition);
    order += "signalled ";
    nap(10ms);
    order += "unlocks ";
    pthread_mutex_unlock(&c.mutex);
  });
  while (c.value == 0) pthread_cond_wait(&c.condition, &c.mutex);
  order += "main";
  pthread_mutex_unlock(&c.mutex);
  other.join();
  w.note("order", order);
}

// ---- semaphores ----

void counting(World& w) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 2);
  const auto value = [&] {
    int now = 0;
    sem_getvalue(&semaphore, &now);
    return std::to_string(now);
  };
  w.note("wait", outcome(sem_wait(&semaphore)));
  w.note("value", value());
  w.note("try", outcome(sem_trywait(&semaphore)));
  w.note("try again", outcome(sem_trywait(&semaphore)));
  w.note("post", outcome(sem_post(&semaphore)));
  w.note("value after", value());
  w.note("destroy", outcome(sem_destroy(&semaphore)));
  w.note("too large", outcome(sem_init(&semaphore, 0, static_cast<unsigned>(SEM_VALUE_MAX) + 1)));
  sem_init(&semaphore, 0, SEM_VALUE_MAX);
  w.note("one too many", outcome(sem_post(&semaphore)));
}

void time_outs_of_semaphores(World& w) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 1);
  const timespec past{1, 0};
  w.note("there is one", outcome(sem_timedwait(&semaphore, &past)));
  w.note("there is none", outcome(sem_timedwait(&semaphore, &past)));
  w.note("no time", outcome(sem_timedwait(&semaphore, &kNoTime)));
  const timespec soon = after(CLOCK_MONOTONIC, 10ms);
  w.note("until soon", outcome(sem_clockwait(&semaphore, CLOCK_MONOTONIC, &soon)));
  w.note("on a third clock", outcome(sem_clockwait(&semaphore, CLOCK_BOOTTIME, &soon)));
  std::thread poster([&] {
    nap(10ms);
    sem_post(&semaphore);
  });
  const timespec later = after(CLOCK_REALTIME, 5s);
  w.note("posted in time", outcome(sem_timedwait(&semaphore, &later)));
  poster.join();
}

void a_post_wakes_one(World& w) {
  sem_t semaphore;
  sem_init(&semaphore, 0, 0);
  std::atomic<int> through = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&] {
      sem_wait(&semaphore);
      ++through;
    });
  }
  for (int i = 0; i < 3; ++i) {
    nap(10ms);
    w.note("through before", std::to_string(through));
    sem_post(&semaphore);
  }
  for (std::thread& thread : threads) thread.join();
  w.note("through", std::to_string(through));
}

// ---- read-write locks ----

void readers_and_writers(World& w) {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  const auto try_read = [&] {
    const int error = pthread_rwlock_tryrdlock(&lock);
    if (error == 0) pthread_rwlock_unlock(&lock);
    return name_of(error);
  };
  const auto try_write = [&] {
    const int error = pthread_rwlock_trywrlock(&lock);
    if (error == 0) pthread_rwlock_unlock(&lock);
    return name_of(error);
  };
  w.note("read", name_of(pthread_rwlock_rdlock(&lock)));
  w.note("another reader", elsewhere(try_read));
  w.note("a writer", elsewhere(try_write));
  w.note("read again", name_of(pthread_rwlock_rdlock(&lock)));
  w.note("unlock twice", name_of(pthread_rwlock_unlock(&lock)) + name_of(pthread_rwlock_unlock(&lock)));
  w.note("write", name_of(pthread_rwlock_wrlock(&lock)));
  w.note("a reader", elsewhere(try_read));
  w.note("another writer", elsewhere(try_write));
  w.note("the writer writes", name_of(pthread_rwlock_wrlock(&lock)));
  w.note("the writer reads", name_of(pthread_rwlock_rdlock(&lock)));
  w.note("unlock", name_of(pthread_rwlock_unlock(&lock)));
}

void waiting_for_a_writer(World& w) {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  std::atomic<int> reading = 0;
  std::string order;
  pthread_rwlock_wrlock(&lock);
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      pthread_rwlock_rdlock(&lock);
      ++reading;
      nap(20ms);
      pthread_rwlock_unlock(&lock);
    });
  }
  nap(10ms);
  w.note("reading while it writes", std::to_string(reading));
  pthread_rwlock_unlock(&lock);
  nap(10ms);
  w.note("reading then", std::to_string(reading));
  w.note("write after them", name_of(pthread_rwlock_wrlock(&lock)));
  for (std::thread& reader : readers) reader.join();
}

void time_outs_of_rwlocks(World& w) {
  pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
  pthread_rwlock_wrlock(&lock);
  const auto elsewhere_until = [&](auto wait) {
    return elsewhere([&] {
      const timespec soon = after(CLOCK_REALTIME, 10ms);
      return name_of(wait(&lock, &soon));
    });
  };
  w.note("read", elsewhere_until(pthread_rwlock_timedrdlock));
  w.note("write", elsewhere_until(pthread_rwlock_timedwrlock));
  w.note("no time", elsewhere([&] { return name_of(pthread_rwlock_timedrdlock(&lock, &kNoTime)); }));
  w.note("on the other clock", elsewhere([&] {
           const timespec soon = after(CLOCK_MONOTONIC, 10ms);
           return name_of(pthread_rwlock_clockwrlock(&lock, CLOCK_MONOTONIC, &soon));
         }));
  w.note("its own, no time", name_of(pthread_rwlock_timedwrlock(&lock, &kNoTime)));
  const timespec soon = after(CLOCK_REALTIME, 10ms);
  w.note("its own", name_of(pthread_rwlock_timedwrlock(&lock, &soon)));
}

// ---- barriers, spin locks, once ----

void barriers(World& w) {
  pthread_barrier_t barrier;
  w.note("of nobody", name_of(pthread_barrier_init(&barrier, nullptr, 0)));
  w.note("of three", name_of(pthread_barrier_init(&barrier, nullptr, 3)));
  std::atomic<int> serial = 0, through = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round) {
        serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
        ++through;
      }
    });
  }
  for (int round = 0; round < 3; ++round) {
    nap(10ms);
    w.note("through", std::to_string(through));
    serial += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
  }
  for (std::thread& thread : threads) thread.join();
  w.note("one of each round", std::to_string(serial));
  w.note("destroy", name_of(pthread_barrier_destroy(&barrier)));
}

void a_barrier_of_one(World& w) {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 1);
  for (int i = 0; i < 2; ++i) w.note("serial", pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD);
  w.note("destroy", name_of(pthread_barrier_destroy(&barrier)));
}

void spin_locks(World& w) {
  pthread_spinlock_t lock;
  pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
  w.note("lock", name_of(pthread_spin_lock(&lock)));
  w.note("try", name_of(pthread_spin_trylock(&lock)));
  std::string order;
  std::thread other([&] {
    pthread_spin_lock(&lock);
    order += "other ";
    pthread_spin_unlock(&lock);
  });
  nap(10ms);
  order += "main ";
  w.note("unlock", name_of(pthread_spin_unlock(&lock)));
  other.join();
  w.note("order", order);
}

pthread_once_t once_control;
std::atomic<int> once_runs;

void once(World& w) {
  once_control = PTHREAD_ONCE_INIT;
  once_runs = 0;
  std::atomic<int> too_early = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      pthread_once(&once_control, [] {
        nap(10ms);
        ++once_runs;
      });
      too_early += once_runs == 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  w.note("runs", std::to_string(once_runs));
  w.note("too early", std::to_string(too_early));
  w.note("again", name_of(pthread_once(&once_control, [] { ++once_runs; })));
  w.note("runs after", std::to_string(once_runs));
}

void once_that_throws(World& w) {
  std::once_flag flag;
  std::string order;
  for (int i = 0; i < 3; ++i) {
    try {
      std::call_once(flag, [&] {
        order += "called ";
        if (i == 0) throw std::runtime_error("not yet");
      });
    } catch (const std::runtime_error&) {
      order += "thrown ";
    }
  }
  w.note("order", order);
}

// ---- beginning and end ----

void results_of_joins(World& w) {
  int place = 0;
  Thread thread([&] { return &place; });
  void* value = nullptr;
  w.note("create", thread.created);
  w.note("join", thread.join(&value));
  w.note("its result", value == &place);
  w.note("join itself", name_of(pthread_join(pthread_self(), nullptr)));
}

void joining_what_runs(World& w) {
  std::string order;
  Thread thread([&]() -> void* {
    nap(15ms);
    order += "ends ";
    return nullptr;
  });
  w.note("try", name_of(pthread_tryjoin_np(thread.id, nullptr)));
  const timespec soon = after(CLOCK_REALTIME, 1ms);
  w.note("until soon", name_of(pthread_timedjoin_np(thread.id, nullptr, &soon)));
  const timespec later = after(CLOCK_MONOTONIC, 5s);
  w.note("until later", name_of(pthread_clockjoin_np(thread.id, nullptr, CLOCK_MONOTONIC, &later)));
  w.note("order", order);
}

void joining_what_has_ended(World& w) {
  int place = 0;
  Thread thread([&] { return &place; });
  nap(10ms);
  void* value = nullptr;
  w.note("try", name_of(pthread_tryjoin_np(thread.id, &value)));
  w.note("its result", value == &place);
}

void detached(World& w) {
  sem_t begin, end;
  sem_init(&begin, 0, 0);
  sem_init(&end, 0, 0);
  Thread thread([&]() -> void* {
    sem_wait(&begin);
    sem_post(&end);
    return nullptr;
  });
  w.note("detach", name_of(pthread_detach(thread.id)));
  w.note("detach again", name_of(pthread_detach(thread.id)));
  w.note("join", thread.join());
  w.note("try to join", name_of(pthread_tryjoin_np(thread.id, nullptr)));
  sem_post(&begin);
  sem_wait(&end);
  nap(5ms);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  Thread from_the_start(
      [&]() -> void* {
        sem_wait(&begin);
        sem_post(&end);
        return nullptr;
      },
      &attributes);
  w.note("join one that was created so", from_the_start.join());
  sem_post(&begin);
  sem_wait(&end);
  nap(5ms);
  pthread_attr_destroy(&attributes);
}

void detaching_what_has_ended(World& w) {
  Thread thread([]() -> void* { return nullptr; });
  nap(10ms);
  w.note("detach", name_of(pthread_detach(thread.id)));
  Thread next([]() -> void* { return nullptr; });
  w.note("the next one", next.join());
}

void many_threads(World& w) {
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int i = 1; i <= 60; ++i) threads.emplace_back([&, i] { sum += i; });
  for (std::thread& thread : threads) thread.join();
  w.note("sum", std::to_string(sum));
}

struct Teller {
  std::string* order;
  const char* name;
  ~Teller() { *order += std::string(name) + ' '; }
};

void exiting(World& w) {
  std::string order;
  int place = 0;
  Thread thread([&]() -> void* {
    const Teller outer{&order, "outer"};
    thread_local Teller of_thread{nullptr, "thread"};
    of_thread.order = &order;
    [&] {
      const Teller inner{&order, "inner"};
      pthread_exit(&place);
    }();
    order += "never ";
    return nullptr;
  });
  void* value = nullptr;
  w.note("join", thread.join(&value));
  w.note("its result", value == &place);
  w.note("destructors", order);
}

void cleanup_handlers(World& w) {
  static std::string order;
  order.clear();
  Thread thread([]() -> void* {
    pthread_cleanup_push([](void*) { order += "first "; }, nullptr);
    pthread_cleanup_push([](void*) { order += "second "; }, nullptr);
    pthread_cleanup_push([](void*) { order += "third "; }, nullptr);
    pthread_cleanup_pop(1);
    pthread_exit(nullptr);
    pthread_cleanup_pop(0);
    pthread_cleanup_pop(0);
    return nullptr;
  });
  w.note("join", thread.join());
  w.note("order", order);
}

std::string thread_local_order;
struct Local {
  explicit Local(const char* its_name) : name(its_name) {}
  ~Local() { thread_local_order += std::string(name) + ' '; }
  void touch() {}
  const char* name;
};
thread_local Local local_a("a"), local_b("b");

void destructors_of_thread_locals(World& w) {
  thread_local_order.clear();
  std::thread([] {
    thread_local Local own("own");
    own.touch();
    local_a.touch();
    thread_local_order += "body ";
  }).join();
  w.note("order", thread_local_order);
  thread_local_order.clear();
  std::thread([] {}).join();
  w.note("of a thread that touches none", thread_local_order);
}

pthread_key_t key_a, key_b;
std::string key_order;

void destructors_of_keys(World& w) {
  key_order.clear();
  w.note("create", name_of(pthread_key_create(&key_a, [](void* value) {
           key_order += std::string(static_cast<const char*>(value)) + ' ';
           // Again, until there is nothing left or it has been done often enough.
           if (key_order.size() < 100) pthread_setspecific(key_b, "by a");
         })));
  pthread_key_create(&key_b, [](void* value) {
    key_order += std::string(static_cast<const char*>(value)) + ' ';
    pthread_setspecific(key_a, "by b");
  });
  pthread_setspecific(key_a, "of main");
  std::thread([] {
    thread_local Local local("thread_local");
    local.touch();
    thread_local_order.clear();
    key_order += pthread_getspecific(key_a) == nullptr ? "none " : "inherited ";
    pthread_setspecific(key_a, "of the thread");
  }).join();
  w.note("order", key_order);
  w.note("main keeps its own", std::string(static_cast<const char*>(pthread_getspecific(key_a))));
  w.note("delete", name_of(pthread_key_delete(key_a)) + name_of(pthread_key_delete(key_b)));
  w.note("delete again", name_of(pthread_key_delete(key_a)));
  key_order.clear();
  std::thread([] { static_cast<void>(pthread_setspecific(key_b, "of no key")); }).join();
  w.note("after that", key_order);
}

void each_its_own(World& w) {
  errno = EDOM;
  w.note("errno elsewhere", elsewhere([] { return std::to_string(errno); }));
  w.note("errno here", errno == EDOM);
  w.note("one process", elsewhere([pid = getpid()] { return getpid() == pid ? "yes" : "no"; }));
  w.note("other threads", elsewhere([tid = gettid()] { return gettid() != tid ? "yes" : "no"; }));
  w.note("main is the process", getpid() == gettid());
  const pthread_t self = pthread_self();
  w.note("self elsewhere", elsewhere([self] { return pthread_equal(self, pthread_self()) != 0 ? "equal" : "other"; }));
}

// ---- threads and descriptors ----

void a_write_wakes_a_reader(World& w) {
  const int fd = w.keep(eventfd(0, 0));
  std::string order;
  std::thread reader([&] {
    eventfd_t value = 0;
    order += "reads ";
    eventfd_read(fd, &value);
    order += std::to_string(value);
  });
  nap(10ms);
  order += "writes ";
  eventfd_write(fd, 7);
  reader.join();
  w.note("order", order);
}

void two_threads_poll(World& w) {
  const int fd = w.keep(eventfd(0, 0));
  std::atomic<int> ready = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      pollfd entry{fd, POLLIN, 0};
      ready += ::poll(&entry, 1, 5'000);
    });
  }
  nap(10ms);
  eventfd_write(fd, 1);
  for (std::thread& thread : threads) thread.join();
  w.note("ready", std::to_string(ready));
}

void one_of_two_readers_gets_it(World& w) {
  const int fd = w.keep(eventfd(0, EFD_SEMAPHORE));
  std::atomic<int> got = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      eventfd_t value = 0;
      if (eventfd_read(fd, &value) == 0) ++got;
    });
  }
  nap(10ms);
  eventfd_write(fd, 1);
  nap(10ms);
  w.note("got it", std::to_string(got));
  eventfd_write(fd, 1);
  for (std::thread& thread : threads) thread.join();
  w.note("got it then", std::to_string(got));
}

void threads_talk_by_tcp(World& w) {
  const int listener = w.listener();
  const int port = w.port_of(listener);
  std::string got;
  std::thread client([&] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = address_of(INADDR_LOOPBACK, port);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return;
    if (::send(fd, "question", 8, MSG_NOSIGNAL) != 8) return;
    char bytes[16];
    const ssize_t count = ::read(fd, bytes, sizeof bytes);
    if (count > 0) got.assign(bytes, static_cast<std::size_t>(count));
    ::close(fd);
  });
  w.note("a connection comes", w.wait_for(listener, POLLIN));
  w.note("accept", w.accept(listener));
  const int fd = w.last();
  w.note("a question comes", w.wait_for(fd, POLLIN));
  w.note("question", w.receive(fd));
  nap(5ms);
  w.note("answer", w.send(fd, "answer"));
  client.join();
  w.note("it got", got);
  w.note("the end comes", w.wait_for(fd, POLLIN));
  w.note("then", w.receive(fd));
}

constexpr Case kCases[] = {{"kinds of mutexes", kinds_of_mutexes},
                           {"waiting for a mutex", waiting_for_a_mutex},
                           {"time-outs of mutexes", time_outs_of_mutexes},
                           {"a free mutex needs no time", a_free_mutex_needs_no_time},
                           {"time-outs of conditions, on both clocks", time_outs_of_conditions},
                           {"any clock for a wait", any_clock_for_a_wait},
                           {"one and all", one_and_all},
                           {"a signal is not kept", a_signal_is_not_kept},
                           {"a wait gives the mutex back", a_wait_gives_the_mutex_back},
                           {"a semaphore counts", counting},
                           {"time-outs of semaphores", time_outs_of_semaphores},
                           {"a post wakes one", a_post_wakes_one},
                           {"readers and writers", readers_and_writers},
                           {"waiting for a writer", waiting_for_a_writer},
                           {"time-outs of read-write locks", time_outs_of_rwlocks},
                           {"barriers", barriers},
                           {"a barrier of one", a_barrier_of_one},
                           {"spin locks", spin_locks},
                           {"once", once},
                           {"once that throws", once_that_throws},
                           {"results of joins", results_of_joins},
                           {"joining what runs", joining_what_runs},
                           {"joining what has ended", joining_what_has_ended},
                           {"detached", detached},
                           {"detaching what has ended", detaching_what_has_ended},
                           {"many threads", many_threads},
                           {"pthread_exit unwinds", exiting},
                           {"cleanup handlers", cleanup_handlers},
                           {"destructors of thread_local objects", destructors_of_thread_locals},
                           {"destructors of keys", destructors_of_keys},
                           {"what is each thread's own", each_its_own},
                           {"a write wakes a reader", a_write_wakes_a_reader},
                           {"two threads poll", two_threads_poll},
                           {"one of two readers gets it", one_of_two_readers_gets_it},
                           {"threads talk by TCP", threads_talk_by_tcp}};

const Suite kSuite("threads", kCases);

}  // namespace

}  // namespace stillpoint::test
