#include "sim-core/campaign/campaign_file.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <stillpoint/error.hpp>

#include "tests/support/folder.hpp"

using namespace stillpoint;
using namespace stillpoint::campaign;
using test::Folder;

namespace {

Plan plan() {
  Plan plan;
  plan.base_seed = 0xFFFFFFFFFFFFFFFF;
  plan.budget = std::chrono::seconds(90);
  plan.revision = "r1";
  Series one;
  one.purpose = Purpose::regression;
  one.scenario = "a";
  one.shown = "./a.toml";
  one.scenario_path = "/a.toml";
  one.request = {.scenario_text = "name = \"a\"\n", .overrides = {"x=1", "y=\"z\""}, .bug = "b"};
  one.request.seed = 17;
  one.seeds = 1;
  one.expected = "pass";
  one.why = "it once failed";
  Series endless;
  endless.request.seed = plan.base_seed;
  plan.series = {one, endless};
  return plan;
}

supervise::RunResult result(std::uint64_t seed, Verdict verdict, std::uint64_t events, const std::string& what = "") {
  supervise::RunResult result;
  result.seed = seed;
  result.hash = 0xFEDCBA9876543210 + seed;
  result.events = events;
  result.virtual_ns = 1'000;
  result.cpu_ns = 10;
  result.report.verdict = verdict;
  result.report.what = what;
  result.report.reason = "message of " + std::to_string(seed);
  return result;
}

void damage(const std::filesystem::path& folder, const std::string& sql) {
  Database(folder / CampaignFile::kName, Database::Access::write, {"test"}).run(sql.c_str());
}

}  // namespace

TEST_CASE("a plan comes back as it was written") {
  const Folder folder;
  const Plan before = plan();
  CampaignFile::create(folder.path, before);
  const CampaignFile file = CampaignFile::open(folder.path);
  const Plan& after = file.plan();
  CHECK(after.base_seed == before.base_seed);
  CHECK(after.budget == before.budget);
  REQUIRE(after.series.size() == 2);
  CHECK(after.series[0].purpose == Purpose::regression);
  CHECK(after.series[0].shown == "./a.toml");
  CHECK(after.series[0].request.scenario_text == before.series[0].request.scenario_text);
  CHECK(after.series[0].request.overrides == before.series[0].request.overrides);
  CHECK(after.series[0].request.bug == "b");
  CHECK(after.series[0].request.seed == 17);
  CHECK(after.series[0].seeds == 1);
  CHECK(after.series[0].expected == "pass");
  CHECK(after.series[0].why == "it once failed");
  CHECK_FALSE(after.series[1].seeds);
  CHECK(after.series[1].request.seed == before.base_seed);
  CHECK_FALSE(file.complete());
}

TEST_CASE("failures are grouped, and the smallest seed speaks for them") {
  const Folder folder;
  CampaignFile file = CampaignFile::create(folder.path, plan());
  CHECK_FALSE(file.add(1, 0, result(1, Verdict::pass, 100), std::chrono::seconds(1)));
  const auto first = file.add(1, 2, result(3, Verdict::crash, 50, "SIGSEGV"), std::chrono::seconds(2));
  const auto second = file.add(1, 1, result(2, Verdict::crash, 40, "SIGSEGV"), std::chrono::seconds(3));
  const auto other = file.add(1, 4, result(5, Verdict::crash, 1, "SIGABRT"), std::chrono::seconds(4));
  REQUIRE((first && second && other));
  CHECK(*first == *second);
  CHECK(*first != *other);
  const std::vector<Failure> failures = file.failures(1);
  REQUIRE(failures.size() == 2);
  CHECK(failures[0].signature == "crash: SIGSEGV");
  CHECK(failures[0].seeds == 2);
  CHECK(failures[0].smallest.seed == 2);
  CHECK(failures[0].smallest.message == "message of 2");
  CHECK(failures[0].smallest.hash == 0xFEDCBA9876543212);
  CHECK_FALSE(failures[0].traced);
  file.set_trace(*first, 1, "a-2.db");
  CHECK(file.failure(*first)->trace == "a-2.db");
  CHECK(file.failure(*first)->traced == 1u);
  CHECK(file.failures(0).empty());
  CHECK(file.done(1) == std::vector<std::uint64_t>{0, 1, 2, 4});
  CHECK(file.first_finding(1)->number == 1);
  CHECK(file.totals(1).runs == 4);
  CHECK(file.totals(1).failed == 3);
  CHECK(file.spent() == std::chrono::seconds(4));

  const std::int64_t now = file.set_nondeterministic(1, 1, "they differ");
  CHECK(file.failure(now)->signature == "nondeterminism: crash: SIGSEGV");
  CHECK(file.failure(now)->smallest.message == "they differ");
  CHECK(file.failure(*first)->smallest.seed == 3);
  file.set_nondeterministic(1, 2, "they differ");
  CHECK_FALSE(file.failure(*first));  // nothing shows it any more
  CHECK(file.failures(1).size() == 2);
}

