#include "sim-core/kernel/scheduler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include <stillpoint/random.hpp>

#include "sim-core/base/assert.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {
namespace {

using Kind = SchedulerPolicy::Kind;

constexpr unsigned kYieldsBeforeFall = 100;

// Of 24 bits, the first being 0.
Rank drawn_place(std::uint64_t seed, std::string_view purpose, std::string_view entity) {
  return static_cast<Rank>(RandomStream(seed, purpose, entity).at(0) >> 41);
}

}  // namespace

Scheduler::Scheduler(SchedulerPolicy policy, std::uint64_t seed) : policy_(std::move(policy)), seed_(seed) {
  SP_ASSERT(policy_.delay >= Duration::zero());
  SP_ASSERT(policy_.delay % std::chrono::microseconds(1) == Duration::zero());
  if (policy_.kind != Kind::pct) return;
  SP_ASSERT(policy_.horizon > policy_.changes);
  RandomStream turns(seed, "pct", "changes");
  std::set<std::uint64_t> taken;
  for (unsigned i = 1; i <= policy_.changes; ++i) {
    std::uint64_t turn = turns.between(1, policy_.horizon);
    while (!taken.insert(turn).second) turn = turns.between(1, policy_.horizon);
    changes_.push_back({turn, kFallen + policy_.changes - i});
  }
  std::ranges::sort(changes_);
}

bool Scheduler::places(const Host& host) const {
  return policy_.kind == Kind::pct || (policy_.kind == Kind::delay_host && host.name() == policy_.host);
}

Rank Scheduler::place_of(const Host& host) {
  if (policy_.kind == Kind::delay_host) return kLast;
  const auto [place, is_new] = hosts_.try_emplace(host.id());
  if (is_new) place->second = drawn_place(seed_, "priority", host.name());
  return place->second;
}

Duration Scheduler::extra_cost(const Host& host) const {
  return policy_.kind == Kind::delay_host && host.name() == policy_.host ? policy_.delay : Duration::zero();
}

bool Scheduler::falls(const Host& host, std::uint64_t next_turn) {
  if (next_change_ == changes_.size() || next_turn < changes_[next_change_].turn) return false;
  const Rank to = changes_[next_change_++].to;
  hosts_[host.id()] = to;
  falling_[host.id()] = to;
  return true;
}

std::size_t Scheduler::choose(const Host& host, const std::vector<Task*>& runnable, std::uint64_t turn) {
  if (policy_.kind != Kind::pct) return 0;
  std::size_t chosen = best(host, runnable);
  // A change within a slice of many turns. Its host falls with it, from its next slice on.
  while (next_change_ != changes_.size() && turn >= changes_[next_change_].turn) falls(host, turn);
  const auto falling = falling_.find(host.id());
  if (falling == falling_.end()) return chosen;
  priority_of(host, *runnable[chosen]).place = falling->second;
  falling_.erase(falling);
  return best(host, runnable);
}

void Scheduler::yields(const Task& task) {
  if (policy_.kind != Kind::pct) return;
  Priority& priority = priority_of(task.host, task);
  if (++priority.yields % kYieldsBeforeFall == 0) priority.place = kLast;
}

std::size_t Scheduler::best(const Host& host, const std::vector<Task*>& runnable) {
  std::size_t best = 0;
  Rank best_place = priority_of(host, *runnable[0]).place;
  for (std::size_t i = 1; i < runnable.size(); ++i) {
    const Rank place = priority_of(host, *runnable[i]).place;
    if (place >= best_place) continue;
    best = i;
    best_place = place;
  }
  return best;
}

Scheduler::Priority& Scheduler::priority_of(const Host& host, const Task& task) {
  const auto [found, is_new] = tasks_.try_emplace(TaskKey{task.id, host.where().boot});
  if (is_new) {
    const std::string entity = fmt::format("{}/{}/{}", host.name(), host.where().boot, task.id - host.pid());
    found->second.place = drawn_place(seed_, "thread priority", entity);
  }
  return found->second;
}

}  // namespace stillpoint::kernel
