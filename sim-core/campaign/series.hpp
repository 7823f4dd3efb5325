#pragma once
// What a campaign consists of: series of seeds. Looking for failures, trying known cases and proving that a planted bug
// is found differ only in what a failing seed means.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim-core/check/verdict.hpp"
#include "sim-core/supervise/request.hpp"

namespace stillpoint::campaign {

enum class Purpose {
  regression,  // a known case: it must show what is expected of it
  canary,      // a planted bug: one of the seeds must fail
  fuzz,        // every failing seed is a finding
};
std::string_view name_of(Purpose purpose);

struct Series {
  Purpose purpose = Purpose::fuzz;
  std::string scenario;                // what the scenario calls itself
  std::string shown;                   // as the command line named it
  std::string scenario_path;           // where it was read from
  supervise::RunRequest request;       // its seed is the first one
  std::optional<std::uint64_t> seeds;  // at most; none: as many as there is time for
  std::string expected;                // regression: "pass", or a signature
  std::string why;                     // regression: what it is about

  // The request of its n-th seed, from 0. After the largest seed comes 0.
  supervise::RunRequest nth(std::uint64_t n) const;
};

// Whether a verdict is a bug that was found, in contrast to a run that could not be judged.
bool is_finding(Verdict verdict);

// A campaign ends with the verdict that comes first in this order, of those that occurred: harness_bug, nondeterminism,
// safety, crash, deadlock, liveness, runaway, unsupported, undecided; pass.
Verdict gravest(Verdict one, Verdict other);

// The verdict with this exit code; harness_bug for a code that no verdict has.
Verdict verdict_of_exit_code(int code);

}  // namespace stillpoint::campaign