TEST_CASE("a folder is one campaign's, and one process's at a time") {
  const Folder folder;
  {
    CampaignFile file = CampaignFile::create(folder.path / "new" / "one", plan());
    CHECK_THROWS_WITH(CampaignFile::open(folder.path / "new" / "one"), Catch::Contains("in use by another campaign"));
    CHECK_THROWS_WITH(CampaignFile::create(folder.path / "new" / "one", plan()),
                      Catch::Contains("in use by another campaign"));
  }
  CHECK_THROWS_WITH(CampaignFile::create(folder.path / "new" / "one", plan()), Catch::Contains("--resume"));
  CHECK_NOTHROW(CampaignFile::open(folder.path / "new" / "one"));
  CHECK_THROWS_WITH(CampaignFile::open(folder.path), Catch::Contains("there is no campaign"));
  std::ofstream(folder.path / "file") << "x";
  CHECK_THROWS_AS(CampaignFile::create(folder.path / "file", plan()), Error);
  CHECK_THROWS_AS(CampaignFile::create(folder.path / "file" / "below", plan()), Error);
}

TEST_CASE("a campaign may be read while it runs") {
  const Folder folder;
  CampaignFile file = CampaignFile::create(folder.path, plan());
  file.add(1, 0, result(1, Verdict::crash, 100, "SIGSEGV"), {});
  const Database reader(folder.path / CampaignFile::kName, Database::Access::read, {"reader"});
  Statement rows(reader, "SELECT signature, seeds, smallest_seed, message FROM failures");
  REQUIRE(rows.step());
  CHECK(rows.text(0) == "crash: SIGSEGV");
  CHECK(rows.integer(1) == 1);
  CHECK(rows.text(2) == "1");
  CHECK(rows.text(3) == "message of 1");
}

TEST_CASE("a file that is no campaign, or a damaged one, is told in a line") {
  struct Row {
    const char* sql;
    const char* says;
  };
  const Row rows[] = {
      {"PRAGMA application_id = 7", "is no Stillpoint campaign"},
      {"PRAGMA user_version = 99", "version 99 of the schema"},
      {"DELETE FROM campaign", "damaged"},
      {"DROP TABLE series", "series"},
      {"DELETE FROM series", "it has no series"},
      {"DELETE FROM series WHERE id = 0", "a series is missing"},
      {"UPDATE series SET overrides = 'x'", "not a JSON array"},
      {"UPDATE series SET overrides = '[1]'", "not texts"},
      {"UPDATE series SET first_seed = '-1'", "not a number"},
      {"UPDATE series SET purpose = 'fun'", "no purpose"},
      {"UPDATE campaign SET base_seed = x'ff'", "not a number"},
      {"UPDATE series SET seeds = -1", "a series has no seeds"},
      {"DELETE FROM failure", "contradict"},
      {"UPDATE run SET failure = 77 WHERE failure IS NOT NULL", "contradict"},
      {"UPDATE run SET exit_code = 0", "contradict"},
      {"UPDATE run SET failure = NULL", "contradict"},
      {"UPDATE run SET series = 5", "contradict"},
      {"UPDATE run SET number = -1", "contradict"},
      {"UPDATE campaign SET build_id = 'other'", "of another build (revision r1)"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sql);
    const Folder folder;
    CampaignFile::create(folder.path, plan()).add(1, 0, result(1, Verdict::crash, 100, "SIGSEGV"), {});
    damage(folder.path, row.sql);
    CHECK_THROWS_WITH(CampaignFile::open(folder.path), Catch::Contains(row.says));
    CHECK_THROWS_AS(CampaignFile::open(folder.path), Error);
  }
  const Folder folder;
  std::ofstream(folder.path / CampaignFile::kName) << std::string(5000, 'x');
  CHECK_THROWS_WITH(CampaignFile::open(folder.path), Catch::Contains("not an SQLite database"));
  std::ofstream(folder.path / CampaignFile::kName, std::ios::trunc) << "";
  CHECK_THROWS_WITH(CampaignFile::open(folder.path), Catch::Contains("is no Stillpoint campaign"));
}

TEST_CASE("bytes changed anywhere in a campaign's file end in an Error or in nothing") {
  const Folder folder;
  {
    CampaignFile file = CampaignFile::create(folder.path, plan());
    for (std::uint64_t i = 0; i < 30; ++i) {
      file.add(1, i, result(i, i % 3 == 0 ? Verdict::crash : Verdict::pass, i, "SIGSEGV"), {});
    }
  }
  std::ifstream in(folder.path / CampaignFile::kName, std::ios::binary);
  const std::string good((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::uint64_t state = 12345;
  const auto random = [&] { return state = state * 6364136223846793005u + 1442695040888963407u, state >> 33; };
  for (int round = 0; round < 300; ++round) {
    std::string bad = good;
    for (std::uint64_t change = 0; change <= random() % 8; ++change)
      bad[random() % bad.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bad.resize(random() % bad.size());
    std::ofstream(folder.path / CampaignFile::kName, std::ios::binary | std::ios::trunc) << bad;
    try {
      CampaignFile file = CampaignFile::open(folder.path);
      for (std::size_t i = 0; i < file.plan().series.size(); ++i) {
        file.done(i);
        file.first_finding(i);
        file.totals(i);
        file.failures(i);
      }
    } catch (const Error&) {
    }
  }
  SUCCEED();
}
