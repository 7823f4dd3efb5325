#include "sim-core/kernel/host.hpp"

#include <algorithm>

#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {
namespace {
constexpr std::uint64_t kFreeClockReadsInTurn = 1'000;
constexpr std::uint64_t kFreeClockReadsAtInstant = 100'000;
// A process that always has more to do must still let others run at the same instant, and be caught in the end.
constexpr int kMostFreeTurns = 1'000;
constexpr Duration kClockReadCost = std::chrono::microseconds(1);
}  // namespace

Host::Host(Kernel& kernel, HostId id, HostOptions options)
    : descriptors(options.descriptor_limit),
      kernel_(kernel),
      id_(id),
      options_(std::move(options)),
      order_(kernel.seed, "order", options_.name),
      entropy_(kernel.seed, "entropy", options_.name) {}

Host::~Host() {
  kernel_.queue.cancel(*this);
  descriptors.close_all();
}

void Host::boot(Process& process) {
  SP_ASSERT(process_ == nullptr);
  process_ = &process;
  ++boot_;
  wake(kernel_.trace.event(EventKind::boot, kernel_.queue.now(), where(), 0, address().value));
}

void Host::wake(EventId cause) {
  if (running_) {
    woken_while_running_ = true;
    return;
  }
  if (scheduled() || process_ == nullptr) return;
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
    const int turns = options_.slice_cost == Duration::zero() ? kMostFreeTurns : 1;
    for (int turn = 0; turn < turns && more; ++turn) {
      woken_while_running_ = false;
      clock_reads_in_turn_ = 0;
      ++kernel_.turns;
      more = process_->step();
      kernel_.tcp.cause_of_next_send = {};
      kernel_.tcp.on_behalf_of.clear();
      more = more || woken_while_running_;
    }
  }
  running_ = false;
  busy_until_ = now();
  spun_ = Duration::zero();
  if (more) schedule_slice(slice);
}

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
