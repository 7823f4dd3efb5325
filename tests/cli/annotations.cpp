// What annotations in a service (stillpoint/annotate.hpp) come to in runs and campaigns.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/shell.hpp"

namespace {

namespace json = boost::json;

std::string tool() { return test::binary("stillpoint-test"); }
std::string annotated() { return std::filesystem::current_path().string() + "/tests/scenarios/annotated.toml"; }

json::object run_json(const std::string& arguments, int exit_code = 0) {
  const test::Ran ran = test::shell(tool() + " run " + annotated() + " --json " + arguments);
  CAPTURE(arguments, ran.out, ran.err);
  REQUIRE(ran.exit_code == exit_code);
  return json::parse(ran.out).as_object();
}

// "sort 'name': times", a line each, of annotations only.
std::string tallies(const json::object& run) {
  std::string text;
  for (const json::value& each : run.at("tallies").as_array()) {
    const json::object& tally = each.as_object();
    text += std::string(tally.at("sort").as_string()) + " '" + std::string(tally.at("name").as_string()) +
            "': " + std::to_string(tally.at("times").to_number<int>()) + "\n";
  }
  return text;
}

// Every row of a query of a trace, columns joined by '|'.
std::string query(const std::string& file, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2((test::scratch() + "/" + file).c_str(), &database, SQLITE_OPEN_READONLY, nullptr) ==
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
  CAPTURE(sql);
  const int code = sqlite3_exec(database, sql.c_str(), add, &rows, nullptr);
  CAPTURE(sqlite3_errmsg(database));
  REQUIRE(code == SQLITE_OK);
  sqlite3_close(database);
  return rows;
}

// A run under a plan, recorded: when "a push" fired, on which host.
std::string pushes(const std::string& plan, const std::string& more = "") {
  std::ofstream(test::scratch() + "/plan.toml") << plan;
  run_json("--seed 1 --faults plan.toml --force --trace t.db " + more);
  return query("t.db", "SELECT host, at_s FROM events WHERE kind = 'buggify' AND detail LIKE '%a push%' ORDER BY id");
}
auto count(const std::string& rows) { return std::ranges::count(rows, '\n'); }

std::string site(const char* on, const char* probability, const char* name = "a push") {
  return std::string("[[buggify.site]]\nname = '") + name + "'\non = " + on + "\nprobability = '" + probability + "'\n";
}

}  // namespace

TEST_CASE("an ALWAYS that does not hold is a safety violation by its name, with its place and what is told of it") {
  const test::Ran ran = test::shell(tool() + " run " + annotated() + " --kind always --seed 1 --faults none");
  CAPTURE(ran.out);
  CHECK(ran.exit_code == 10);
  CHECK_THAT(ran.out, Catch::Contains("safety: no oversale"));
  CHECK_THAT(ran.out, Catch::Contains("tests/scenarios/annotated.cpp:5"));
  CHECK_THAT(ran.out, Catch::Contains("sold 6 of 5"));
  CHECK_THAT(ran.out, Catch::Contains("at 0.050000 s on server-"));

  const json::object run = run_json("--kind always --seed 1 --faults none --trace t.db --force", 10);
  CHECK(run.at("verdict").as_string() == "safety");
  const json::object& violation = run.at("violations").as_array().at(0).as_object();
  CHECK(violation.at("invariant").as_string() == "no oversale");
  CHECK(violation.at("at_ns").to_number<std::int64_t>() == 50'000'000);
  CHECK(query("t.db", "SELECT kind FROM events WHERE id = " +
                          std::to_string(violation.at("event").to_number<std::uint64_t>())) == "violation\n");
}

TEST_CASE("an UNREACHABLE that somebody came to is a safety violation") {
  const json::object run = run_json("--kind unreachable --seed 1 --faults none", 10);
  CHECK(run.at("verdict").as_string() == "safety");
  const json::object& violation = run.at("violations").as_array().at(0).as_object();
  CHECK(violation.at("invariant").as_string() == "two leaders");
  CHECK_THAT(std::string(violation.at("message").as_string()), Catch::Contains("tests/scenarios/annotated.cpp:5"));
}

TEST_CASE("all places of the files that are meant are known, with how often they held or were come to") {
  const char* const expected =
      "always 'no oversale': 2\n"
      "always 'no tick too many': 400\n"
      "sometimes 'an even seed': 400\n"
      "sometimes 'more than a hundred ticks': 200\n"
      "sometimes 'more than two hundred ticks': 0\n"
      "reachable 'a rare place': 0\n"
      "unreachable 'two leaders': 0\n"
      "buggify 'a push': 0\n"
      "buggify 'another push': 0\n";
  CHECK(tallies(run_json("--seed 2 --faults none")) == expected);
}

TEST_CASE("what held is in the trace once, on whose host it was first") {
  run_json("--kind reachable --seed 2 --faults none --trace t.db --force");
  const std::string reached = query("t.db", "SELECT at_s, detail FROM events WHERE kind = 'reach' ORDER BY id");
  CHECK(reached == "0.001|an even seed\n0.05|a rare place\n0.101|more than a hundred ticks\n");
  CHECK(query("t.db", "SELECT count(*) FROM events WHERE kind = 'reach' AND host LIKE 'server-%'") == "3\n");
}

