#include "sim-core/campaign/regressions.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <stillpoint/error.hpp>

#include "tests/support/folder.hpp"

using namespace stillpoint;
using campaign::read_regressions;
using campaign::RegressionCase;

namespace {

std::string write(const std::string& text) {
  static const test::Folder folder;
  const std::string path = (folder / "cases.seeds").string();
  std::ofstream(path, std::ios::trunc) << text;
  return path;
}

}  // namespace

TEST_CASE("cases are read as they stand, and written as they are read") {
  const std::string path = write(
      "# a comment\n[[case]]\nseed = \"18446744073709551615\"\nexpect = \"pass\"\n\n[[case]]\nseed = \"7\"\nbug = "
      "\"oversell\"\nset = [\"a.b=1\", \"c=\\\"x\\\"\"]\nexpect = \"safety: capacity\"\nwhy = \"because\"\n");
  const std::vector<RegressionCase> cases = read_regressions(path);
  REQUIRE(cases.size() == 2);
  CHECK(cases[0].seed == 18446744073709551615u);
  CHECK(cases[0].expected == "pass");
  CHECK(cases[0].line == 2);
  CHECK(cases[1].bug == "oversell");
  CHECK(cases[1].overrides == std::vector<std::string>{"a.b=1", "c=\"x\""});
  CHECK(cases[1].expected == "safety: capacity");
  CHECK(cases[1].why == "because");

  std::string text;
  for (const RegressionCase& one : cases) text += campaign::to_text(one) + "\n";
  const std::vector<RegressionCase> again = read_regressions(write(text));
  REQUIRE(again.size() == 2);
  CHECK(again[0].seed == cases[0].seed);
  CHECK(again[1].overrides == cases[1].overrides);
  CHECK(again[1].expected == cases[1].expected);
}

TEST_CASE("no file is no cases, and an empty one neither") {
  CHECK(read_regressions("/nowhere/at-all.seeds").empty());
  CHECK(read_regressions(write("")).empty());
  CHECK(campaign::regressions_path("a/b.toml") == "a/b.seeds");
}

TEST_CASE("what is wrong is told with its line") {
  const std::pair<const char*, const char*> rows[] = {
      {"[[case]]\nseed = 7\nexpect = \"pass\"\n", ":2: seed is a text in quotes"},
      {"[[case]]\nseed = \"seven\"\nexpect = \"pass\"\n", ":2: seed is a whole number"},
      {"[[case]]\nseed = \"18446744073709551616\"\nexpect = \"pass\"\n", ":2: seed is a whole number"},
      {"[[case]]\nexpect = \"pass\"\n", ":1: a case has a seed"},
      {"[[case]]\nseed = \"7\"\n", ":1: a case says what to expect"},
      {"[[case]]\nseed = \"7\"\nexpct = \"pass\"\n", ":3: a case has no 'expct'. Did you mean 'expect'?"},
      {"[[case]]\nseed = \"7\"\nexpect = \"pass\"\nset = \"a=1\"\n", ":4: set is an array"},
      {"[[case]]\nseed = \"7\"\nexpect = \"pass\"\nset = [1]\n", ":4: each of set is a text"},
      {"\n[case]\nseed = \"7\"\n", ":2: there are [[case]] tables here"},
      {"[[cases]]\nseed = \"7\"\n", "there are [[case]] tables here"},
      {"[[case]\n", ":1: "},
      {"\xff\xfe", ":1: "},
  };
  for (const auto& [text, says] : rows) {
    CAPTURE(text);
    CHECK_THROWS_WITH(read_regressions(write(text)), Catch::Contains(says));
    CHECK_THROWS_AS(read_regressions(write(text)), Error);
  }
  CHECK_THROWS_AS(read_regressions(std::filesystem::temp_directory_path()), Error);
}
