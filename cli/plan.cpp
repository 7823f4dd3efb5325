// stillpoint plan: what will go wrong in a run, printed as a file that run --faults takes.
#include <fmt/format.h>

#include "cli/command.hpp"
#include "cli/request_options.hpp"
#include "sim-core/supervise/planning.hpp"

namespace stillpoint::cli {

int plan(const Arguments& arguments) {
  std::string scenario;
  std::string seed;
  RequestOptions request(arguments, {"--guard"}, 1);
  CLI::App app("Print the plan of a run's faults. Edit it, and run it with `stillpoint run SCENARIO --faults FILE`.",
               "stillpoint plan");
  app.add_option("SCENARIO", scenario, "A scenario's name, or the path of its file")->required();
  app.add_option("--seed", seed, "The seed that the plan is expanded from; without it a random one is drawn");
  request.add_to(app);
  if (!parse(app, arguments)) return 0;
  Invocation invocation = request.invocation(app, 0);
  invocation.request.seed = request.given(app, "seed") ? parse_seed(seed) : random_seed();
  fmt::print("# {}\n{}", invocation.replay_line(), supervise::with_plan(invocation.request).plan);
  return 0;
}

}  // namespace stillpoint::cli
