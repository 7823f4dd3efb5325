#pragma once
// Known cases, kept beside a scenario's file (last-ticket.toml has last-ticket.seeds): a seed that once showed a
// failure, with everything that it takes, and what it must show. A seed alone means another run after every change of
// the code; the expectation tells when a case no longer says what it was kept for.
//
//   [[case]]
//   seed = "7"
//   bug = "oversell"              # optional
//   set = ["users.count=1000"]    # optional
//   expect = "safety: capacity conserved (first purchase: apply, second purchase: apply)"   # or "pass"
//   why = "two buyers of one ticket while a payment is under way"
#include <filesystem>
#include <string>
#include <vector>

namespace stillpoint::campaign {

struct RegressionCase {
  std::uint64_t seed = 0;
  std::string bug;
  std::vector<std::string> overrides;
  std::string expected;
  std::string why;
  int line = 0;  // where it is in the file
};

// The file that belongs to a scenario's file: the same name, ending in .seeds.
std::filesystem::path regressions_path(const std::filesystem::path& scenario);

// Empty if there is no such file. Throws Error, with file and line.
std::vector<RegressionCase> read_regressions(const std::filesystem::path& path);

// A case as it stands in such a file.
std::string to_text(const RegressionCase& one);

}  // namespace stillpoint::campaign
