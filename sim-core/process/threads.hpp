#pragma once
// The real threads behind a host's tasks, and the baton between them: exactly one thread of the simulation runs, the
// harness's or one of these. A thread runs from the moment it is given the baton until its task sleeps or ends, so it
// needs no locks against the kernel, and the order in which threads run is the seed's.
//
// A thread whose task has ended keeps standing until somebody ends it for real, holding the baton: what the C library
// does at the end of a thread (its stack, its memory arena) then happens at a place that the seed decides, too, and no
// two tasks that can still be joined have the same pthread_t. A thread that never ends (its host ended, or the run did)
// stands still for ever, with its stack and what it owns: it is abandoned, as the threads of a killed process are.
#include <semaphore.h>

#include <functional>

#include "sim-core/kernel/host.hpp"

namespace stillpoint::process {

// Waited for without spinning: where the machine is busy, whoever spins (as std::binary_semaphore does, with
// sched_yield) keeps the other from its turn.
class Turn {
 public:
  Turn() { sem_init(&semaphore_, 0, 0); }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;
  // It may go as soon as acquire() has returned: sem_post() then looks at nothing of it any more.
  ~Turn() = default;
  void release() { sem_post(&semaphore_); }
  void acquire() {
    while (sem_wait(&semaphore_) != 0) {
    }  // EINTR
  }

 private:
  sem_t semaphore_;
};

class Threads {
 public:
  Threads() = default;
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

  // Gives `task` a real thread, which will call `body` in its first turn. `stack_size` in bytes; 0: the default.
  // EAGAIN if the machine has no more threads.
  Status start(kernel::Task& task, std::function<void()> body, std::size_t stack_size = 0);
  // Lets the task's thread run until it gives the baton back. Called by the harness. If the task was detached and has
  // ended, there is no such task any more.
  void run(kernel::Task& task);
  // Gives the baton back, and returns when the task is run again. Called on the task's thread.
  void park(kernel::Task& task);
  // Gives the baton back for good: the whole process has ended, or its host lost its power. Called on the task's
  // thread.
  [[noreturn]] void park_for_ever(kernel::Task& task);
  // Ends the real thread of a task that has ended, and waits for that. Called by whoever has the baton.
  static void finish(kernel::Task& task);
  // Nothing of the host's will run again. Its threads stand still for ever; of their stacks, what is free is given
  // back, so that it does not count in what the run may use. Called by whoever has the baton.
  static void abandon(kernel::Host& host);

 private:
  struct Thread;
  class Ending;
  static void* begin(void* thread);
  static void give_stack_back(const kernel::Task& task);

  Turn harness_;
};

}  // namespace stillpoint::process
