#pragma once
// Carries out the plan of a run: begins and ends each of its faults at its time, on whom it means, and says so in the
// trace. Nobody else injects faults.
//
// Each fault has a life: it waits for its time or its event, is on, and is over. It begins with an event `fault`, which
// is the cause of all that it does, and ends with an event `heal`. What a kind does is a Deed (deed.hpp). A fault that
// finds nobody whom it could hit (nobody is leader, the host is down already) does not happen, and leaves no event.
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim-core/faults/deed.hpp"
#include "sim-core/faults/plan.hpp"
#include "sim-core/faults/target.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::faults {

class Injector final : private TraceWatcher {
 public:
  // Sets the scheduler's policy. Requires that nothing has run yet.
  Injector(Plan plan, kernel::Kernel& kernel, Machines& machines);
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;
  ~Injector();

  // All hosts are there: faults may begin.
  void start();

  // Simulation::label, disturbed and heals_at.
  void label(std::string_view label, std::vector<HostId> hosts);
  Duration disturbed(VirtualTime since, Duration recovery) const;
  VirtualTime heals_at() const;
  // Of each function that a fault makes fail: how many calls there were as long as it was on, on all its hosts.
  std::map<std::string, std::uint64_t> calls_seen() const;
  // Until when places of buggify may fire.
  VirtualTime buggify_until() const { return plan_.healing.at ? VirtualTime(*plan_.healing.at) : VirtualTime::max(); }

  const Plan& plan() const { return plan_; }
  // How often a fault of each kind has happened so far: it has begun, or, of one that makes a call fail, that has.
  const std::map<Kind, std::uint64_t>& happened() const { return happened_; }

 private:
  class Life;
  class Heal;

  void on_event(EventKind kind, EventId event, Where where, Cause cause, std::span<const std::byte> payload) override;
  std::vector<HostId> hosts_of(const std::vector<std::string>& targets, RandomStream& random) const;
  std::vector<HostId> hosts_of(const Target& target, RandomStream& random) const;
  std::vector<HostId> candidates(std::string_view role) const;
  bool nothing_is_wrong() const;
  void note_failure();
  void heal();
  bool spared(const Life& life, std::map<std::string, std::set<HostId>>& spared) const;

  Plan plan_;
  kernel::Kernel& kernel_;
  Machines& machines_;
  std::deque<Life> lives_;  // stable addresses; in the order of the plan
  std::unique_ptr<Heal> heal_;
  std::map<std::string, std::vector<HostId>, std::less<>> labels_;
  std::map<Kind, std::uint64_t> happened_;
  // When calls failed by a fault, where the plan has such faults. on_event() must not allocate: malloc itself may be
  // what was just refused its memory. Beyond so many, the last place is that of the newest.
  static constexpr std::size_t kMostFailures = 256;
  std::vector<VirtualTime> failures_;
};

}  // namespace stillpoint::faults
