#pragma once
// A thread of a host's process, as the kernel knows it: whether it may run, and what it waits for.
//
// One task of the whole simulation runs at a time. It gives the processor back only in Host::sleep(), so the kernel
// needs no locks. The main task of a host that is driven by its event loop cannot sleep: the harness itself stands on
// its stack. What executes a task (a real thread, the harness's own stack) is the business of process/.
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/file.hpp"
#include "sim-core/kernel/signals.hpp"

namespace stillpoint::kernel {

class Host;

enum class Woken : std::uint8_t {
  by_event,    // what it waits for may have come: look again
  by_timeout,  // the deadline passed
  by_signal,   // a signal wants to be handled (EINTR)
};

class Task {
 public:
  Task(Host& owner, int number, bool sleeps) : host(owner), id(number), may_sleep(sleeps) { timeout_.task = this; }
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  ~Task();

  Host& host;
  const int id;          // what gettid() returns; the main task's is the process's
  const bool may_sleep;  // false: whatever would block it stops the run
  // What process/ keeps of it.
  void* thread = nullptr;
  unsigned long handle = 0;  // its pthread_t
  // ---- of a thread, as pthread_join and pthread_detach know it ----
  void* result = nullptr;  // what its start routine returned
  bool detached = false;
  std::string name;  // pthread_setname_np(3); empty: the host's
  // Destructors of thread_local objects: called by the thread itself, last one first.
  struct AtExit {
    void (*function)(void*);
    void* argument;
  };
  std::vector<AtExit> at_exit;
  void run_at_exit();

  TaskSignals signals;
  // What CLOCK_THREAD_CPUTIME_ID shows: the slices in which it ran.
  Duration cpu_time{};

  bool runnable() const { return state_ == State::runnable; }
  bool sleeping() const { return state_ == State::sleeping; }
  bool ended() const { return state_ == State::ended; }
  // Makes a sleeping task runnable, because of `cause`. A task that is not asleep is left as it is.
  void wake(Woken why, EventId cause);

 private:
  friend class Host;
  enum class State : std::uint8_t { runnable, sleeping, ended };
  struct Timeout final : Event {
    Task* task = nullptr;
    void fire() override { task->wake(Woken::by_timeout, kNoEvent); }
  };

  State state_ = State::runnable;
  Woken woken_ = Woken::by_event;
  Timeout timeout_;
  Deadline deadline_ = std::nullopt;  // of its sleep
};

// What the running task will wait for: files that it watches while this object lives. It holds the files, so that they
// outlive the wait even if another thread closes their descriptors.
class WaitSet {
 public:
  explicit WaitSet(Task& task) : task_(task) {}
  WaitSet(const WaitSet&) = delete;
  WaitSet& operator=(const WaitSet&) = delete;
  ~WaitSet();
  // Wakes the task when one of these EPOLL* events may hold; errors and hang-ups always count.
  void add(File& file, std::uint32_t events);

 private:
  struct Watch final : Watcher {
    void on_ready(std::uint32_t ready, EventId cause) override;
    void on_gone() override { file->leave(*this); }  // the file is held: its process has ended
    Task* task = nullptr;
    File* file = nullptr;
    std::uint32_t events = 0;
  };
  Task& task_;
  std::list<Watch> watches_;
};

// Tasks that wait for something that is no file (a lock, the end of a thread), in the order of their coming.
class TaskQueue {
 public:
  bool empty() const { return waiting_.empty(); }
  void push(Task& task) { waiting_.push_back(&task); }
  // False if it is not there (any more).
  bool remove(Task& task) { return waiting_.remove(&task) > 0; }
  Task& pop() {
    Task* first = waiting_.front();
    waiting_.pop_front();
    return *first;
  }

 private:
  std::list<Task*> waiting_;
};

}  // namespace stillpoint::kernel
