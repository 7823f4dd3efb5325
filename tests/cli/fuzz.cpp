// Campaigns as a user and a CI job see them.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/shell.hpp"

namespace {

namespace json = boost::json;

std::string stillpoint() { return test::binary("stillpoint"); }
std::string tool() { return test::binary("stillpoint-test"); }
std::string source(const std::string& path) { return std::filesystem::current_path().string() + "/" + path; }
std::string misbehaving() { return source("tests/scenarios/misbehaving.toml"); }

std::string read(const std::string& name) {
  std::ifstream in(test::scratch() + "/" + name, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

// Every row of a query, columns joined by '|'.
std::string query(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2((test::scratch() + "/" + file).c_str(), &database, SQLITE_OPEN_READWRITE, nullptr) ==
          SQLITE_OK);
  std::string rows;
  const auto add = [](void* to, int count, char** values, char**) {
    for (int i = 0; i < count; ++i) {
      *static_cast<std::string*>(to) += i > 0 ? "|" : "";
      *static_cast<std::string*>(to) += values[i] == nullptr ? "" : values[i];
    }
    *static_cast<std::string*>(to) += "\n";
    return 0;
  };
  CAPTURE(sql, sqlite3_errmsg(database));
  REQUIRE(sqlite3_exec(database, sql.c_str(), add, &rows, nullptr) == SQLITE_OK);
  sqlite3_close(database);
  return rows;
}

// What a campaign has found, however it came about.
std::string findings(const std::string& folder) {
  return query(folder + "/campaign.db",
               "SELECT series, number, seed, verdict, hash, events, message FROM run ORDER BY series, number") +
         query(folder + "/campaign.db",
               "SELECT signature, seeds, smallest_seed, trace FROM failures ORDER BY signature") +
         query(folder + "/campaign.db", "SELECT complete FROM campaign");
}

test::Ran fuzz(const std::string& arguments) { return test::shell(tool() + " fuzz " + arguments); }

}  // namespace

TEST_CASE("the planted bug: one group, exit code 10, a trace that replays, JUnit that validates") {
  const test::Ran ran = test::shell("rm -rf c; " + stillpoint() +
                                    " fuzz last-ticket --bug oversell --seeds 1..200 --out c --junit j.xml --summary "
                                    "s.md");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 10);
  CHECK_THAT(ran.out, Catch::Contains("of 200 seeds FAILED in 1 group"));
  CHECK_THAT(ran.out, Catch::Contains("seeds per CPU second"));
  CHECK_THAT(ran.err, Catch::StartsWith("base seed 1 "));
  const std::string trace = query("c/campaign.db", "SELECT trace FROM failures WHERE purpose = 'fuzz'");
  const test::Ran replay = test::shell(stillpoint() + " replay c/" + trace);
  CAPTURE(trace, replay.out);
  CHECK(replay.exit_code == 10);
  CHECK_THAT(replay.out, Catch::Contains("the same run: hash"));

  // The line that is shown runs as it stands.
  const std::size_t again = ran.out.find("again    ") + 9;
  const std::string line = ran.out.substr(again, ran.out.find('\n', again) - again);
  CHECK(test::shell(line).exit_code == 10);

  CHECK(test::shell("xmllint --noout --schema " + source("tests/cli/junit.xsd") + " j.xml").exit_code == 0);
  CHECK_THAT(read("j.xml"), Catch::Contains("<failure type=\"safety\""));
  CHECK_THAT(read("s.md"), Catch::Contains("[[case]]"));
}

TEST_CASE("without the bug all pass") {
  const test::Ran ran = test::shell("rm -rf c; " + stillpoint() +
                                    " fuzz last-ticket --users 100 --seeds 1..200 --out c --canary oversell:20 --junit "
                                    "j.xml");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("200 seeds PASSED"));
  CHECK_THAT(ran.out, Catch::Contains("canary       oversell in last-ticket found by the"));
  CHECK_THAT(ran.out, Catch::Contains("regressions  2 of 2 as expected"));
  CHECK(test::shell("xmllint --noout --schema " + source("tests/cli/junit.xsd") + " j.xml").exit_code == 0);
}

