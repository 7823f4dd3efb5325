// Bad input: one clear line on standard error, exit code 2, and nothing written.
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/support/shell.hpp"

namespace {

struct Row {
  const char* arguments;
  const char* says;
};

void check_rows(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.arguments);
    const test::Ran ran = test::shell(test::binary("stillpoint") + " " + row.arguments);
    CAPTURE(ran.out, ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Catch::Contains(row.says));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

}  // namespace

TEST_CASE("unknown names") {
  check_rows({
      {"rn", "Did you mean 'run'?"},
      {"frobnicate", "no subcommand 'frobnicate'"},
      {"run last-tickt", "Did you mean 'last-ticket'?"},
      {"run last-ticket --bug oversel", "Did you mean 'oversell'?"},
      {"run last-ticket --bug I99", "no bug 'I99' in last-ticket. (stillpoint list --bugs shows all)\n"},
      {"run last-ticket --set users.cuont=5", "Did you mean 'users.count'?"},
      {"run last-ticket --user 5", "Did you mean '--users'?"},
      {"run last-ticket --sed 5", "Did you mean '--seed'?"},
      {"run last-ticket extra", "'extra' is one argument too many"},
      {"replay", "TRACE is required"},
      {"run", "SCENARIO is required"},
      {"bench W9", "no workload 'W9'"},
      {"list everything", "one argument too many"},
      {"run last-tickt --seed 1", "Did you mean 'last-ticket'? (stillpoint list shows all)\n"},
  });
}

TEST_CASE("values out of range, and no values at all") {
  check_rows({
      {"run last-ticket --seed abc", "a seed is a whole number"},
      {"run last-ticket --seed -1", "a seed is a whole number"},
      {"run last-ticket --seed 18446744073709551616", "a seed is a whole number"},
      {"run last-ticket --seed ''", "a seed is a whole number"},
      {"run last-ticket --seed 1x", "a seed is a whole number"},
      {"run last-ticket --bug ''", "a bug has a name"},
      {"run last-ticket --seed", "stillpoint: --seed has no value\n"},
      {"run last-ticket --nodes", "stillpoint: --nodes has no value\n"},
      {"fuzz last-ticket --budget", "stillpoint: --budget has no value\n"},
      {"run last-ticket --users -5", "stillpoint: --users -5: users.count is -5; a count is 1 to 1,000,000\n"},
      {"run last-ticket --users 0", "a count is 1 to 1,000,000"},
      {"run last-ticket --users 99999999999", "a count is 1 to 1,000,000"},
      {"run last-ticket --users many", "a count is 1 to 1,000,000"},
      {"run last-ticket --users ''", "a count is 1 to 1,000,000"},
      {"run last-ticket --duration 5", "stillpoint: --duration 5: duration is 5; a duration is a number with a unit"},
      {"run last-ticket --duration -5s", "it may be"},
      {"run last-ticket --duration 1ns", "it may be"},
      {"run last-ticket --set network.latency_max=10us", "it may be 1ms to"},
      {"run last-ticket --set users.buy_now=200%", "a ratio is 0% to 100%"},
      {"run last-ticket --set users", "give it as key=value"},
      {"run last-ticket --set =5", "give it as key=value"},
      {"run last-ticket --set users=5", "users"},
      {"run last-ticket --force", "--force goes with --trace"},
      {"bench --repeat 0", "--repeat"},
  });
}

TEST_CASE("options that are given more than once") {
  check_rows({
      {"run last-ticket --bug oversell --bug oversell", "stillpoint: --bug is given twice; give it once\n"},
      {"run last-ticket --seed 1 --seed 2 --seed 3", "stillpoint: --seed is given 3 times; give it once\n"},
      {"run last-ticket --users 5 --users 6", "stillpoint: --users is given twice; give it once\n"},
      {"fuzz last-ticket --budget 1s --budget 2s", "stillpoint: --budget is given twice; give it once\n"},
      {"bench W1 --repeat 1 --repeat 2", "stillpoint: --repeat is given twice; give it once\n"},
  });
}

