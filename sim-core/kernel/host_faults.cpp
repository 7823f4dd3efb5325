#include "sim-core/kernel/host_faults.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {
namespace {

constexpr Duration kMicrosecond = std::chrono::microseconds(1);
// What slownesses come to together ends here: far beyond any use, and far below the end of the representation.
constexpr Duration kDearest = std::chrono::hours(1);

// An effect of this fault, which must not be on already, is on.
template <typename Effect>
void put(std::vector<Effect>& effects, Effect effect, EventId fault) {
  SP_ASSERT(std::ranges::none_of(effects, [&](const Effect& each) { return each.fault == fault; }));
  effects.push_back(effect);
}
void put(std::vector<EventId>& effects, EventId fault) {
  SP_ASSERT(std::ranges::find(effects, fault) == effects.end());
  effects.push_back(fault);
}

template <typename Effect>
bool take(std::vector<Effect>& effects, EventId fault) {
  return std::erase_if(effects, [&](const Effect& each) { return each.fault == fault; }) > 0;
}
bool take(std::vector<EventId>& effects, EventId fault) { return std::erase(effects, fault) > 0; }

// In whole microseconds, as all costs are; rounded up.
Duration slowed(Duration cost, const HostFaults& faults) {
  Duration extra{};
  for (const HostFaults::Slowness& each : faults.slownesses) {
    const auto times = static_cast<__int128>(cost.count()) * each.times_percent;
    cost = std::min(kDearest, Duration(static_cast<std::int64_t>((times + 99) / 100)));
    extra += each.extra;
  }
  const Duration sum = std::min(kDearest, cost + extra);
  return (sum + kMicrosecond - Duration(1)) / kMicrosecond * kMicrosecond;
}

}  // namespace

HostFaults& Host::faults() {
  if (faults_ == nullptr) faults_ = std::make_unique<HostFaults>();
  return *faults_;
}

void Host::influence_changed() {
  Scheduler* const scheduler = kernel_.scheduler.get();
  const bool by_policy =
      scheduler != nullptr && (scheduler->places(*this) || scheduler->extra_cost(*this) > Duration::zero());
  const bool by_faults = faults_ != nullptr && (faults_->stands_still() || !faults_->slownesses.empty() ||
                                                !faults_->delayed_next_slice.empty());
  influenced_ = by_policy || by_faults;
  // A slice that is scheduled costs what it did when it was.
  if (!influenced_ && !scheduled()) slice_cost_ = options_.slice_cost;
}

// ---- slices ----

void Host::schedule_slice_under_influence(EventId cause) {
  if (faults_ != nullptr && faults_->owes_slice) return;  // what came first is the cause
  wake_cause_ = cause;
  Scheduler* const scheduler = kernel_.scheduler.get();
  slice_cost_ = options_.slice_cost;
  if (scheduler != nullptr) slice_cost_ += scheduler->extra_cost(*this);
  if (faults_ != nullptr) {
    if (faults_->stands_still()) {
      faults_->owes_slice = true;
      return;
    }
    const Duration cost = slowed(slice_cost_, *faults_);
    if (std::exchange(slice_cost_, cost) < cost) {
      for (const HostFaults::Slowness& each : faults_->slownesses) faults_->delayed_next_slice.push_back(each.fault);
    }
  }
  const VirtualTime at = std::max(kernel_.queue.now(), busy_until_) + slice_cost_;
  if (scheduler != nullptr && scheduler->places(*this)) {
    kernel_.queue.schedule_placed(*this, at, scheduler->place_of(*this));
  } else {
    kernel_.queue.schedule(*this, at, next_rank());
  }
}

// A change of priorities comes before the slice that it is for: others may come first now.
bool Host::begins_later() {
  Scheduler* const scheduler = kernel_.scheduler.get();
  if (scheduler == nullptr || !scheduler->falls(*this, kernel_.turns + 1)) return false;
  kernel_.queue.schedule_placed(*this, kernel_.queue.now(), scheduler->place_of(*this));
  return true;
}

void Host::note_delays(EventId slice) {
  if (faults_ == nullptr) return;
  for (const EventId fault : std::exchange(faults_->delayed_next_slice, {}))
    kernel_.trace.edge(slice, {fault, CauseKind::fault});
  influence_changed();
}

// ---- stops and suspensions ----

void Host::stop(EventId fault) {
  put(faults().stops, fault);
  influence_changed();
  hold_slice();
}

void Host::go_on(EventId fault) {
  if (take(faults().stops, fault)) release_slice(fault);
}

void Host::suspend(EventId fault) {
  put(faults().suspensions, fault);
  influence_changed();
  hold_slice();
  if (!running_) fall_asleep();
}

void Host::wake_up(EventId fault) {
  if (!take(faults().suspensions, fault)) return;
  if (faults_->suspensions.empty() && clocks_.asleep()) {
    clocks_.wake(kernel_.queue.now());
    expire_overdue(fault);
    clocks_changed();
  }
  release_slice(fault);
}