TEST_CASE("JSON of a campaign has what it promises") {
  const test::Ran ran = fuzz(misbehaving() +
                             " --kind violation --seeds 18446744073709551613..18446744073709551615 "
                             "--json --out json");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 10);
  const json::object object = json::parse(ran.out).as_object();
  for (const char* key : {"verdict", "exit_code", "end", "base_seed", "seeds", "failed", "failures", "regressions",
                          "canaries", "virtual_ns", "cpu_ns", "real_ns", "seeds_per_cpu_s", "campaign"}) {
    CAPTURE(key);
    CHECK(object.contains(key));
  }
  CHECK(object.at("base_seed").as_string() == "18446744073709551613");
  CHECK(object.at("seeds").as_int64() == 3);
  CHECK(object.at("failed").as_int64() == 3);
  const json::object failure = object.at("failures").as_array().at(0).as_object();
  CHECK(failure.at("signature").as_string() == "safety: nothing is wrong (deed: note)");
  CHECK(std::filesystem::exists(test::scratch() + "/" + std::string(failure.at("trace").as_string())));
}

TEST_CASE("text that XML cannot hold does not break JUnit") {
  const test::Ran ran = test::shell(
      "printf 'name = \"a<b>&\\\\u0001\\\\\"c\"\\nbehaviour = \"misbehaving\"\\n[service]\\nkind = "
      "\"throw\"\\n' > odd.toml; rm -rf odd; " +
      tool() + " fuzz ./odd.toml --seeds 1..2 --out odd --junit odd.xml --summary odd.md");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 12);
  CHECK(test::shell("xmllint --noout --schema " + source("tests/cli/junit.xsd") + " odd.xml").exit_code == 0);
}

TEST_CASE("two files with scenarios of one name are told apart") {
  const test::Ran ran = test::shell("cp " + misbehaving() + " one.toml; cp " + misbehaving() + " two.toml; " + tool() +
                                    " fuzz ./one.toml ./two.toml --kind violation --seeds 1..3 --out names --junit "
                                    "names.xml");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 10);
  CHECK_THAT(ran.out, Catch::Contains("6 of 6 seeds FAILED in 2 groups"));
  CHECK(test::shell("xmllint --noout --schema " + source("tests/cli/junit.xsd") + " names.xml").exit_code == 0);
  CHECK_THAT(read("names.xml"), Catch::Contains("0 of 3 seeds pass"));
  CHECK(query("names/campaign.db", "SELECT count(DISTINCT trace) FROM failures") == "2\n");
}

