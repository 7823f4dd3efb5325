// Runs one workload of the bench in a child that is this very program, for profilers that follow forks only, and says
// how many operations it did:
//
//   valgrind --tool=callgrind --callgrind-out-file=OUT.%p build/simulate-here W1 [KEY=VALUE…]
//   valgrind --tool=callgrind --callgrind-out-file=OUT.%p build/simulate-here scenarios/last-ticket.toml [KEY=VALUE…]
//
// The keys are those of the behaviour `workload`, or of the scenario's. scripts/instructions.sh makes a table of the
// first. Of a scenario nothing goes wrong.
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <string>

#include "sim-core/check/report.hpp"
#include "sim-core/supervise/child.hpp"
#include "sim-core/supervise/request.hpp"
#include "sim-core/supervise/shared_run.hpp"

int main(int argc, char** argv) {
  using namespace stillpoint;
  if (argc < 2) {
    fmt::print(stderr, "simulate-here: which workload? simulate-here W1|W2|W3|W3r|W4 [KEY=VALUE…]\n");
    return 2;
  }
  const std::string name = argv[1];
  const std::string_view latency = name == "W2" ? "[network]\nlatency_min = \"1ms\"\nlatency_max = \"10ms\"\n" : "";
  std::string text = fmt::format(
      "name = \"{0}\"\nbehaviour = \"workload\"\nduration = \"2h\"\n{1}[workload]\nname = \"{0}\"\n", name, latency);
  if (name.ends_with(".toml")) {
    std::ifstream file(name);
    text.assign(std::istreambuf_iterator<char>(file), {});
  }
  supervise::SharedRun shared = supervise::SharedRun::create();
  const supervise::RunRequest request{
      .scenario_text = text, .overrides = {argv + 2, argv + argc}, .bug = {}, .seed = 1};
  shared.prepare(request.to_json());
  const pid_t child = fork();
  if (child == 0) supervise::run_simulation(shared);
  if (child < 0 || waitpid(child, nullptr, 0) != child) return 3;
  const std::optional<Report> report = report_from_json(shared.report());
  if (!report || report->verdict != Verdict::pass || report->measures.empty()) {
    fmt::print(stderr, "simulate-here: {}\n", report ? report->reason : "the simulation died");
    return 1;
  }
  fmt::print("{}\n", report->measures.front().value);
}
