#include "sim-core/kernel/task.hpp"

#include <sys/epoll.h>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

Task::~Task() { host.kernel().queue.cancel(timeout_); }

void Task::wake(Woken why, EventId cause) {
  if (state_ != State::sleeping) return;
  state_ = State::runnable;
  woken_ = why;
  host.task_became_runnable(*this, cause);
}

void Task::run_at_exit() {
  while (!at_exit.empty()) {
    const AtExit last = at_exit.back();
    at_exit.pop_back();
    last.function(last.argument);
  }
}

WaitSet::~WaitSet() {
  for (Watch& watch : watches_) {
    watch.file->leave(watch);
    watch.file->drop_reference();
  }
}

void WaitSet::add(File& file, std::uint32_t events) {
  Watch& watch = watches_.emplace_back();
  watch.task = &task_;
  watch.file = &file;
  watch.events = events | EPOLLERR | EPOLLHUP;
  file.add_reference();
  file.watch(watch);
}

void WaitSet::Watch::on_ready(std::uint32_t ready, EventId cause) {
  if ((ready & events) != 0) task->wake(Woken::by_event, cause);
}

}  // namespace stillpoint::kernel
