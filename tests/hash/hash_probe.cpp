// Prints the hashes of five seeds of last-ticket with the bug on and off, for scripts/hash-matrix.sh to compare between
// builds.
#include <fmt/format.h>

#include "sim-core/scenario/scenario_file.hpp"
#include "sim-core/supervise/run_once.hpp"

int main(int argc, char** argv) {
  using namespace stillpoint;
  supervise::serve_if_zygote(argc, argv);
  const std::string text = scenario::find_scenario("last-ticket").text;
  supervise::Zygote zygote;
  for (const std::string bug : {"", "oversell"}) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const supervise::RunRequest request{
          .scenario_text = text, .overrides = {"users.count=60"}, .bug = bug, .seed = seed};
      const supervise::RunResult result = supervise::run_once(zygote, request);
      fmt::print("{} {} {} {} {:016x}\n", bug.empty() ? "correct" : bug, seed, name_of(result.report.verdict),
                 result.events, result.hash);
    }
  }
}
