// stillpoint fuzz: many seeds of one or more scenarios, for a person who looks for bugs and for a CI job.
#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "cli/fuzz_progress.hpp"
#include "cli/fuzz_report.hpp"
#include "cli/interruption.hpp"
#include "cli/report_file.hpp"
#include "cli/request_options.hpp"
#include "cli/say.hpp"
#include "sim-core/base/shell_word.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/campaign/outcome.hpp"
#include "sim-core/campaign/regressions.hpp"
#include "sim-core/supervise/planning.hpp"
#include "stillpoint_version.hpp"

namespace stillpoint::cli {
namespace {

namespace fs = std::filesystem;
using campaign::CampaignFile;
using campaign::Plan;
using campaign::Purpose;
using campaign::Series;

struct FuzzCommand {
  std::vector<std::string> scenarios;
  std::string seeds;
  std::string budget;
  unsigned jobs = 0;
  std::string out;
  std::string junit;
  std::string summary;
  std::vector<std::string> canaries;
  bool no_regressions = false;
  bool resume = false;
  bool stop_at_first = false;
  bool require_sometimes = false;
  bool json = false;
};

// The processors that this process may use, and no more of them than its control group may (cgroup v2).
unsigned allowed_cores() {
  cpu_set_t set;
  unsigned cores = 1;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cores = static_cast<unsigned>(CPU_COUNT(&set));
  std::ifstream quota("/sys/fs/cgroup/cpu.max");
  double most = 0;
  double period = 0;
  if (quota >> most >> period && period > 0) {
    const double allowed = most / period;
    if (allowed < cores) cores = std::max(1u, static_cast<unsigned>(allowed + 0.5));
  }
  return cores;
}

struct Range {
  std::uint64_t first;
  std::uint64_t count;
};

Range parse_range(const std::string& text) {
  const auto fail = [&](const char* why) -> void {
    throw Error(fmt::format("--seeds {}: {}; a range is two seeds, as in 1..200", text, why));
  };
  const std::size_t dots = text.find("..");
  if (dots == text.npos) fail("this is no range");
  const auto number = [&](std::string_view digits) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty())
      fail("a seed is a whole number, 0 to 18446744073709551615");
    return value;
  };
  const std::uint64_t first = number(std::string_view(text).substr(0, dots));
  const std::uint64_t last = number(std::string_view(text).substr(dots + 2));
  if (last < first) fail("it holds no seed");
  constexpr std::uint64_t kMost = 1'000'000'000'000;
  if (last - first >= kMost) fail("it holds more seeds than anybody can run");
  return {first, last - first + 1};
}

Duration parse_budget(const std::string& text) {
  const std::optional<Duration> budget = parse_duration(text);
  if (!budget || *budget <= Duration::zero())
    throw Error(fmt::format("--budget {}: a budget is real time, as in 30s, 10m or 8h", text));
  return *budget;
}

// "oversell:50"
struct Canary {
  std::string bug;
  std::uint64_t seeds;
};

Canary parse_canary(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  std::uint64_t seeds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + (colon == text.npos ? text.size() : colon + 1), end, seeds);
  if (colon == text.npos || colon == 0 || error != std::errc{} || stop != end || seeds == 0 || seeds > 1'000'000)
    throw Error(
        fmt::format("--canary {}: a canary is a bug and how many seeds may pass until it is found, as in "
                    "oversell:50",
                    text));
  return {text.substr(0, colon), seeds};
}

Series series_of(const Invocation& invocation, Purpose purpose) {
  return {.purpose = purpose,
          .scenario = invocation.scenario_name,
          .shown = invocation.scenario,
          .scenario_path = invocation.scenario_path,
          .request = invocation.request,
          .seeds = std::nullopt,
          .expected = {},
          .why = {}};
}

std::vector<Series> regressions_of(const Invocation& of) {
  std::vector<Series> all;
  const scenario::ScenarioFile file{.name = of.scenario, .path = of.scenario_path, .text = of.request.scenario_text};
  const fs::path path = campaign::regressions_path(of.scenario_path);
  for (const campaign::RegressionCase& one : campaign::read_regressions(path)) {
    try {
      Series series =
          series_of(make_invocation(of.scenario, file, of.short_options, one.overrides, one.bug), Purpose::regression);
      series.request.seed = one.seed;
      series.seeds = 1;
      series.expected = one.expected;
      series.why = one.why.empty() ? fmt::format("{}:{}", path.filename().string(), one.line) : one.why;
      all.push_back(std::move(series));
    } catch (const Error& error) {
      throw Error(fmt::format("{}:{}: {}", path.string(), one.line, error.what()));
    }
  }
  return all;
}

