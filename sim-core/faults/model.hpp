#pragma once
// A scenario's fault model: what may go wrong in it, on whom, and how much of it at once. The table [faults] of its
// file says it (scenario/fault_model.cpp reads it, docs/faults.md tells users). Plans are generated within it, and a
// plan that somebody wrote must keep to it.
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim-core/faults/plan.hpp"
#include "sim-core/faults/target.hpp"

namespace stillpoint::faults {

// How much of what the model allows a generated plan has.
struct Profile {
  Ratio chance{};          // of each kind to be in the plan at all
  std::uint64_t most = 0;  // faults of each of these kinds
  Ratio strength{};        // of the range of each magnitude
  Ratio buggify{};         // chance of a buggify site to be on
  Ratio buggify_fires{};   // how often one that is on fires
  bool schedules = false;  // the seed chooses the scheduler's policy
};

struct Model {
  Model();

  std::string profile = "none";  // by which a plan is generated
  std::string plan_file = {};    // or the file that has it; empty: none
  std::map<std::string, Profile> profiles;
  std::array<bool, kKinds> allows{};
  // Names and roles of the hosts that faults of hosts and disks may be aimed at, and whose links those of the network
  // may be; empty: all.
  std::vector<std::string> hosts = {};
  // At most so many hosts do not run, or cannot be reached, at one time.
  std::uint64_t down_most = 1;
  // On at most so many hosts the disk loses what it promised to keep, in the whole run.
  std::uint64_t lossy_most = 0;
  // Faults begin within this time, from the beginning on, and have ended when the run heals.
  Duration window = std::chrono::seconds(10);
  Healing healing = {};
  // So many faults of a kind, whatever the profile.
  std::map<Kind, std::uint64_t> counts = {};
  // Calls that fail: CALL:N[:ERRNO], on every host that the model names.
  std::vector<std::string> failing_calls = {};

  bool may_hit(const Topology& topology, std::string_view host) const;
};

// Throws Error, with `file` and the fault's line, if the plan is aimed at what there is not, or is outside of the
// model.
void require_within(const Plan& plan, const Model& model, const Topology& topology, const std::string& file);

// The fault that a CALL:N[:ERRNO] asks for. Throws Error; `option` is what to call it there: "--fail write:x".
Fault failing_call(const std::string& words, const std::string& option);

}  // namespace stillpoint::faults
