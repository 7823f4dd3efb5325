// Whole campaigns over services that misbehave.
#include "sim-core/campaign/campaign.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stillpoint/error.hpp>

#include "sim-core/campaign/outcome.hpp"
#include "sim-core/record/trace_file.hpp"
#include "tests/support/folder.hpp"

using namespace stillpoint;
using namespace stillpoint::campaign;
using test::Folder;

namespace {

Series misbehaving(const std::string& kind, std::uint64_t first, std::uint64_t seeds, Purpose purpose = Purpose::fuzz) {
  std::ifstream in("tests/scenarios/misbehaving.toml");
  REQUIRE(in);
  Series series;
  series.purpose = purpose;
  series.scenario = series.shown = "misbehaving";
  series.scenario_path = "tests/scenarios/misbehaving.toml";
  series.request.scenario_text = {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  series.request.overrides = {"service.kind=" + kind, "limits.cpu=1s", "limits.memory_mib=128"};
  series.request.seed = first;
  series.seeds = seeds;
  return series;
}

// Everything of an outcome that must not hang on jobs, interruptions or the time of day.
std::string summary(const CampaignFile& file) {
  std::string text;
  for (std::size_t i = 0; i < file.plan().series.size(); ++i) {
    if (file.plan().series[i].purpose == Purpose::canary) continue;  // it may run further than it must
    for (const std::uint64_t number : file.done(i)) {
      const RunRow row = file.run(i, number).value();
      text += std::to_string(i) + " " + std::to_string(row.seed) + " " + std::string(stillpoint::name_of(row.verdict)) +
              " " + std::to_string(row.events) + " " + std::to_string(row.hash) + "\n";
    }
    for (const Failure& failure : file.failures(i)) {
      text += failure.signature + " " + std::to_string(failure.seeds) + " " + std::to_string(failure.smallest.seed) +
              " " + failure.smallest.message + " " + failure.trace + "\n";
    }
  }
  return text;
}

}  // namespace

TEST_CASE("a service that crashes, spins, leaks and floods by seed gives four groups, each with its trace") {
  const Folder folder;
  CampaignFile file = CampaignFile::create(folder.path, {.series = {misbehaving("by-seed", 1, 20)}});
  std::vector<std::string> told;
  std::uint64_t progress = 0;
  const CampaignEnd end =
      run_campaign(file, {
                             .jobs = 2,
                             .cancelled = {},
                             .on_progress = [&](const Progress& now) { progress = now.seeds; },
                             .on_failure = [&](const Failure& failure) { told.push_back(failure.signature); },
                         });
  CHECK(end == CampaignEnd::complete);
  CHECK(file.complete());
  CHECK(progress == 20);
  CHECK(told.size() == 4);

  const Outcome outcome = judge(file, end);
  CHECK(outcome.verdict == Verdict::crash);
  CHECK(outcome.seeds == 20);
  CHECK(outcome.failed == 16);
  const std::vector<Failure> failures = file.failures(0);
  REQUIRE(failures.size() == 4);
  const char* signatures[] = {"crash: SIGSEGV (server: Service::read_through < Service::tick::{lambda})",
                              "runaway: CPU time (server)", "runaway: memory (server)", "runaway: output (server)"};
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(signatures[i]);
    CHECK(failures[i].signature == signatures[i]);
    CHECK(failures[i].seeds == 4);
    CHECK(failures[i].smallest.seed == i + 1);  // all have as many events: the first counts
    const TraceFile trace(folder.path / failures[i].trace);
    REQUIRE(trace.metadata().outcome);
    CHECK(trace.metadata().outcome->hash == failures[i].smallest.hash);
    CHECK(trace.metadata().run.seed == failures[i].smallest.seed);
    CHECK(trace.metadata().events == failures[i].smallest.events);
  }
}

TEST_CASE("the number of jobs changes nothing") {
  const Folder one;
  const Folder many;
  const std::vector<Series> series = {misbehaving("by-seed", 5, 12), misbehaving("throw", 3, 4),
                                      misbehaving("null", 1, 5, Purpose::canary)};
  CampaignFile first = CampaignFile::create(one.path, {.series = series});
  CampaignFile second = CampaignFile::create(many.path, {.series = series});
  run_campaign(first, {.jobs = 1});
  run_campaign(second, {.jobs = 4});
  CHECK(summary(first) == summary(second));
  CHECK(judge(first, CampaignEnd::complete).series[2].found->seed == 1);
  CHECK(judge(second, CampaignEnd::complete).series[2].found->seed == 1);
}