Plan make_plan(const FuzzCommand& command, const RequestOptions& request, const CLI::App& app) {
  Plan plan;
  plan.revision = STILLPOINT_REVISION;
  std::optional<Range> range;
  if (request.given(app, "seeds")) range = parse_range(command.seeds);
  if (request.given(app, "budget")) plan.budget = parse_budget(command.budget);
  if (!range && !plan.budget) plan.budget = std::chrono::minutes(1);
  plan.base_seed = range ? range->first : random_seed();

  std::vector<Series> canaries;
  std::vector<Series> fuzz;
  std::vector<Canary> wanted;
  for (const std::string& text : command.canaries) wanted.push_back(parse_canary(text));
  std::vector<std::string> refusals(wanted.size());
  std::vector<bool> taken(wanted.size());
  for (std::size_t i = 0; i < request.size(); ++i) {
    const Invocation invocation = request.invocation(app, i);
    for (const Series& other : fuzz) {
      if (other.scenario_path == invocation.scenario_path)
        throw Error(fmt::format("{} is named twice; name each scenario once", invocation.scenario));
    }
    if (!command.no_regressions) {
      for (Series& series : regressions_of(invocation)) plan.series.push_back(std::move(series));
    }
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      Series series = series_of(invocation, Purpose::canary);
      series.request.seed = plan.base_seed;
      series.seeds = wanted[k].seeds;
      try {
        series.request.bug =
            scenario::load(series.request.scenario_text, series.scenario_path, series.request.overrides, wanted[k].bug)
                .bug;
      } catch (const Error& error) {  // of several scenarios, one may not have the bug
        refusals[k] = error.what();
        continue;
      }
      taken[k] = true;
      canaries.push_back(std::move(series));
    }
    Series series = series_of(invocation, Purpose::fuzz);
    series.request.seed = plan.base_seed;
    supervise::with_plan(series.request);  // what is wrong with it is told now
    if (range) series.seeds = range->count;
    fuzz.push_back(std::move(series));
  }
  for (std::size_t k = 0; k < wanted.size(); ++k) {
    if (!taken[k]) throw Error(fmt::format("--canary {}: {}", command.canaries[k], refusals[k]));
  }
  plan.series.insert(plan.series.end(), canaries.begin(), canaries.end());
  plan.series.insert(plan.series.end(), fuzz.begin(), fuzz.end());
  return plan;
}

// A folder of that name that nobody has yet.
fs::path fresh_folder(std::uint64_t base_seed) {
  const std::string name = fmt::format("campaign-{}", base_seed);
  std::error_code error;
  for (unsigned n = 1;; ++n) {
    const fs::path folder = n == 1 ? name : fmt::format("{}-{}", name, n);
    if (!fs::exists(folder, error)) return folder;
  }
}

CampaignFile resume(const FuzzCommand& command, const RequestOptions& request, const CLI::App& app) {
  if (command.out.empty()) throw Error("--resume goes with --out FOLDER: which campaign to go on with");
  for (const char* name : {"seeds", "canary", "no-regressions"}) {
    if (request.given(app, name))
      throw Error(fmt::format("--{} was settled when the campaign began; --resume takes it from there", name));
  }
  if (!command.scenarios.empty() || request.any_given(app))
    throw Error("what to run was settled when the campaign began: --resume takes no scenario and no settings");
  return CampaignFile::open(command.out);
}

struct Reports {
  std::unique_ptr<ReportFile> junit;
  std::unique_ptr<ReportFile> summary;
};

// Throws Error if one of them cannot be written, or would overwrite something of the campaign, or the other.
Reports open_reports(const FuzzCommand& command, const fs::path& folder) {
  const auto same = [](const fs::path& one, const fs::path& other) {
    return fs::weakly_canonical(fs::absolute(one)) == fs::weakly_canonical(fs::absolute(other));
  };
  for (const std::string& path : {command.junit, command.summary}) {
    for (const char* ending : {"", "-wal", "-shm", "-journal"}) {
      if (!path.empty() && same(path, folder / (CampaignFile::kName + std::string(ending))))
        throw Error(fmt::format("{} is the campaign's own file; choose another for the report", path));
    }
  }
  const bool regular = command.junit.empty() || !fs::exists(command.junit) || fs::is_regular_file(command.junit);
  if (regular && !command.junit.empty() && !command.summary.empty() && same(command.junit, command.summary))
    throw Error(fmt::format("--junit and --summary both name {}; each wants a file of its own", command.junit));
  Reports reports;
  if (!command.junit.empty()) reports.junit = std::make_unique<ReportFile>(command.junit);
  if (!command.summary.empty()) reports.summary = std::make_unique<ReportFile>(command.summary);
  return reports;
}

// False if it could not be written, which is told.
bool write(const std::unique_ptr<ReportFile>& file, const std::string& text) {
  try {
    if (file) file->write(text);
    return true;
  } catch (const Error& error) {
    say("stillpoint: {}\n", error.what());
    return false;
  }
}

