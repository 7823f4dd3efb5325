// Prints the hashes of five seeds of last-ticket, with the bug on and off, and of a server that loses its power again
// and again, for scripts/hash-matrix.sh to compare between builds.
#include <fmt/format.h>

#include <string>

#include "sim-core/scenario/scenario_file.hpp"
#include "sim-core/supervise/run_once.hpp"

namespace {

using namespace stillpoint;

void print_hashes(supervise::Zygote& zygote, const std::string& name, supervise::RunRequest request) {
  for (request.seed = 1; request.seed <= 5; ++request.seed) {
    const supervise::RunResult result = supervise::run_once(zygote, request);
    fmt::print("{} {} {} {} {:016x}\n", name, request.seed, name_of(result.report.verdict), result.events, result.hash);
  }
}

}  // namespace

int main(int argc, char** argv) {
  supervise::serve_if_zygote(argc, argv);
  supervise::Zygote zygote;
  const std::string last_ticket = scenario::find_scenario("last-ticket").text;
  for (const std::string bug : {"", "oversell"}) {
    print_hashes(zygote, bug.empty() ? "correct" : bug,
                 {.scenario_text = last_ticket, .overrides = {"users.count=60"}, .bug = bug, .seed = 0});
  }
  print_hashes(zygote, "crashing",
               {.scenario_text = "name = \"crashing\"\nbehaviour = \"crashing\"\nduration = \"20s\"\n",
                .overrides = {},
                .bug = {},
                .seed = 0});
}