TEST_CASE("bad input to fuzz") {
  REQUIRE(fuzz(misbehaving() + " --seeds 1..1 --out taken").exit_code == 0);
  test::shell(
      "mkdir -p empty notadb wrong; echo 1234567890 > notadb/campaign.db; sqlite3 wrong/campaign.db 'CREATE TABLE "
      "a(b)'; echo x > file; cp -r taken old; sqlite3 old/campaign.db \"UPDATE campaign SET build_id = 'x'\"; "
      "cp -r taken cut; truncate -s 6000 cut/campaign.db");
  const std::pair<std::string, const char*> rows[] = {
      {"", "which scenario?"},
      {"last-tickt", "Did you mean 'last-ticket'?"},
      {"last-ticket --seeds 5..4", "it holds no seed"},
      {"last-ticket --seeds 200", "this is no range"},
      {"last-ticket --seeds ..", "a seed is a whole number"},
      {"last-ticket --seeds 1..x", "a seed is a whole number"},
      {"last-ticket --seeds -1..5", "a seed is a whole number"},
      {"last-ticket --seeds ''", "this is no range"},
      {"last-ticket --seeds 0..18446744073709551615", "more seeds than anybody can run"},
      {"last-ticket --budget 0s", "a budget is real time"},
      {"last-ticket --budget -5m", "a budget is real time"},
      {"last-ticket --budget soon", "a budget is real time"},
      {"last-ticket --budget 10", "a budget is real time"},
      {"last-ticket --jobs 0", "--jobs"},
      {"last-ticket --jobs many", "--jobs"},
      {"last-ticket --canary oversell", "a canary is a bug and how many seeds"},
      {"last-ticket --canary oversel:5", "Did you mean 'oversell'?"},
      {"last-ticket --canary oversell:0", "a canary is a bug and how many seeds"},
      {"last-ticket --bug oversel", "Did you mean 'oversell'?"},
      {"last-ticket --out ''", "--out '': it needs a name"},
      {"last-ticket --out file", "cannot make the folder file"},
      {"last-ticket --out /proc/here", "cannot make the folder /proc/here"},
      {"last-ticket --out taken", "holds a campaign already"},
      {"last-ticket --seeds 1..1 --out fresh1 --junit /nowhere/j.xml", "cannot write /nowhere/j.xml"},
      {"last-ticket --seeds 1..1 --out fresh2 --summary empty", "cannot write empty"},
      {"last-ticket last-ticket --seeds 1..1", "last-ticket is named twice"},
      {"last-ticket --seds 1..5", "Did you mean '--seeds'?"},
      {"last-ticket --seeds 1..1 --out fresh3 --junit same --summary ./same", "each wants a file of its own"},
      {"last-ticket --seeds 1..1 --out fresh4 --junit fresh4/campaign.db", "is the campaign's own file"},
      {"--resume --out taken --summary taken/../taken/campaign.db-wal", "is the campaign's own file"},
      {"--resume", "--resume goes with --out"},
      {"--resume --out empty", "there is no campaign in empty"},
      {"--resume --out nowhere", "there is no campaign in nowhere"},
      {"--resume --out notadb", "not an SQLite database"},
      {"--resume --out wrong", "no Stillpoint campaign"},
      {"--resume --out old", "of another build"},
      {"--resume --out cut", "damaged"},
      {"--resume --out taken --seeds 1..5", "--seeds was settled when the campaign began"},
      {"last-ticket --resume --out taken", "takes no scenario"},
      {"--resume --out taken --bug oversell", "takes no scenario and no settings"},
  };
  for (const auto& [arguments, says] : rows) {
    CAPTURE(arguments);
    const test::Ran ran = fuzz(arguments);
    CAPTURE(ran.out, ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Catch::Contains(says));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

TEST_CASE("a scenario's file of seeds that is wrong is told with its line") {
  const test::Ran ran = test::shell("cp " + misbehaving() +
                                    " own.toml; printf '\\n[[case]]\\nseed = \"1\"\\nbug = "
                                    "\"none\"\\nexpect = \"pass\"\\n' > own.seeds; " +
                                    tool() + " fuzz ./own.toml --seeds 1..2 --out own");
  CAPTURE(ran.err);
  CHECK(ran.exit_code == 2);
  CHECK_THAT(ran.err, Catch::Contains("own.seeds:2: no bug 'none'"));
  CHECK_FALSE(std::filesystem::exists(test::scratch() + "/own"));
}

TEST_CASE("a folder in use by another campaign") {
  const test::Ran ran = test::shell(tool() + " fuzz " + misbehaving() +
                                    " --budget 20s --out busy 2> first.txt & pid=$!; "
                                    "while [ ! -e busy/campaign.db ]; do sleep 0.05; done; sleep 0.3; " +
                                    tool() + " fuzz --resume --out busy; echo $?; " + tool() + " fuzz " +
                                    misbehaving() + " --out busy; echo $?; kill -INT $pid; wait $pid; echo $?");
  CAPTURE(ran.err);
  CHECK(ran.out.substr(0, 4) == "2\n2\n");
  CHECK(ran.out.substr(ran.out.size() - 4) == "130\n");
  CHECK_THAT(ran.err, Catch::Contains("in use by another campaign"));
  CHECK_THAT(read("first.txt"), Catch::Contains("go on with"));
}

TEST_CASE("SIGTERM loses nothing that was found, and says how to go on") {
  const test::Ran ran =
      test::shell(tool() + " fuzz " + misbehaving() +
                  " --kind violation --budget 60s --out term & pid=$!; sleep 2; kill -TERM $pid; wait "
                  "$pid");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 10);  // what was found stands
  CHECK_THAT(ran.out, Catch::Contains("FAILED in 1 group"));
  CHECK_THAT(ran.err, Catch::Contains("fuzz --resume --out term"));
  CHECK(query("term/campaign.db", "SELECT count(*) > 0 FROM run") == "1\n");
}

TEST_CASE("killed with -9 at ten moments and resumed, a campaign ends as one that nobody touched") {
  const std::string what =
      misbehaving() + " --kind by-seed --set limits.cpu=1s --set limits.memory_mib=128 --seeds 1..40";
  const test::Ran whole = fuzz(what + " --out whole");
  REQUIRE(whole.exit_code == 12);
  // The moments are spread over the time that a session takes to get a few seeds further.
  const test::Ran parts = test::shell(R"(
rm -rf parts
for kill in 1 2 3 4 5 6 7 8 9 10; do
  if [ -e parts/campaign.db ]; then set -- --resume; else rm -rf parts; set -- )" +
                                      what + R"(; fi
  )" + tool() + R"( fuzz "$@" --out parts > /dev/null 2>> log.txt & pid=$!
  sleep 0.$((RANDOM % 10))$((RANDOM % 10))
  kill -9 $pid 2> /dev/null; wait $pid 2> /dev/null
done
pgrep -f stillpoint-zygote -P 1 | wc -l
)" + tool() + " fuzz --resume --out parts");
  CAPTURE(parts.out, parts.err);
  CHECK(parts.exit_code == 12);
  CHECK(findings("parts") == findings("whole"));
  CHECK(test::shell("ls parts").out == test::shell("ls whole").out);
}

