#pragma once
// What a simulation says of itself when it ends. It crosses from the child to the supervisor as JSON in shared memory.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/simulation.hpp>

#include "sim-core/check/verdict.hpp"

namespace stillpoint {

struct CheckReport {
  std::string name;
  std::uint64_t times = 0;
  std::string remark;
};

struct ViolationReport {
  bool liveness = false;
  std::string invariant;
  Finding finding;
  std::vector<std::string> witness_kinds;  // one for each of the finding's witnesses; empty where it is not known
  EventId event = kNoEvent;
  std::int64_t at_ns = 0;
  std::string host;
};

struct Measure {
  std::string name;
  std::uint64_t value = 0;
};

// How often something happened that a campaign adds up over its runs; zero, where it is worth knowing that it did not.
struct Tally {
  std::string sort;  // "fault"
  std::string name;  // "partition"
  std::uint64_t times = 0;
};

struct Report {
  Verdict verdict = Verdict::pass;
  // Why the run ended, in a few words: "every user is done", "host plaza-1 called fork".
  std::string reason;
  // What it says on: a host, a call site. Empty if there is nothing to add.
  std::string detail;
  // Of a failure that is no violation: what failed, and where, in words that are the same for every seed that fails in
  // this way ("SIGSEGV", "server: Session::close < Session::on_timer"). By these, failures are grouped.
  std::string what;
  std::string place;
  // The run was ended from outside, at a moment of real time: another run of the seed may get a little further or not
  // quite as far.
  bool by_backstop = false;
  std::vector<CheckReport> checks;
  std::vector<ViolationReport> violations;
  std::vector<Measure> measures;
  std::vector<Tally> tallies;
};

// What should be seen to happen sometimes, and did not: `X` of STILLPOINT_SOMETIMES, STILLPOINT_REACHABLE.
inline bool should_have_happened(const Tally& tally) {
  return tally.times == 0 && (tally.sort == "sometimes" || tally.sort == "reachable");
}

std::string to_json(const Report& report);
// nullopt if the text is no report: the child died while it wrote.
std::optional<Report> report_from_json(std::string_view json);

}  // namespace stillpoint
