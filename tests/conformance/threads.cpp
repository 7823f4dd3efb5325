// pthreads(7): the beginning and the end of threads, and threads that share descriptors.
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

std::string thread_name(pthread_t thread, std::size_t room = 16) {
  char name[64];
  const int error = pthread_getname_np(thread, name, room);
  return error == 0 ? name : name_of(error);
}

void names_of_threads(World& w) {
  const std::string before = thread_name(pthread_self());
  w.note("set", name_of(pthread_setname_np(pthread_self(), "first")));
  w.note("is", thread_name(pthread_self()));
  sem_t named, end;
  sem_init(&named, 0, 0);
  sem_init(&end, 0, 0);
  std::string inherited;
  Thread thread([&]() -> void* {
    inherited = thread_name(pthread_self());
    sem_post(&named);
    sem_wait(&end);
    return nullptr;
  });
  sem_wait(&named);
  w.note("inherited", inherited);
  w.note("of another", name_of(pthread_setname_np(thread.id, "fifteen letters")));
  w.note("is then", thread_name(thread.id));
  w.note("too long", name_of(pthread_setname_np(thread.id, "sixteen letters!")));
  w.note("little room", thread_name(thread.id, 15));
  w.note("mine", thread_name(pthread_self()));
  sem_post(&end);
  thread.join();
  pthread_setname_np(pthread_self(), before.c_str());
}

void attributes_of_a_running_thread(World& w) {
  Thread thread([&]() -> void* {
    pthread_attr_t attributes;
    w.note("get", name_of(pthread_getattr_np(pthread_self(), &attributes)));
    void* stack = nullptr;
    std::size_t size = 0;
    pthread_attr_getstack(&attributes, &stack, &size);
    const auto* here = static_cast<char*>(__builtin_frame_address(0));
    w.note("stands on its stack", here >= stack && here < static_cast<char*>(stack) + size);
    pthread_attr_destroy(&attributes);
    return nullptr;
  });
  thread.join();
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

constexpr Case kCases[] = {{"results of joins", results_of_joins},
                           {"joining what runs", joining_what_runs},
                           {"joining what has ended", joining_what_has_ended},
                           {"names of threads", names_of_threads},
                           {"attributes of a running thread", attributes_of_a_running_thread},
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