TEST_CASE(
    "a report that cannot be written any more hides no verdict, and one refused at the start leaves no campaign") {
  CHECK(fuzz(misbehaving() + " --kind violation --seeds 1..2 --out reports1 --junit /dev/full").exit_code == 10);
  CHECK(fuzz(misbehaving() + " --seeds 1..2 --out reports2 --junit /dev/full").exit_code == 2);
  CHECK(fuzz(misbehaving() + " --seeds 1..2 --out reports3 --junit /nowhere/j.xml").exit_code == 2);
  CHECK(fuzz(misbehaving() + " --seeds 1..2 --out reports3 --junit reports3/j.xml").exit_code == 0);
}

TEST_CASE("a full disk ends a campaign with one line, and what was found is kept and told") {
  const test::Ran ran = test::shell(
      "mkdir -p small && mount -t tmpfs -o size=600k tmpfs small && { " + tool() + " fuzz " + misbehaving() +
      " --kind violation --budget 60s --out small/c --junit full.xml > said.txt; echo $?; sqlite3 "
      "small/c/campaign.db 'SELECT count(*) > 0 FROM run'; umount small; }");
  CAPTURE(ran.out, ran.err);
  if (ran.err.find("mount") != std::string::npos) {
    WARN("no permission to mount a small file system here");
    return;
  }
  CHECK(ran.out == "10\n1\n");
  CHECK_THAT(ran.err, Catch::Contains("the disk is full"));
  CHECK_THAT(ran.err, Catch::Contains("fuzz --resume --out small/c"));
  CHECK_THAT(read("said.txt"), Catch::Contains("FAILED in 1 group"));
  CHECK_THAT(read("full.xml"), Catch::Contains("<failure type=\"safety\""));
}

TEST_CASE("a zygote that is killed is replaced") {
  const test::Ran ran =
      test::shell(tool() + " fuzz " + misbehaving() +
                  " --seeds 1..60 --jobs 1 --out killed & pid=$!; sleep 0.4; pkill -9 -P $pid; wait $pid");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("60 seeds PASSED"));
}