// It has paid for its slice in vain: what a processor had in its caches is gone.
void Host::hold_slice() {
  if (!scheduled()) return;
  kernel_.queue.cancel(*this);
  faults_->owes_slice = true;
}

void Host::release_slice(EventId fault) {
  if (faults_->owes_slice) {
    std::vector<EventId>& delayed = faults_->delayed_next_slice;
    if (std::ranges::find(delayed, fault) == delayed.end()) delayed.push_back(fault);
  }
  if (!faults_->stands_still() && std::exchange(faults_->owes_slice, false)) schedule_slice(wake_cause_);
  influence_changed();
}

void Host::fall_asleep() {
  if (faults_ == nullptr || faults_->suspensions.empty() || clocks_.asleep()) return;
  clocks_.sleep(std::max(kernel_.queue.now(), busy_until_));
  clocks_changed();
}

// What became due on clocks that went on, before the slice that sees it.
void Host::expire_overdue(EventId fault) {
  for (IntervalTimer* timer = first_timer_; timer != nullptr; timer = timer->next_) {
    const std::optional<EventId> expired = timer->expire_if_overdue();
    if (expired) kernel_.trace.edge(*expired, {fault, CauseKind::fault});
  }
  for (const auto& task : tasks_) {
    const Deadline& deadline = task->deadline_;
    if (!task->sleeping() || !deadline.on_clock()) continue;
    if (clocks_.when(deadline.clock(), deadline.value()) <= kernel_.queue.now())
      task->wake(Woken::by_timeout, kNoEvent);
  }
}

// ---- slowness ----

void Host::slow_down(EventId fault, std::uint32_t times_percent, Duration extra) {
  SP_ASSERT(times_percent >= 100);
  SP_ASSERT(extra >= Duration::zero() && extra % kMicrosecond == Duration::zero());
  put(faults().slownesses, {fault, times_percent, extra}, fault);
  influence_changed();
}

void Host::speed_up(EventId fault) {
  take(faults().slownesses, fault);
  influence_changed();
}

// ---- clocks ----

void Host::drift(EventId fault, int ppm) {
  put(faults().drifts, {fault, ppm}, fault);
  apply_drifts();
}

void Host::end_drift(EventId fault) {
  if (faults_ != nullptr && take(faults_->drifts, fault)) apply_drifts();
}

void Host::apply_drifts() {
  constexpr std::int64_t kMost = 900'000;
  std::int64_t ppm = 0;
  for (const HostFaults::Drift& each : faults_->drifts) ppm += each.ppm;
  set_drift(static_cast<int>(std::clamp(ppm, -kMost, kMost)));
}

// ---- limits ----

void Host::limit_descriptors(EventId fault, int most) {
  SP_ASSERT(alive());
  SP_ASSERT(most >= 0);
  put(faults().descriptor_limits, {fault, most}, fault);
  apply_descriptor_limit();
}

void Host::lift_descriptor_limit(EventId fault) {
  take(faults().descriptor_limits, fault);
  apply_descriptor_limit();
}

void Host::apply_descriptor_limit() {
  const auto& limits_on = faults_->descriptor_limits;
  if (limits_on.empty()) return descriptors.lift_limit_from_outside();
  const HostFaults::DescriptorLimit lowest =
      *std::ranges::min_element(limits_on, {}, &HostFaults::DescriptorLimit::most);
  descriptors.limit_from_outside(lowest.most, [this, fault = lowest.fault](int error) {
    kernel_.trace.event(EventKind::error, kernel_.queue.now(), where(), 0, static_cast<std::uint64_t>(error), 0,
                        {fault, CauseKind::fault}, "descriptor");
  });
}

void Host::limit_memory(EventId fault, std::uint64_t bytes) {
  SP_ASSERT(alive());
  SP_ASSERT(bytes <= INT64_MAX);
  put(faults().memory_limits, {fault, static_cast<std::int64_t>(bytes)}, fault);
}

void Host::lift_memory_limit(EventId fault) { take(faults().memory_limits, fault); }

// May be called from within malloc, which holds its lock: it allocates nothing.
bool Host::may_map(std::uint64_t bytes) {
  const auto& limits_on = faults_->memory_limits;
  const auto tightest = std::ranges::min_element(limits_on, {}, &HostFaults::MemoryLimit::left);
  if (tightest->left >= 0 && bytes <= static_cast<std::uint64_t>(tightest->left)) return true;
  kernel_.trace.event(EventKind::error, kernel_.queue.now(), where(), 0, ENOMEM, 0, {tightest->fault, CauseKind::fault},
                      std::string_view("memory"));
  return false;
}

void Host::mapped(std::int64_t bytes) {
  for (HostFaults::MemoryLimit& limit : faults_->memory_limits) limit.left -= bytes;
}

void Host::end_effects_on_process() {
  if (faults_ == nullptr) return;
  faults_->owes_slice = false;
  faults_->delayed_next_slice.clear();
  faults_->memory_limits.clear();
  faults_->descriptor_limits.clear();
  apply_descriptor_limit();
  influence_changed();
}

}  // namespace stillpoint::kernel
