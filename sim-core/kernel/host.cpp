#include "sim-core/kernel/host.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/standard_streams.hpp"
#include "sim-core/kernel/timerfd.hpp"

namespace stillpoint::kernel {
namespace {
constexpr std::uint64_t kFreeClockReadsInTurn = 1'000;
constexpr std::uint64_t kFreeClockReadsAtInstant = 100'000;
// A process that always has more to do must still let others run at the same instant, and be caught in the end.
constexpr unsigned kMostFreeTurns = 1'000;
constexpr Duration kCallCost = std::chrono::microseconds(1);
// Of calls, and of spun time: so much at once.
constexpr unsigned kCallsPerToll = 100;
constexpr Duration kQuantum = kCallsPerToll * kCallCost;
// Thread numbers of different hosts never meet: a host has its process id, and every so many after it.
constexpr int kTaskStride = 100'000;
}  // namespace

namespace {
[[noreturn]] void only_programs() {
  constexpr bool kOnlyAProgramCallsThis = false;
  SP_ASSERT(kOnlyAProgramCallsThis);
  std::abort();
}
}  // namespace

void Process::park(Task&) { only_programs(); }
Status Process::start_thread(Task&, std::function<void()>, std::size_t) { return Failure{EAGAIN}; }
void Process::finish_thread(Task&) { only_programs(); }
void Process::exit(int) { only_programs(); }
void Process::die(int) { only_programs(); }
void Process::stand_still() { only_programs(); }
void Process::at_exit(void (*)(void*), void*) { only_programs(); }

Host::Host(Kernel& kernel, HostId id, HostOptions options)
    : signals(*this),
      unix_names(*this, kernel.seed, options.name),
      descriptors(options.descriptor_limit),
      limits(options.descriptor_limit),
      kernel_(kernel),
      id_(id),
      options_(std::move(options)),
      order_(kernel.seed, "order", options_.name),
      entropy_(kernel.seed, "entropy", options_.name),
      threads_(kernel.seed, "threads", options_.name) {
  influence_changed();
  open_standard_streams(*this);
}

Host::~Host() {
  halted_ = true;  // what is closed now may be watched, and must not make it run again
  kernel_.queue.cancel(*this);
  descriptors.close_all();
}

void Host::boot(Process& process) {
  SP_ASSERT(!alive());
  SP_ASSERT(boot_ < kMostBoots);
  const bool on_running_machine = halted_;
  if (on_running_machine) leave_process();
  process_ = &process;
  polls_ = process.polls();
  ++boot_;
  if (down_) power_up();
  if (on_running_machine) start_anew();
  add_task(!polls_);
  const Cause cause = last_end_ == kNoEvent ? Cause{} : Cause{last_end_, CauseKind::fault};
  wake(kernel_.trace.event(EventKind::boot, kernel_.queue.now(), where(), 0, address().v4(), 0, cause));
}

void Host::wake(EventId cause) {
  if (running_) {
    woken_while_running_ = true;
    return;
  }
  if (scheduled() || process_ == nullptr || halted_) return;
  schedule_slice(cause);
}

void Host::schedule_slice(EventId cause) {
  if (influenced_) [[unlikely]]
    return schedule_slice_under_influence(cause);
  wake_cause_ = cause;
  const VirtualTime start = std::max(kernel_.queue.now(), busy_until_);
  kernel_.queue.schedule(*this, start + slice_cost_, next_rank());
}

void Host::fire() {
  if (influenced_ && begins_later()) [[unlikely]]
    return;
  ++slices_;
  const Duration cost = slice_cost_;
  const EventId slice =
      kernel_.trace.event(EventKind::slice, kernel_.queue.now(), where(), slices_,
                          static_cast<std::uint64_t>(cost.count()), 0, {wake_cause_, CauseKind::wakeup});
  if (influenced_) [[unlikely]]
    note_delays(slice);
  if (kernel_.queue.now() > busy_until_) clock_reads_at_instant_ = 0;
  running_ = true;
  slice_ = slice;
  cpu_time_ += cost;
  unpaid_ = cost;
  bool more = true;
  {
    const CurrentHost current(this);
    kernel_.last_to_turn = id_;
    const unsigned turns = cost == Duration::zero() ? kMostFreeTurns : 1;
    process_->enter();
    for (turn_ = 0; turn_ < turns && more && !ending(); ++turn_) {
      woken_while_running_ = false;
      clock_reads_in_turn_ = 0;
      calls_until_toll_ = free_calls_in_turn_;
      ++kernel_.turns;
      if (polls_) running_task_ = tasks_.front().get();
      more = process_->step();
      kernel_.tcp.cause_of_next_send = {};
      kernel_.tcp.on_behalf_of.clear();
      more = more || woken_while_running_;
    }
    process_->leave();
  }
  running_ = false;
  slice_ = kNoEvent;
  running_task_ = nullptr;  // what is called now, when the process is torn down, is no turn of it
  main_task().cpu_time += std::exchange(unpaid_, Duration::zero());
  busy_until_ = now();
  get_ahead(-spun_);
  if (influenced_) [[unlikely]]
    fall_asleep();
  if (ending()) [[unlikely]]
    return end_as_asked();
  if (more && !halted_) schedule_slice(slice);
}

// ---- threads ----

Task& Host::add_task(bool may_sleep) {
  tasks_.push_back(std::make_unique<Task>(*this, pid() + tasks_made_++ * kTaskStride, may_sleep));
  Task& task = *tasks_.back();
  if (running_task_ != nullptr) task.signals.blocked = running_task_->signals.blocked;  // pthread_sigmask(3)
  if (may_sleep) task_became_runnable(task, kNoEvent);
  return task;
}

void Host::end_task(Task& task) {
  std::erase(runnable_, &task);
  if (task.timeout_.scheduled()) kernel_.queue.cancel(task.timeout_);
  task.state_ = Task::State::ended;
  if (signals.any()) signals.task_ended(task);
}

void Host::forget_task(Task& task) {
  SP_ASSERT(task.ended());
  std::erase_if(tasks_, [&](const auto& each) { return each.get() == &task; });
}

bool Host::any_task() const {
  return std::ranges::any_of(tasks_, [](const auto& task) { return !task->ended(); });
}

Task* Host::find_task(unsigned long handle) const {
  for (const auto& task : tasks_) {
    if (task->handle == handle) return task.get();
  }
  return nullptr;
}

void Host::task_became_runnable(Task& task, EventId cause) {
  runnable_.push_back(&task);
  wake(cause);
}

Task* Host::next_runnable() {
  if (runnable_.empty()) return nullptr;
  std::size_t chosen = 0;
  if (kernel_.scheduler != nullptr && !kernel_.scheduler->by_chance()) [[unlikely]] {
    chosen = kernel_.scheduler->choose(*this, runnable_, kernel_.turns);
  } else if (runnable_.size() > 1) {
    // Keyed by slice and turn: a draw more or less on another host shifts nothing here.
    const std::uint64_t random = threads_.at(slices_ * kMostFreeTurns + turn_);
    chosen = static_cast<std::size_t>((static_cast<unsigned __int128>(random) * runnable_.size()) >> 64);
  }
  Task* task = runnable_[chosen];
  runnable_.erase(runnable_.begin() + static_cast<std::ptrdiff_t>(chosen));
  task->cpu_time += std::exchange(unpaid_, Duration::zero());
  return task;
}

void Host::schedule_timeout(Task& task) {
  const Deadline& deadline = task.deadline_;
  if (deadline.never()) return;
  const VirtualTime when = deadline.on_clock() ? clocks_.when(deadline.clock(), deadline.value()) : deadline.when();
  kernel_.queue.schedule(task.timeout_, std::max(when, kernel_.queue.now()), next_rank());
}

Woken Host::sleep(Deadline deadline) {
  Task& task = *running_task_;
  SP_ASSERT(task.may_sleep);
  task.signals.interrupted = signals.due(task);
  if (task.signals.interrupted) return Woken::by_signal;
  task.state_ = Task::State::sleeping;
  task.deadline_ = deadline;
  schedule_timeout(task);
  process_->park(task);
  kernel_.queue.cancel(task.timeout_);
  if (task.woken_ != Woken::by_signal) return task.woken_;
  // Another task may have taken the signal meanwhile.
  task.signals.interrupted = signals.due(task);
  return task.signals.interrupted ? Woken::by_signal : Woken::by_event;
}

Woken Host::sleep_at(const void* address, Deadline deadline) {
  Task& task = *running_task_;
  waiting_[address].push(task);
  for (;;) {
    const Woken woken = sleep(deadline);
    // Whoever was chosen by wake_at() is in the queue no more, whatever else has woken it.
    const auto found = waiting_.find(address);
    const bool chosen = found == waiting_.end() || !found->second.remove(task);
    if (found != waiting_.end() && found->second.empty()) waiting_.erase(found);
    if (chosen) return Woken::by_event;
    if (woken != Woken::by_event) return woken;
    waiting_[address].push(task);
  }
}

int Host::wake_at(const void* address, int most) {
  const auto found = waiting_.find(address);
  if (found == waiting_.end()) return 0;
  int woken = 0;
  while (woken < most && !found->second.empty()) {
    Task& task = found->second.pop();
    if (!task.sleeping()) continue;  // its time-out came first: the next one gets what this one will not take
    task.wake(Woken::by_event, kNoEvent);
    ++woken;
  }
  return woken;
}

void Host::yield() {
  read_clock(CLOCK_MONOTONIC);  // as with the clock, whoever spins must get on
  Task& task = *running_task_;
  if (!task.may_sleep || runnable_.empty()) return;
  if (kernel_.scheduler != nullptr) [[unlikely]]
    kernel_.scheduler->yields(task);
  runnable_.push_back(&task);
  process_->park(task);
}

// ---- clocks ----

void Host::get_ahead(Duration by) {
  spun_ += by;
  kernel_.fabric.ahead = spun_;
}

VirtualTime Host::now() const { return kernel_.queue.now() + spun_; }

Duration Host::read_clock(clockid_t clock) {
  ++clock_reads_in_turn_;
  ++clock_reads_at_instant_;
  if (clock_reads_in_turn_ > kFreeClockReadsInTurn || clock_reads_at_instant_ > kFreeClockReadsAtInstant) {
    spend(kCallCost);
  }
  if (clock == CLOCK_PROCESS_CPUTIME_ID) return cpu_time_;
  if (clock == CLOCK_THREAD_CPUTIME_ID) return running_task_ == nullptr ? cpu_time_ : running_task_->cpu_time;
  return clocks_.read(clock, now());
}

void Host::observe(bool observed) {
  if (observed == observed_) return;
  observed_ = observed;
  if (observed) calls_before_observed_ = calls_until_toll_;
  calls_until_toll_ = observed ? 1 : calls_before_observed_;
}

// Within libc (a trap) and its loader, locks may be held that nobody else could wait for.
bool Host::may_be_left(const Task& task) { return task.may_sleep && trap_selector != 0 && !loader_passes; }

bool Host::take_toll() {
  calls_until_toll_ = observed_ ? 1 : kCallsPerToll;
  if (observed_) return false;
  if (!failing_calls_.empty()) calls_until_toll_ = 1;
  if (crash_at_next_call_) {
    if (running_task_ == nullptr || !running_task_->may_sleep || may_be_left(*running_task_)) {
      if (!crashing()) crash(*crash_at_next_call_);
      return true;
    }
    calls_until_toll_ = 1;  // and so at the next one
  }
  const bool costs = failing_calls_.empty() || is_beyond_free_calls();
  if (costs && running_task_ != nullptr) spend(kCallsPerToll * kCallCost);
  return failing_calls_.empty();
}

void Host::spend(Duration cost) {
  get_ahead(cost);
  cpu_time_ += cost;
  if (running_task_ == nullptr) return;
  Task& task = *running_task_;
  task.cpu_time += cost;
  if (spun_ < kQuantum || signals.due(task)) return;
  if (!may_be_left(task)) {
    if (spun_ > kernel_.spinning_most && kernel_.exceeded != nullptr) kernel_.exceeded(*this, Excess::calls);
    return;
  }
  const std::uint64_t clock_reads = clock_reads_in_turn_;
  static_cast<void>(sleep(now()));
  task.signals.interrupted = false;  // the call that is about to be served waits for nothing yet
  // It goes on as if this were still the same turn.
  clock_reads_in_turn_ = clock_reads;
  calls_until_toll_ = watches_calls() ? 1 : kCallsPerToll;
}

Storage& Host::storage() {
  if (storage_ == nullptr) storage_ = std::make_unique<Storage>(*this, options_.disk);
  return *storage_;
}

void Host::release_locks_of(const File& file, LockOwner owner) {
  if (storage_->locks.forget(file.lock_key(), owner)) wake_at(storage_->locks.place(file.lock_key()), INT32_MAX);
}

void Host::wait_for_device(VirtualTime until) {
  // As in spend(): within libc or its loader, locks may be held.
  const bool sleeps = running_task_ != nullptr && running_task_->may_sleep && trap_selector != 0 && !loader_passes;
  if (sleeps) {
    while (now() < until && sleep(until) != Woken::by_signal) continue;
    running_task_->signals.interrupted = false;
  }
  if (now() < until) get_ahead(until - now());
}

void Host::set_wall_offset(Duration offset) {
  clocks_.set_wall_offset(offset);
  clocks_changed();
}

void Host::step_wall(Duration by) {
  set_wall_offset(clocks_.wall_offset() + by);
  for (TimerFd* timer : cancelled_by_steps_) timer->clock_was_set();
}

void Host::set_drift(int ppm) {
  clocks_.set_drift(ppm, kernel_.queue.now());
  clocks_changed();
}

// Deadlines on clocks are other moments now.
void Host::clocks_changed() {
  for (IntervalTimer* timer = first_timer_; timer != nullptr; timer = timer->next_) timer->clock_changed();
  for (const auto& task : tasks_) {
    if (task->sleeping() && task->deadline_.on_clock()) schedule_timeout(*task);
  }
}

void Host::add_timer(IntervalTimer& timer) {
  timer.next_ = first_timer_;
  if (first_timer_ != nullptr) first_timer_->previous_ = &timer;
  first_timer_ = &timer;
}

void Host::remove_timer(IntervalTimer& timer) {
  (timer.previous_ == nullptr ? first_timer_ : timer.previous_->next_) = timer.next_;
  if (timer.next_ != nullptr) timer.next_->previous_ = timer.previous_;
}

// ---- signals ----

void Host::raise(int signal, Cause cause) {
  SP_ASSERT(valid_signal(signal));
  if (process_ == nullptr || halted_) return;
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = SI_USER;
  signals.send(info, nullptr, cause);
}

bool Host::handle_signals() {
  if (!signals.any() || running_task_ == nullptr) return false;
  const int error = errno;  // the program's own: a handler may set it as it likes
  const Signals::Delivered delivered = signals.deliver(*running_task_);
  errno = error;
  if (delivered.deadly != 0) process_->die(delivered.deadly);
  return delivered.handled;
}

}  // namespace stillpoint::kernel