TEST_CASE("a run tells what never held, and is no pass where that is required") {
  const test::Ran ran = test::shell(tool() + " run " + annotated() + " --seed 1 --faults none");
  CAPTURE(ran.out);
  CHECK(ran.exit_code == 0);
  for (const char* name :
       {"sometimes 'an even seed'", "sometimes 'more than two hundred ticks'", "reachable 'a rare place'"}) {
    CHECK_THAT(ran.out, Catch::Contains(name));
  }
  CHECK_THAT(ran.out, !Catch::Contains("'more than a hundred ticks'"));
  const json::object required = run_json("--seed 1 --faults none --require-sometimes", 17);
  CHECK(required.at("verdict").as_string() == "undecided");
  // A violation is the graver news.
  run_json("--kind always --seed 1 --faults none --require-sometimes", 10);
}

TEST_CASE("a campaign tells what never held in any of its runs") {
  const std::string fuzz = "rm -rf c; " + tool() + " fuzz " + annotated() + " --kind reachable --faults none --out c ";
  const test::Ran ran = test::shell(fuzz + "--seeds 1..4");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 0);
  CHECK_THAT(ran.out, Catch::Contains("never        sometimes 'more than two hundred ticks'"));
  CHECK_THAT(ran.out, !Catch::Contains("'an even seed'"));  // it held on 2 and 4
  CHECK_THAT(ran.out, !Catch::Contains("'a rare place'"));
  CHECK(test::shell(fuzz + "--seeds 1..4 --require-sometimes").exit_code == 17);
  // A campaign in which all of them held passes.
  const test::Ran odd = test::shell(fuzz + "--seeds 1..1");
  CHECK_THAT(odd.out, Catch::Contains("'an even seed'"));
}

// ---- buggify ----

TEST_CASE("a place of buggify is on, and fires, as the plan says") {
  CHECK(count(pushes("")) == 0);
  CHECK(count(pushes("[buggify]\nenabled = '0%'\nprobability = '100%'\n")) == 0);
  CHECK(count(pushes("[buggify]\nenabled = '100%'\nprobability = '0%'\n")) == 0);
  CHECK(count(pushes("[buggify]\nenabled = '100%'\nprobability = '100%'\n")) == 400);
  CHECK(count(pushes("[buggify]\nenabled = '100%'\nprobability = '100%'\n" + site("false", "100%"))) == 0);
  CHECK(count(pushes(site("true", "100%"))) == 400);
  const auto half = count(pushes(site("true", "50%")));
  CHECK(half > 150);
  CHECK(half < 250);
  CHECK(count(pushes(site("true", "100%", "another push"))) == 0);  // another one
  // What fired is what the service was told, and what is told of it.
  const json::object run = run_json("--seed 1 --faults plan.toml");
  pushes(site("true", "50%"));
  CHECK(query("t.db", "SELECT sum(substr(detail, 8) + 0) FROM events WHERE kind = 'note'") ==
        std::to_string(half) + "\n");
}

TEST_CASE("whether the seed switches a place on follows from its name") {
  const auto on = [](const std::string& more) {
    std::ofstream(test::scratch() + "/plan.toml") << "[buggify]\nenabled = '50%'\nprobability = '100%'\n";
    std::string which;
    for (int seed = 1; seed <= 12; ++seed) {
      const std::string all = tallies(run_json("--faults plan.toml --seed " + std::to_string(seed) + more));
      const bool fires = all.find("'a push': 0") == all.npos;
      const std::size_t most = all.find("'a push': 400");
      CHECK(fires == (most != all.npos));
      which += fires ? '1' : '0';
    }
    return which;
  };
  const std::string which = on("");
  CHECK(which.find('0') != which.npos);
  CHECK(which.find('1') != which.npos);
  CHECK(on(" --set service.extra=1") == which);
}

TEST_CASE("when a place fires is the seed's, and neither another place nor another host shifts it") {
  const std::string plan = site("true", "20%") + site("true", "50%", "another push");
  const std::string fired = pushes(plan);
  CHECK(count(fired) > 40);
  CHECK(pushes(plan) == fired);
  CHECK(pushes(site("true", "20%")) == fired);
  CHECK(pushes(plan, "--set service.extra=1") == fired);
  const auto of_two = [] {
    return query(
        "t.db",
        "SELECT host, at_s FROM events WHERE kind = 'buggify' AND detail LIKE '%a push%' AND host <> 'server-3' "
        "ORDER BY host, id");
  };
  const std::string two = of_two();
  pushes(plan, "--set service.hosts=3");
  CHECK(of_two() == two);
  CHECK(query("t.db", "SELECT count(*) > 20 FROM events WHERE kind = 'buggify' AND host = 'server-3'") == "1\n");
  // The two hosts do not fire alike.
  CHECK(
      query("t.db",
            "SELECT count(*) FROM (SELECT at_s FROM events WHERE kind = 'buggify' AND host = 'server-1' EXCEPT SELECT "
            "at_s FROM events WHERE kind = 'buggify' AND host = 'server-2')") != "0\n");
}

TEST_CASE("no place fires from the healing on") {
  const std::string plan = "[healing]\nat = '100ms'\n" + site("true", "100%");
  CHECK(count(pushes(plan)) == 2 * 99);  // the tick at 100 ms is not among them
  CHECK(query("t.db", "SELECT max(at_s) FROM events WHERE kind = 'buggify'") == "0.099\n");
}
