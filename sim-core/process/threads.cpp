#include "sim-core/process/threads.hpp"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <memory>

#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/thread_keys.hpp"

namespace stillpoint::process {

namespace {

// Where handlers of a stack that overflowed can run: at the top of the thread's own. A sanitizer may have made one.
class AlternateStack {
 public:
  AlternateStack() {
    stack_t before{};
    sigaltstack(nullptr, &before);
    if ((before.ss_flags & SS_DISABLE) == 0) return;
    stack_t stack{};
    stack.ss_sp = memory_;
    stack.ss_size = sizeof memory_;
    used_ = sigaltstack(&stack, nullptr) == 0;
  }
  AlternateStack(const AlternateStack&) = delete;
  AlternateStack& operator=(const AlternateStack&) = delete;
  ~AlternateStack() {
    const kernel::CurrentHost none(nullptr);
    stack_t stack{};
    stack.ss_flags = SS_DISABLE;
    if (used_) sigaltstack(&stack, nullptr);
  }

 private:
  bool used_ = false;
  alignas(16) char memory_[64 * 1024];
};

}  // namespace

struct Threads::Thread {
  Thread(Threads& its_threads, kernel::Task& its_task, std::function<void()> what)
      : threads(its_threads), task(its_task), body(std::move(what)) {}
  Threads& threads;
  kernel::Task& task;
  std::function<void()> body;
  Turn turn;
  bool over = false;             // it stands at its end
  const char* stands = nullptr;  // where on its stack
};

Status Threads::start(kernel::Task& task, std::function<void()> body, std::size_t stack_size) {
  const kernel::CurrentHost none(nullptr);
  auto thread = std::make_unique<Thread>(*this, task, std::move(body));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack_size > 0) pthread_attr_setstacksize(&attributes, stack_size + sizeof(AlternateStack));
  pthread_t real{};
  const int error = pthread_create(&real, &attributes, &Threads::begin, thread.get());
  pthread_attr_destroy(&attributes);
  if (error != 0) return Failure{error};
  task.thread = thread.release();  // the thread's own from now on
  task.handle = real;
  return Done{};
}

void Threads::run(kernel::Task& task) {
  const kernel::CurrentHost none(nullptr);
  kernel::Host& host = task.host;
  kernel::Task* const before = host.running_task();
  host.run_as(&task);
  auto* thread = static_cast<Thread*>(task.thread);
  thread->turn.release();
  harness_.acquire();
  host.run_as(before);
  if (!thread->over || !task.detached) return;
  finish(task);
  host.forget_task(task);
}

void Threads::park(kernel::Task& task) {
  const kernel::CurrentHost none(nullptr);
  const int saved_errno = errno;  // the real wait has its own
  // Whoever gets the baton may end the run, and the task with it, before this thread comes to wait.
  Thread& thread = *static_cast<Thread*>(task.thread);
  thread.stands = static_cast<const char*>(__builtin_frame_address(0));
  harness_.release();
  thread.turn.acquire();
  errno = saved_errno;
}

void Threads::park_for_ever(kernel::Task& task) {
  static_cast<Thread*>(task.thread)->stands = static_cast<const char*>(__builtin_frame_address(0));
  kernel::set_current_host(nullptr);
  Turn never;
  harness_.release();
  for (;;) never.acquire();
}

void Threads::finish(kernel::Task& task) {
  const kernel::CurrentHost none(nullptr);
  static_cast<Thread*>(task.thread)->turn.release();
  pthread_join(task.handle, nullptr);
}

// What is below where it stands, but for the calls in which it waits. A mapping that cannot be written counts in no
// limit (RLIMIT_DATA in setrlimit(2)).
void Threads::give_stack_back(const kernel::Task& task) {
  constexpr std::uintptr_t kNeeded = 64 * 1024;
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto stands = reinterpret_cast<std::uintptr_t>(static_cast<Thread*>(task.thread)->stands);
  pthread_attr_t attributes;
  if (pthread_getattr_np(task.handle, &attributes) != 0) return;
  void* lowest = nullptr;
  std::size_t size = 0;
  pthread_attr_getstack(&attributes, &lowest, &size);
  pthread_attr_destroy(&attributes);
  const auto from = reinterpret_cast<std::uintptr_t>(lowest);
  const std::uintptr_t to = (stands - kNeeded) / page * page;
  if (stands == 0 || to <= from || to - from > size) return;
  madvise(lowest, to - from, MADV_DONTNEED);
  mprotect(lowest, to - from, PROT_NONE);
}

void Threads::abandon(kernel::Host& host) {
  const kernel::CurrentHost none(nullptr);
  host.for_each_task([](const kernel::Task& task) {
    if (task.thread != nullptr) give_stack_back(task);
  });
}

namespace {

// pthread_key_create(3p): destructors of values that are not null, again as long as they leave any.
void destroy_values() {
  for (int round = 0; round < PTHREAD_DESTRUCTOR_ITERATIONS; ++round) {
    bool any = false;
    for (const auto& [key, destructor] : kernel::thread_keys) {
      void* value = pthread_getspecific(key);
      if (value == nullptr) continue;
      pthread_setspecific(key, nullptr);
      destructor(value);
      any = true;
    }
    if (!any) return;
  }
}

}  // namespace

// What a thread does last, also where pthread_exit unwinds its stack.
class Threads::Ending {
 public:
  explicit Ending(Thread& thread) : thread_(thread) {}
  Ending(const Ending&) = delete;
  Ending& operator=(const Ending&) = delete;
  ~Ending() {
    kernel::Task& task = thread_.task;
    kernel::Host& host = task.host;
    task.run_at_exit();
    destroy_values();
    host.end_task(task);
    // pthread_exit(3), NOTES: the last thread ends the process as exit(0) does.
    if (!host.any_task()) host.process().exit(0);
    thread_.body = nullptr;
    kernel::set_current_host(nullptr);
    host.wake_at(&task, INT_MAX);
    thread_.over = true;
    thread_.stands = static_cast<const char*>(__builtin_frame_address(0));
    thread_.threads.harness_.release();
    thread_.turn.acquire();
  }

 private:
  Thread& thread_;
};

void* Threads::begin(void* argument) {
  const std::unique_ptr<Thread> thread(static_cast<Thread*>(argument));
  interpose::arm_thread();
  const AlternateStack for_the_last_signal;
  thread->turn.acquire();
  errno = 0;  // as a new thread's is; the real wait may have left another
  const kernel::CurrentHost host(&thread->task.host);
  const Ending ending(*thread);
  thread->task.host.handle_signals();  // those that came before its first turn
  thread->body();
  return nullptr;
}

}  // namespace stillpoint::process
