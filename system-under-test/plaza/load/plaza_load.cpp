// plaza-load: many users of a real cluster, and whether it keeps what it has acknowledged to them.
//
// Exit codes: 0 all is well, 1 something that was acknowledged is missing, answers contradict one another, or nothing
// was acknowledged at all, 2 bad input, or the cluster cannot be reached.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>
#include <string>

#include "system-under-test/plaza/load/crowd.hpp"
#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/load/report.hpp"

namespace {

namespace load = plaza::load;

constexpr int kExitNotWell = 1;
constexpr int kExitCannot = 2;
constexpr rlim_t kOtherFiles = 64;  // beside the users' connections

// Each user has a connection, and for a moment two.
void allow_files(unsigned users) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const rlim_t needed = 2 * static_cast<rlim_t>(users) + kOtherFiles;
  if (limit.rlim_cur >= needed) return;
  limit.rlim_cur = std::min(needed, limit.rlim_max);
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < users + kOtherFiles) {
    throw load::BadInput("--users: " + std::to_string(users) + " are more than this process may have files open (" +
                         std::to_string(limit.rlim_cur) + "); see ulimit -n");
  }
}

int run(const load::Options& options) {
  load::check(options);
  if (!options.verify.empty()) {
    const load::Verdict verdict = load::verify_ledger(options);
    std::cout << load::report(verdict) << std::flush;
    return verdict.is_good() ? 0 : kExitNotWell;
  }
  allow_files(options.users);
  const load::Result result = load::make_load(options);
  std::cout << load::report(options, load::parse_nodes(options.nodes).size(), result.tally)
            << load::report(result.verdict) << std::flush;
  if (result.nothing_done()) {
    std::cerr << "plaza-load: " << load::nothing_done(result.tally.total()) << '\n';
    return kExitNotWell;
  }
  return result.is_good() ? 0 : kExitNotWell;
}

}  // namespace

int main(int argc, char** argv) {
  load::Options options;
  CLI::App app("Users of a plaza cluster, who hold, buy and release tickets, watch, and check what they were told.",
               "plaza-load");
  load::describe(app, options);
  app.footer(
      "At the end everything that was acknowledged is asked for again, under the same ids: the answers must be the "
      "same.\nExit code: 0 all is well, 1 something acknowledged is missing, answers contradict one another or nothing "
      "was\nacknowledged, 2 bad input or no connection.");
  try {
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::Success& asked_for_help) {
    return app.exit(asked_for_help);
  } catch (const std::exception& failure) {
    std::cerr << "plaza-load: " << failure.what() << '\n';
    return kExitCannot;
  }
}
