#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <boost/json.hpp>
#include <filesystem>
#include <string>

#include "tests/support/shell.hpp"

namespace {

std::string tool() { return test::binary("stillpoint-test"); }
std::string misbehaving() { return std::filesystem::current_path().string() + "/tests/scenarios/misbehaving.toml"; }

std::int64_t query(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  CAPTURE(sql, sqlite3_errmsg(database));
  REQUIRE(sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
  REQUIRE(sqlite3_step(statement) == SQLITE_ROW);
  const std::int64_t value = sqlite3_column_int64(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return value;
}

}  // namespace

TEST_CASE("exit codes are those of the verdict, from run and from replay") {
  struct Row {
    const char* kind;
    int exit_code;
    const char* headline;
  };
  const Row rows[] = {{"none", 0, "PASS"},         {"violation", 10, "FAIL"},       {"segv", 12, "CRASH"},
                      {"kill", 12, "CRASH"},       {"throw", 12, "CRASH"},          {"exit", 12, "CRASH"},
                      {"open", 16, "UNSUPPORTED"}, {"post-for-ever", 13, "RUNAWAY"}};
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    const std::string kind = row.kind;
    const test::Ran run =
        test::shell(tool() + " run " + misbehaving() + " --kind " + kind + " --seed 7 --trace t.db --force");
    CAPTURE(run.out, run.err);
    CHECK(run.exit_code == row.exit_code);
    CHECK_THAT(run.out, Catch::Contains(row.headline));
    CHECK_THAT(run.out, Catch::Contains("--kind " + kind + " --seed 7"));

    const std::string trace = test::scratch() + "/t.db";
    CHECK(query(trace, "SELECT exit_code FROM metadata") == row.exit_code);
    CHECK(query(trace, "SELECT complete FROM metadata") == 1);
    CHECK(query(trace, "SELECT count(*) FROM event") == query(trace, "SELECT events FROM metadata"));
    if (row.exit_code != 10)
      CHECK(query(trace, "SELECT count(*) FROM events WHERE kind = 'note' AND detail LIKE '%tick 100%'") == 1);

    const test::Ran replayed = test::shell(tool() + " replay t.db");
    CAPTURE(replayed.err);
    CHECK(replayed.exit_code == row.exit_code);
    CHECK_THAT(replayed.out, Catch::Contains("the same run: hash"));
  }
}

TEST_CASE("--check runs twice, and a non-deterministic service fails with the first event that differs") {
  const test::Ran good = test::shell(tool() + " run " + misbehaving() + " --seed 1 --check");
  CHECK(good.exit_code == 0);
  CHECK_THAT(good.out, Catch::Contains("twice the same"));
  const test::Ran bad = test::shell(tool() + " run " + misbehaving() + " --kind entropy --seed 1 --check");
  CHECK(bad.exit_code == 14);
  CHECK_THAT(bad.out, Catch::Contains("NONDETERMINISM"));
  CHECK_THAT(bad.out, Catch::Contains("differ from event"));
  CHECK_THAT(bad.out, Catch::Contains("real entropy"));
}

TEST_CASE("replay of a non-deterministic run says so") {
  REQUIRE(test::shell(tool() + " run " + misbehaving() + " --kind entropy --seed 1 --trace t.db --force").exit_code ==
          0);
  const test::Ran replayed = test::shell(tool() + " replay t.db");
  CHECK(replayed.exit_code == 14);
  CHECK_THAT(replayed.out, Catch::Contains("the hash differs"));
}

TEST_CASE("an interrupted run leaves a valid trace") {
  const test::Ran ran =
      test::shell(tool() + " run " + misbehaving() +
                  " --kind loop-for-ever --seed 1 --trace t.db --force & pid=$!; sleep 1; kill -INT $pid; wait $pid");
  CHECK(ran.exit_code == 130);
  const std::string trace = test::scratch() + "/t.db";
  CHECK(query(trace, "SELECT count(*) FROM events WHERE kind = 'note'") == 101);
  CHECK(query(trace, "SELECT exit_code FROM metadata") == 130);
}

TEST_CASE("a supervisor killed with -9 leaves no simulation behind") {
  const test::Ran ran = test::shell(tool() + " run " + misbehaving() +
                                    " --kind loop-for-ever --seed 1 & pid=$!; sleep 1; kill -9 $pid; wait $pid; sleep "
                                    "0.5; pgrep -f stillpoint-zygote "
                                    "-P 1 | wc -l");
  CHECK(ran.out == "0\n");
}

TEST_CASE("JSON has what it promises, and nothing else is on standard output") {
  const test::Ran ran =
      test::shell(tool() + " run " + misbehaving() + " --kind violation --seed 18446744073709551615 --json");
  CHECK(ran.exit_code == 10);
  const boost::json::object object = boost::json::parse(ran.out).as_object();
  for (const char* key :
       {"scenario", "seed", "verdict", "hash", "events", "virtual_ns", "cpu_ns", "users", "violations", "replay"}) {
    CAPTURE(key);
    CHECK(object.contains(key));
  }
  CHECK(object.at("seed").as_string() == "18446744073709551615");
  CHECK(object.at("verdict").as_string() == "safety");
  CHECK(object.at("hash").as_string().size() == 16);
  const boost::json::object violation = object.at("violations").as_array().at(0).as_object();
  CHECK(violation.at("invariant").as_string() == "nothing is wrong");
  CHECK(violation.at("at_ns").as_int64() == 50'000'000);
  CHECK(violation.contains("message"));
  CHECK(violation.contains("event"));
}

TEST_CASE("the replay line runs as it stands") {
  const test::Ran ran =
      test::shell(tool() + " run " + misbehaving() + " --kind violation --set 'name=it is' --seed 4 --json");
  const std::string line(boost::json::parse(ran.out).as_object().at("replay").as_string());
  const test::Ran again = test::shell(line + " --json");
  CAPTURE(line, again.err);
  CHECK(again.exit_code == 10);
  CHECK(boost::json::parse(again.out).as_object().at("hash") == boost::json::parse(ran.out).as_object().at("hash"));
}

TEST_CASE("an option of a scenario that sets a value by itself takes none") {
  test::shell(
      "printf '%s\\n' 'name = \"small\"' 'behaviour = \"last-ticket\"' '[options]' 'users = \"users.count\"' "
      "'crowd = \"users.count=90\"' 'wrong = \"users.count=0\"' '[users]' 'count = 5' > small.toml");
  const std::string run = tool() + " run small.toml ";
  for (const std::string options : {"--crowd --seed 1", "--seed 1 --crowd", "--seed 1 --set users.count=90"}) {
    CAPTURE(options);
    const test::Ran ran = test::shell(run + options);
    CAPTURE(ran.err);
    CHECK(ran.exit_code == 0);
    CHECK_THAT(ran.err, Catch::StartsWith("seed 1  small  90 users"));
    CHECK_THAT(ran.out, Catch::Contains("run small.toml --crowd --seed 1\n"));
  }
  CHECK_THAT(test::shell(run + "--users 7 --seed 1").out, Catch::Contains("run small.toml --users 7 --seed 1\n"));
  CHECK(test::shell(run + "--wrong").err == "stillpoint: --wrong: users.count is 0; a count is 1 to 1,000,000\n");
  CHECK(test::shell(run + "--crowd 5").exit_code == 2);
  const test::Ran fuzzed = test::shell(tool() + " fuzz small.toml --crowd --seeds 1..3 --out crowd");
  CAPTURE(fuzzed.err);
  CHECK(fuzzed.exit_code == 0);
  CHECK_THAT(test::shell(tool() + " run small.toml --help").out, Catch::Contains("Sets users.count=90"));
}