void add_options(CLI::App& app, FuzzCommand& command) {
  app.add_option("SCENARIO", command.scenarios, "Scenarios' names, or the paths of their files");
  app.add_option("--seeds", command.seeds,
                 "A range of seeds, as in 1..200; of each scenario. Without it they are drawn "
                 "from a random one on");
  app.add_option("--budget", command.budget, "Real time to spend, as in 10m (1m if there is no --seeds either)");
  app.add_option("--jobs", command.jobs, "Simulations at a time; one for each core that may be used by default")
      ->check(CLI::Range(1u, 1024u));
  app.add_option("--out", command.out, "The folder for the campaign and its traces; a fresh one by default");
  app.add_option("--junit", command.junit, "Write the outcome to this file as JUnit XML");
  app.add_option("--summary", command.summary, "Write the outcome to this file as Markdown");
  app.add_option("--canary", command.canaries, "BUG:SEEDS: a planted bug that must be found within so many seeds")
      ->allow_extra_args(false);
  app.add_flag("--no-regressions", command.no_regressions, "Leave out the known cases (the scenarios' .seeds files)");
  app.add_flag("--require-sometimes", command.require_sometimes,
               "Exit with 17 if a STILLPOINT_SOMETIMES never held, or a STILLPOINT_REACHABLE was never come to");
  app.add_flag("--stop-at-first", command.stop_at_first, "Stop when a seed of the scenario has failed");
  app.add_flag("--resume", command.resume, "Go on with the campaign in the folder --out");
  app.add_flag("--json", command.json, "Print one JSON object instead of text");
}

}  // namespace

int fuzz(const Arguments& arguments) {
  FuzzCommand command;
  RequestOptions request(
      arguments, {"--no-regressions", "--require-sometimes", "--stop-at-first", "--resume", "--json", "--guard"}, 1000);
  CLI::App app("Run many seeds, and group what fails.", "stillpoint fuzz");
  add_options(app, command);
  request.add_to(app);
  if (!parse(app, arguments)) return 0;
  for (const char* name : {"out", "junit", "summary"}) {
    if (request.given(app, name) && app.get_option(std::string("--") + name)->as<std::string>().empty())
      throw Error(fmt::format("--{} '': it needs a name", name));
  }
  if (!command.resume && command.scenarios.empty())
    throw Error("which scenario? stillpoint fuzz SCENARIO (stillpoint list shows all)");

  std::optional<CampaignFile> file;
  Reports reports;
  if (command.resume) {
    file.emplace(resume(command, request, app));
    reports = open_reports(command, file->folder());
    if (request.given(app, "budget")) file->set_budget(file->spent() + parse_budget(command.budget));
  } else {
    Plan plan = make_plan(command, request, app);
    const fs::path folder = command.out.empty() ? fresh_folder(plan.base_seed) : fs::path(command.out);
    CampaignFile::prepare(folder);  // a report may be wanted in it, and if that cannot be, there is to be no campaign
    reports = open_reports(command, folder);
    file.emplace(CampaignFile::create(folder, std::move(plan)));
  }

  catch_interruptions();
  campaign::CampaignOptions options;
  options.jobs = command.jobs == 0 ? allowed_cores() : command.jobs;
  options.cancelled = interrupted;
  if (command.stop_at_first) options.until = campaign::Until::first_failure;
  say("base seed {}   {} {}   {}\n", file->plan().base_seed, options.jobs, options.jobs == 1 ? "job" : "jobs",
      file->folder().string());
  FuzzProgress progress(*file);
  options.on_progress = [&](const campaign::Progress& now) { progress.show(now); };
  options.on_failure = [&](const campaign::Failure& failure) { progress.show(failure); };
  options.on_warning = [&](const std::string& text) { progress.warn(text); };
  campaign::CampaignEnd end = campaign::CampaignEnd::refused;
  try {
    end = campaign::run_campaign(*file, options);
  } catch (const Error& error) {  // what was found until then is still to be told of
    progress.clear();
    say("stillpoint: {}\n", error.what());
  }
  progress.clear();

  campaign::Outcome outcome = campaign::judge(*file, end);
  if (command.require_sometimes) campaign::require_sometimes(outcome);
  const FuzzReport report{outcome, file->folder().string(), file->plan().base_seed};
  command.json ? print_json(report) : print_text(report);
  const bool junit_written = write(reports.junit, junit_xml(report));
  const bool written = write(reports.summary, job_summary(report)) && junit_written;
  if (end == campaign::CampaignEnd::cancelled || end == campaign::CampaignEnd::refused)
    say("stillpoint: cut short; go on with {} fuzz --resume --out {}\n", shell_word(program()),
        shell_word(file->folder().string()));
  // A failure that was found is the more important news.
  const bool machine_refused = end == campaign::CampaignEnd::refused || !written;
  const bool found = outcome.verdict != Verdict::pass && outcome.verdict != Verdict::interrupted;
  return machine_refused && !found ? kBadInput : exit_code(outcome.verdict);
}

}  // namespace stillpoint::cli
