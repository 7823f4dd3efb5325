// A host loses its power, and gets it back: what ends with a life of it, and what outlasts it.
#include <fmt/format.h>

#include <memory>
#include <utility>

#include "sim-core/kernel/graveyard.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/standard_streams.hpp"

namespace stillpoint::kernel {
namespace {

// As new, where it stands.
template <typename T, typename... Arguments>
void renew(T& object, Arguments&&... arguments) {
  std::destroy_at(&object);
  std::construct_at(&object, std::forward<Arguments>(arguments)...);
}

}  // namespace

// Also where a kill was asked for in this turn: without power there is nothing left to kill.
void Host::crash(Cause cause, Peers peers) {
  SP_ASSERT(!down_);
  SP_ASSERT(!crashing());
  if (!running_) return lose_power(cause, peers);
  end_asked_ = EndAsked{cause, peers};
  if (running_task_ != nullptr && running_task_->may_sleep) process_->stand_still();
  kernel_.fabric.silent = id_;
  storage().lose_power();
}

void Host::end_as_asked() {
  const EndAsked asked = *std::exchange(end_asked_, std::nullopt);
  if (asked.crash) return lose_power(asked.cause, *asked.crash);
  if (alive()) kill_process(asked.cause);
}

void Host::crash_at_next_call(Cause cause) {
  crash_at_next_call_ = cause;
  free_calls_in_turn_ = 1;
  (observed_ ? calls_before_observed_ : calls_until_toll_) = 1;
}

void Host::do_not_crash_at_next_call() {
  crash_at_next_call_.reset();
  if (!watches_calls()) free_calls_in_turn_ = kFreeCallsInTurn;
}

// Unless somebody resets its connections nobody is told: of what the host had with others, they hear when they speak to
// it, or not at all.
void Host::lose_power(Cause cause, Peers peers) {
  EventQueue& queue = kernel_.queue;
  queue.cancel(*this);
  ++kernel_.power_losses;
  kernel_.fabric.silent = kHarness;
  const auto open = static_cast<std::uint64_t>(descriptors.count());
  const std::size_t ends = kernel_.tcp.ends_at(id_);
  last_end_ = kernel_.trace.event(EventKind::crash, queue.now(), where(), 0, open, ends, cause);
  kernel_.fabric.power_down(id_, last_end_);
  kernel_.tcp.forget_host(id_, last_end_, peers == Peers::reset ? net::Farewell::reset : net::Farewell::none);
  kernel_.udp.forget_host(id_);
  if (storage_ != nullptr) storage_->crash(last_end_);
  if (process_ != nullptr) process_->abandon();
  abandon_tasks();
  abandon_files();
  forget_process();
  busy_until_ = {};
  down_ = true;
}

// Threads stand still where they are, on stacks that refer to their tasks.
void Host::abandon_tasks() {
  for (const auto& task : tasks_) {
    kernel_.queue.cancel(task->timeout_);
    kernel_.threads_left_behind += task->thread != nullptr;
  }
  runnable_.clear();
  waiting_.clear();
  name_queries.clear();
  graveyard().bury(std::exchange(tasks_, {}));
  tasks_made_ = 0;
  running_task_ = nullptr;
}

void Host::abandon_timers() {
  renew(timers, *this);
  for (IntervalTimer* timer = first_timer_; timer != nullptr; timer = timer->next_) kernel_.queue.cancel(*timer);
  first_timer_ = nullptr;
  cancelled_by_steps_.clear();
}

void Host::abandon_files() {
  abandon_timers();
  unix_names.forget_all();
  mappings.forget();
  graveyard().bury(descriptors.abandon());
}

void Host::forget_process() {
  process_ = nullptr;
  polls_ = false;
  halted_ = false;
  killed_ = false;
  end_effects_on_process();
  renew(signals, *this);
  renew(random_numbers);
  limits = Limits(options_.descriptor_limit);
  descriptors.set_limit(options_.descriptor_limit);
  last_read = kNoEvent;
  observe(false);
  crash_at_next_call_.reset();
  free_calls_in_turn_ = calls_until_toll_ = watches_calls() ? 1 : kFreeCallsInTurn;
  woken_while_running_ = false;
  cpu_time_ = unpaid_ = Duration::zero();
}

void Host::power_up() {
  down_ = false;
  kernel_.fabric.power_up(id_);
  kernel_.tcp.host_is_back(where());
  clocks_.reboot(kernel_.queue.now());
  key_streams();
  open_standard_streams(*this);
}

// A further process on a machine that goes on.
void Host::start_anew() {
  key_streams();
  open_standard_streams(*this);
}

// Each life draws from streams of its own: what one of them draws does not hang on how much another one drew.
void Host::key_streams() {
  if (boot_ == 1) return;  // it crashed before its first boot
  const std::string entity = fmt::format("{}/{}", options_.name, boot_);
  order_ = RandomStream(kernel_.seed, "order", entity);
  entropy_ = RandomStream(kernel_.seed, "entropy", entity);
  threads_ = RandomStream(kernel_.seed, "threads", entity);
}

}  // namespace stillpoint::kernel
