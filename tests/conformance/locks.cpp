// pthreads(7), sem_overview(7): mutexes, conditions, semaphores, read-write and spin locks, barriers, once.
#include "tests/conformance/threads.hpp"

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

namespace stillpoint::test {
namespace {

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
                           {"once that throws", once_that_throws}};

const Suite kSuite("locks", kCases);

}  // namespace

}  // namespace stillpoint::test
