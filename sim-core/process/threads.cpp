#include "sim-core/process/threads.hpp"

#include <pthread.h>

#include <memory>

#include "sim-core/kernel/current.hpp"

namespace stillpoint::process {

using kernel::current_host;

struct Threads::Thread {
  Threads& threads;
  kernel::Task& task;
  std::function<void()> body;
  std::binary_semaphore turn{0};
};

Status Threads::start(kernel::Task& task, std::function<void()> body, std::size_t stack_size) {
  const kernel::CurrentHost none(nullptr);
  auto thread = std::make_unique<Thread>(*this, task, std::move(body));
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  if (stack_size > 0) pthread_attr_setstacksize(&attributes, stack_size);
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
  static_cast<Thread*>(task.thread)->turn.release();
  harness_.acquire();
  host.run_as(before);
}

void Threads::park(kernel::Task& task) {
  const kernel::CurrentHost none(nullptr);
  harness_.release();
  static_cast<Thread*>(task.thread)->turn.acquire();
}

void Threads::park_for_ever() {
  current_host = nullptr;
  std::binary_semaphore never{0};
  harness_.release();
  for (;;) never.acquire();
}

void* Threads::begin(void* argument) {
  const std::unique_ptr<Thread> thread(static_cast<Thread*>(argument));
  thread->turn.acquire();
  {
    const kernel::CurrentHost host(&thread->task.host);
    thread->task.host.handle_signals();  // those that came before its first turn
    thread->body();
    thread->body = nullptr;
    thread->task.run_at_exit();
  }
  kernel::Task& task = thread->task;
  task.host.end_task(task);
  task.host.wake_at(&task, 1);
  if (task.detached) task.host.forget_task(task);
  thread->threads.harness_.release();
  return nullptr;
}

}  // namespace stillpoint::process