TEST_CASE("a campaign that was cancelled goes on where it stopped, and ends as if it had not been") {
  const Folder whole;
  const Folder parts;
  const std::vector<Series> series = {misbehaving("by-seed", 0, 25)};
  CampaignFile uninterrupted = CampaignFile::create(whole.path, {.series = series});
  run_campaign(uninterrupted, {.jobs = 2});
  int sessions = 0;
  {
    CampaignFile file = CampaignFile::create(parts.path, {.series = series});
    CHECK(run_campaign(file, {.jobs = 2, .cancelled = [] { return true; }}) == CampaignEnd::cancelled);
    CHECK_FALSE(file.complete());
    CHECK(judge(file, CampaignEnd::cancelled).verdict ==
          (file.failures(0).empty() ? Verdict::interrupted : Verdict::crash));
  }
  for (CampaignEnd end = CampaignEnd::cancelled; end != CampaignEnd::complete; ++sessions) {
    REQUIRE(sessions < 50);
    CampaignFile file = CampaignFile::open(parts.path);
    bool enough = false;
    end = run_campaign(file, {.jobs = 2,
                              .cancelled = [&] { return enough; },
                              .on_progress = [&](const Progress& now) { enough = now.seeds_now >= 4; }});
  }
  CHECK(sessions > 1);
  const CampaignFile file = CampaignFile::open(parts.path);
  CHECK(file.complete());
  CHECK(summary(file) == summary(uninterrupted));
}

TEST_CASE("a failing seed whose second run is another run is a nondeterminism") {
  const Folder folder;
  Series series = misbehaving("entropy-violation", 1, 3);
  CampaignFile file = CampaignFile::create(folder.path, {.series = {series}});
  const CampaignEnd end = run_campaign(file, {.jobs = 1});
  const Outcome outcome = judge(file, end);
  CHECK(outcome.verdict == Verdict::nondeterminism);
  // Every seed that could have been the failure's smallest was tried, and found to be none.
  const std::vector<Failure> failures = file.failures(0);
  REQUIRE(failures.size() == 1);
  CHECK(failures[0].signature == "nondeterminism: safety: nothing is wrong (deed: note)");
  CHECK(failures[0].seeds == 3);
  CHECK_THAT(failures[0].smallest.message, Catch::Contains("two runs of this seed differ"));
  CHECK(std::filesystem::exists(folder.path / failures[0].trace));
}

TEST_CASE("regression cases are held to what they should show") {
  struct Row {
    const char* kind;
    const char* expected;
    Verdict verdict;
  };
  const Row rows[] = {
      {"none", "pass", Verdict::pass},
      {"violation", "safety: nothing is wrong (deed: note)", Verdict::pass},
      {"none", "safety: nothing is wrong (deed: note)", Verdict::undecided},  // it no longer fails
      {"violation", "pass", Verdict::safety},                                 // it fails again
      {"violation", "crash: SIGSEGV", Verdict::safety},                       // it fails otherwise
  };
  for (const Row& row : rows) {
    CAPTURE(row.kind, row.expected);
    const Folder folder;
    Series one = misbehaving(row.kind, 7, 1, Purpose::regression);
    one.expected = row.expected;
    CampaignFile file = CampaignFile::create(folder.path, {.series = {one, misbehaving("none", 1, 2)}});
    const CampaignEnd end = run_campaign(file, {.jobs = 1});
    CHECK(judge(file, end).verdict == row.verdict);
    // A trace is kept of what nobody expected.
    const std::vector<Failure> failures = file.failures(0);
    const bool surprising = !failures.empty() && failures[0].signature != row.expected;
    CHECK((!failures.empty() && !failures[0].trace.empty()) == surprising);
  }
}

TEST_CASE("a canary that is not found makes the campaign undecided") {
  const Folder folder;
  CampaignFile file = CampaignFile::create(
      folder.path, {.series = {misbehaving("none", 1, 3, Purpose::canary), misbehaving("none", 1, 2)}});
  const CampaignEnd end = run_campaign(file, {.jobs = 1});
  const Outcome outcome = judge(file, end);
  CHECK(outcome.verdict == Verdict::undecided);
  CHECK_FALSE(outcome.series[0].found);
  CHECK(outcome.seeds == 2);
}

TEST_CASE("a budget ends a campaign that has no other end") {
  const Folder folder;
  Series endless = misbehaving("none", 1, 1);
  endless.seeds.reset();
  CampaignFile file =
      CampaignFile::create(folder.path, {.series = {endless}, .budget = std::chrono::milliseconds(700)});
  const CampaignEnd end = run_campaign(file, {.jobs = 2});
  CHECK(end == CampaignEnd::budget);
  CHECK_FALSE(file.complete());
  const Outcome outcome = judge(file, end);
  CHECK(outcome.verdict == Verdict::pass);
  CHECK(outcome.seeds > 3);
  CHECK(outcome.real_time >= std::chrono::milliseconds(700));
  CHECK(outcome.real_time < std::chrono::seconds(10));
}

TEST_CASE("a budget in which no seed can end proves nothing") {
  const Folder folder;
  CampaignFile file = CampaignFile::create(
      folder.path, {.series = {misbehaving("loop-for-ever", 1, 5)}, .budget = std::chrono::milliseconds(200)});
  const CampaignEnd end = run_campaign(file, {.jobs = 1});
  CHECK(judge(file, end).verdict == Verdict::undecided);
}
