// stillpoint run: one seed of a scenario.
#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "cli/perform.hpp"
#include "cli/request_options.hpp"

namespace stillpoint::cli {

int run(const Arguments& arguments) {
  std::string scenario;
  std::string seed;
  std::string trace;
  bool force = false;
  bool check = false;
  bool json = false;
  bool log = false;
  bool require_sometimes = false;
  RequestOptions request(arguments, {"--force", "--check", "--json", "--log", "--guard", "--require-sometimes"}, 1);
  CLI::App app("Run one seed of a scenario.", "stillpoint run");
  app.add_option("SCENARIO", scenario, "A scenario's name, or the path of its file")->required();
  app.add_option("--seed", seed, "The seed; without it a random one is drawn and printed first");
  app.add_option("--trace", trace, "Record the run into this SQLite file");
  app.add_flag("--force", force, "Overwrite an existing trace");
  app.add_flag("--check", check, "Run the seed twice and compare every event");
  app.add_flag("--require-sometimes", require_sometimes,
               "Exit with 17 if a STILLPOINT_SOMETIMES never held, or a STILLPOINT_REACHABLE was never come to");
  app.add_flag("--json", json, "Print one JSON object instead of text");
  app.add_flag("--log", log, "Print what hosts write and the scenario logs, with its virtual time");
  request.add_to(app);
  if (!parse(app, arguments)) return 0;
  // An option that was given as nothing is not one that was not given: `--seed ""` is no wish for a random seed.
  if (force && !request.given(app, "trace")) throw Error("--force goes with --trace FILE");
  if (request.given(app, "trace") && trace.empty()) throw Error("--trace '': a trace needs a file's name");

  Invocation invocation = request.invocation(app, 0);
  invocation.request.seed = request.given(app, "seed") ? parse_seed(seed) : random_seed();
  LogPrinter printer(LogPrinter::Form::lines, json ? stderr : stdout);
  const Performed performed =
      perform(invocation, {.trace_path = trace, .overwrite = force, .twice = check, .log = log ? &printer : nullptr});
  const Presentation shown{invocation,   performed.result, trace, performed.difference, check,
                           std::nullopt, require_sometimes};
  json ? print_json(shown) : print_verdict(shown);
  return exit_code(verdict_of(shown));
}

}  // namespace stillpoint::cli