TEST_CASE("a bug's id is as good as its name") {
  const std::string run = test::binary("stillpoint") + " run last-ticket --users 300 --seed 2 --json --bug ";
  const test::Ran by_name = test::shell(run + "oversell");
  const test::Ran by_id = test::shell(run + "I01");
  CAPTURE(by_name.out, by_id.out, by_id.err);
  CHECK(by_id.exit_code == by_name.exit_code);
  CHECK_THAT(by_id.out, Catch::Contains("run last-ticket --bug oversell --users 300 --seed 2"));
  const std::string fuzz =
      test::binary("stillpoint") + " fuzz last-ticket --seeds 1..1 --no-regressions --canary I01:10";
  CHECK_THAT(test::shell("rm -rf c; " + fuzz + " --out c").out, Catch::Contains("oversell in last-ticket found"));
}

TEST_CASE("traces that cannot be written are found before the run, and nothing is overwritten") {
  const std::string run = test::binary("stillpoint") + " run last-ticket --users 10 --seed 1 ";
  test::shell("rm -rf *; echo precious > mine.db; mkdir folder");
  for (const char* trace : {"mine.db", "no/such/folder/t.db", "folder", "''"}) {
    CAPTURE(trace);
    const test::Ran ran = test::shell(run + "--trace " + trace);
    CAPTURE(ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
  }
  CHECK(test::shell("cat mine.db").out == "precious\n");
  CHECK(test::shell("ls").out == "command.sh\nerr.txt\nfolder\nmine.db\nout.txt\n");
  CHECK(test::shell(run + "--trace mine.db --force").exit_code == 0);
}

TEST_CASE("a machine that allows too few descriptors is told of in one line") {
  const test::Ran ran =
      test::shell("ulimit -n 100; " + test::binary("stillpoint") + " run last-ticket --users 10 --seed 1");
  CHECK(ran.exit_code == 2);
  CHECK_THAT(ran.err, Catch::Contains("1024 are needed"));
}

TEST_CASE("traces that are none") {
  test::shell("rm -rf *; " + test::binary("stillpoint") + " run last-ticket --users 10 --seed 1 --trace good.db");
  test::shell(
      "head -c 5000 good.db > truncated.db; echo hello > text.db; : > empty.db; sqlite3 other.db 'CREATE TABLE t(x)'; "
      "cp good.db old.db; sqlite3 old.db 'PRAGMA user_version=999'; mkdir folder");
  for (const char* trace : {"none.db", "truncated.db", "text.db", "empty.db", "other.db", "old.db", "folder"}) {
    CAPTURE(trace);
    const test::Ran ran = test::shell(test::binary("stillpoint") + " replay " + trace);
    CAPTURE(ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
    CHECK_THAT(ran.err, Catch::Contains(trace));
  }
}

TEST_CASE("malformed scenario files are named with their line") {
  struct File {
    const char* text;
    const char* says;
  };
  const File files[] = {
      {"name = \"x\"\nbehaviour = \"last-ticket\"\nusers = [\n", "mine.toml:"},
      {"name = \"x\"\nbehaviour = \"last-ticket\"\n[users]\ncount = -5\n", "mine.toml:4: users.count is -5"},
      {"name = \"x\"\nbehaviour = \"last-ticket\"\n[users]\ncuont = 5\n",
       "mine.toml:4: no setting is called 'users.cuont'"},
      {"name = \"x\"\nbehaviour = \"last-tickt\"\n", "mine.toml:2: behaviour is 'last-tickt'"},
      {"behaviour = \"last-ticket\"\n", "the key 'name' is missing"},
      {"name = \"x\"\n", "the key 'behaviour' is missing"},
      {"name = 5\nbehaviour = \"last-ticket\"\n", "mine.toml:1: name is 5"},
      {"name = \"x\"\nbehaviour = \"last-ticket\"\nduration = \"soon\"\n", "mine.toml:3: duration is 'soon'"},
      {"", "the key"},
      {"\xff\xfe\x00garbage", "mine.toml"},
  };
  for (const File& file : files) {
    CAPTURE(file.text);
    const test::Ran ran = test::shell("printf '%s' '" + std::string(file.text) + "' > mine.toml; " +
                                      test::binary("stillpoint") + " run mine.toml --seed 1");
    CAPTURE(ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Catch::Contains(file.says));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
  CHECK(test::shell(test::binary("stillpoint") + " run no/such.toml").exit_code == 2);
  CHECK(test::shell(test::binary("stillpoint") + " run /").exit_code == 2);
}
