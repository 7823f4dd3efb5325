// A host's process ends while the machine goes on, by itself or killed, and makes room for another one.
#include <csignal>

#include "sim-core/kernel/graveyard.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

void Host::halt(int status) { end_process(status, {}); }

void Host::end_process(int status, Cause cause) {
  const EventId end = kernel_.trace.event(EventKind::exit, kernel_.queue.now(), where(), 0,
                                          static_cast<std::uint64_t>(status), 0, cause);
  last_end_ = killed_ ? end : kNoEvent;
  halted_ = true;
  runnable_.clear();
  timers.remove_all();
  for (const auto& task : tasks_) end_task(*task);
  close_files();
  if (storage_ != nullptr) mappings.remove_all(storage_->files);
  kernel_.queue.cancel(*this);
}

// Threads that stood in the midst of a call hold files from their stacks, and will never let them go.
void Host::close_files() {
  const std::vector<File*> held = descriptors.held_elsewhere();
  for (File* file : held) file->add_reference();
  descriptors.close_all();
  for (File* file : held) {
    if (file->last_reference()) {
      file->drop_reference();
      continue;
    }
    file->close_for_good();
    graveyard().bury(file);
  }
}

void Host::kill(Cause cause) {
  SP_ASSERT(alive());
  if (!running_) return kill_process(cause);
  if (!ending()) end_asked_ = EndAsked{cause, std::nullopt};
  if (running_task_ != nullptr && running_task_->may_sleep) process_->stand_still();
}

void Host::kill_process(Cause cause) {
  killed_ = true;
  process_->abandon();
  end_process(SIGKILL, cause);
  process_->killed();
}

// What is left of a process that has ended: tasks that nobody joined, what it had set.
void Host::leave_process() {
  if (!killed_) process_->abandon();
  abandon_tasks();
  abandon_timers();
  forget_process();
  if (storage_ != nullptr) storage_->start_process();
}

}  // namespace stillpoint::kernel
