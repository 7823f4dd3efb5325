#include "sim-core/kernel/host.hpp"

#include <algorithm>
#include <cstdlib>

#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/standard_streams.hpp"

namespace stillpoint::kernel {
namespace {
constexpr std::uint64_t kFreeClockReadsInTurn = 1'000;
constexpr std::uint64_t kFreeClockReadsAtInstant = 100'000;
// A process that always has more to do must still let others run at the same instant, and be caught in the end.
constexpr unsigned kMostFreeTurns = 1'000;
constexpr Duration kClockReadCost = std::chrono::microseconds(1);
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
void Process::at_exit(void (*)(void*), void*) { only_programs(); }

Host::Host(Kernel& kernel, HostId id, HostOptions options)
    : unix_names(kernel.seed, options.name),
      descriptors(options.descriptor_limit),
      limits(options.descriptor_limit),
      kernel_(kernel),
      id_(id),
      options_(std::move(options)),
      order_(kernel.seed, "order", options_.name),
      entropy_(kernel.seed, "entropy", options_.name),
      threads_(kernel.seed, "threads", options_.name) {
  open_standard_streams(*this);
}

Host::~Host() {
  kernel_.queue.cancel(*this);
  descriptors.close_all();
}

void Host::boot(Process& process) {
  SP_ASSERT(process_ == nullptr);
  process_ = &process;
  polls_ = process.polls();
  ++boot_;
  add_task(!polls_);
  wake(kernel_.trace.event(EventKind::boot, kernel_.queue.now(), where(), 0, address().v4()));
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
  wake_cause_ = cause;
  const VirtualTime start = std::max(kernel_.queue.now(), busy_until_);
  kernel_.queue.schedule(*this, start + options_.slice_cost, next_rank());
}

void Host::fire() {
  ++slices_;
  const EventId slice =
      kernel_.trace.event(EventKind::slice, kernel_.queue.now(), where(), slices_,
                          static_cast<std::uint64_t>(options_.slice_cost.count()), 0, {wake_cause_, CauseKind::wakeup});
  if (kernel_.queue.now() > busy_until_) clock_reads_at_instant_ = 0;
  running_ = true;
  bool more = true;
  {
    const CurrentHost current(this);
    kernel_.last_to_turn = id_;
    const unsigned turns = options_.slice_cost == Duration::zero() ? kMostFreeTurns : 1;
    for (turn_ = 0; turn_ < turns && more; ++turn_) {
      woken_while_running_ = false;
      clock_reads_in_turn_ = 0;
      ++kernel_.turns;
      running_task_ = tasks_.front().get();
      more = process_->step();
      kernel_.tcp.cause_of_next_send = {};
      kernel_.tcp.on_behalf_of.clear();
      more = more || woken_while_running_;
    }
  }
  running_ = false;
  busy_until_ = now();
  spun_ = Duration::zero();
  if (more && !halted_) schedule_slice(slice);
}

// ---- threads ----

Task& Host::add_task(bool may_sleep) {
  tasks_.push_back(std::make_unique<Task>(*this, pid() + tasks_made_++ * kTaskStride, may_sleep));
  Task& task = *tasks_.back();
  if (may_sleep) task_became_runnable(task, kNoEvent);
  return task;
}

void Host::halt(int status) {
  kernel_.trace.event(EventKind::exit, kernel_.queue.now(), where(), 0, static_cast<std::uint64_t>(status));
  halted_ = true;
  runnable_.clear();
  for (const auto& task : tasks_) end_task(*task);
  descriptors.close_all();
  kernel_.queue.cancel(*this);
}

void Host::end_task(Task& task) {
  std::erase(runnable_, &task);
  if (task.timeout_.scheduled()) kernel_.queue.cancel(task.timeout_);
  task.state_ = Task::State::ended;
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
  if (runnable_.size() > 1) {
    // Keyed by slice and turn: a draw more or less on another host shifts nothing here.
    const std::uint64_t random = threads_.at(slices_ * kMostFreeTurns + turn_);
    chosen = static_cast<std::size_t>((static_cast<unsigned __int128>(random) * runnable_.size()) >> 64);
  }
  Task* task = runnable_[chosen];
  runnable_.erase(runnable_.begin() + static_cast<std::ptrdiff_t>(chosen));
  return task;
}

Woken Host::sleep(std::optional<VirtualTime> deadline) {
  Task& task = *running_task_;
  SP_ASSERT(task.may_sleep);
  task.state_ = Task::State::sleeping;
  if (deadline) kernel_.queue.schedule(task.timeout_, std::max(*deadline, kernel_.queue.now()), next_rank());
  process_->park(task);
  kernel_.queue.cancel(task.timeout_);
  return task.woken_;
}

Woken Host::sleep_at(const void* address, std::optional<VirtualTime> deadline) {
  Task& task = *running_task_;
  waiting_[address].push(task);
  const Woken woken = sleep(deadline);
  if (woken != Woken::by_event) waiting_[address].remove(task);
  if (waiting_[address].empty()) waiting_.erase(address);
  return woken;
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
  Task& task = *running_task_;
  if (!task.may_sleep || runnable_.empty()) {
    read_clock(CLOCK_MONOTONIC);  // as with the clock, whoever spins must get on
    return;
  }
  runnable_.push_back(&task);
  process_->park(task);
}

// ---- clocks ----

VirtualTime Host::now() const { return kernel_.queue.now() + spun_; }

Duration Host::clock_offset(clockid_t clock) const {
  switch (clock) {
    case CLOCK_REALTIME:
    case CLOCK_REALTIME_COARSE:
    case CLOCK_REALTIME_ALARM:
      return kWallStart;
    case CLOCK_TAI:
      return kWallStart + std::chrono::seconds(37);
    case CLOCK_PROCESS_CPUTIME_ID:
    case CLOCK_THREAD_CPUTIME_ID:
      return Duration::zero();
    default:
      return kMonotonicStart;
  }
}

Duration Host::read_clock(clockid_t clock) {
  ++clock_reads_in_turn_;
  ++clock_reads_at_instant_;
  if (clock_reads_in_turn_ > kFreeClockReadsInTurn || clock_reads_at_instant_ > kFreeClockReadsAtInstant)
    spun_ += kClockReadCost;
  return now().time_since_epoch() + clock_offset(clock);
}

}  // namespace stillpoint::kernel
