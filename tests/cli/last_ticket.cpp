// The scenario last-ticket, as a user runs it.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/shell.hpp"

namespace {

std::string tool() { return test::binary("stillpoint"); }

boost::json::object run_json(const std::string& arguments, int exit_code) {
  const test::Ran ran = test::shell(tool() + " run last-ticket --json " + arguments);
  CAPTURE(arguments, ran.out, ran.err);
  REQUIRE(ran.exit_code == exit_code);
  return boost::json::parse(ran.out).as_object();
}

std::vector<std::vector<std::string>> rows(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) FAIL(sqlite3_errmsg(database));
  std::vector<std::vector<std::string>> result;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::vector<std::string>& row = result.emplace_back();
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const auto* text = sqlite3_column_text(statement, column);
      row.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
    }
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return result;
}

}  // namespace

TEST_CASE("the correct service passes, and a seed is one run") {
  const boost::json::object first = run_json("--seed 1", 0);
  CHECK(first.at("verdict").as_string() == "pass");
  CHECK(first.at("users").as_int64() == 1000);
  for (int i = 0; i < 5; ++i) REQUIRE(run_json("--seed 1", 0).at("hash") == first.at("hash"));
}

TEST_CASE("twenty seeds of the correct service pass; with the bug each fails, in the invariant meant for it") {
  for (int seed = 1; seed <= 20; ++seed) {
    const std::string arguments = "--users 300 --seed " + std::to_string(seed);
    run_json(arguments, 0);
    const boost::json::object failed = run_json(arguments + " --bug oversell", 10);
    CHECK(failed.at("violations").as_array().at(0).as_object().at("invariant").as_string() == "capacity conserved");
  }
}

TEST_CASE("nodes that lose their power keep what users were told; with the bug they do not") {
  int caught = 0;
  for (int seed = 1; seed <= 20; ++seed) {
    const std::string arguments =
        "--users 40 --capacity 100000 --busy 6s --faults none --set faults.count.crash=8 --set "
        "faults.count.power-loss=4"
        " --seed " +
        std::to_string(seed);
    run_json(arguments, 0);
    const test::Ran planted = test::shell(tool() + " run last-ticket --json --bug ack-before-fsync " + arguments);
    if (planted.exit_code == 0) continue;
    ++caught;
    CAPTURE(arguments, planted.out, planted.err);
    // What was lost shows in who leads, in what is applied, or in a node that waits for what its leader believes it
    // has.
    REQUIRE((planted.exit_code == 10 || planted.exit_code == 11));
    const boost::json::object failed = boost::json::parse(planted.out).as_object();
    const std::string broken(failed.at("violations").as_array().at(0).as_object().at("invariant").as_string());
    CHECK((broken == "leaders have all that was committed" || broken == "all nodes apply the same" ||
           broken == "everybody catches up"));
  }
  CHECK(caught > 0);
}

// A payment lapses while whoever authorises it is gone, and the user's next try begins anew.
TEST_CASE("a purchase that begins anew after its payment has lapsed is one effect") {
  const test::Ran ran = test::shell(
      "cd $(mktemp -d) && " + tool() +
      " fuzz last-ticket --users 40 --capacity 100000 --busy 6s --set tickets.payment_ttl=60ms --faults none"
      " --set faults.count.kill=8 --seeds 1..40");
  CAPTURE(ran.out, ran.err);
  CHECK(ran.exit_code == 0);
  CHECK(ran.out.find("40 seeds PASSED") != std::string::npos);
}

// The first minutes of it, in which logs are compacted and the first answers forgotten.
TEST_CASE("a day of holds that are given back leaves nothing behind") {
  const std::string scenario = std::filesystem::current_path().string() + "/scenarios/soak/long-day.toml";
  const std::string run = tool() + " run " + scenario + " --json --seed 1 --busy 12m";
  const test::Ran kept = test::shell(run);
  CAPTURE(kept.out, kept.err);
  REQUIRE(kept.exit_code == 0);
  const test::Ran grown = test::shell(run + " --set plaza.log_most=5000");
  CAPTURE(grown.out);
  REQUIRE(grown.exit_code == 10);
  const boost::json::object failed = boost::json::parse(grown.out).as_object();
  CHECK(failed.at("violations").as_array().at(0).as_object().at("invariant").as_string() ==
        "logs and disks stay small");
}

TEST_CASE("the trace alone tells which two purchases broke the invariant, and which messages carried them") {
  bool found = false;
  for (int seed = 1; seed <= 20 && !found; ++seed) {
    const test::Ran ran = test::shell(
        tool() + " run last-ticket --faults none --bug oversell --trace t.db --force --seed " + std::to_string(seed));
    REQUIRE(ran.exit_code == 10);
    const std::string trace = test::scratch() + "/t.db";
    // Backwards from each witness, along messages: the request's arrival, its delivery, its send, the operation that it
    // was.
    const auto paths = rows(trace, R"(
      WITH RECURSIVE path(witness, role, event, depth) AS (
        SELECT event, role, event, 0 FROM witness WHERE violation = (SELECT min(event) FROM violation)
        UNION ALL
        SELECT path.witness, path.role, edge.cause, depth + 1
        FROM path JOIN edges AS edge ON edge.event = path.event
        WHERE edge.kind IN ('message', 'user') AND depth < 6)
      SELECT DISTINCT path.role, events.kind, events.detail FROM path JOIN events ON events.id = path.event
      ORDER BY path.witness, path.event)");
    int purchases = 0;
    int sends = 0;
    int invokes = 0;
    for (const auto& row : paths) {
      if (row[1] == "apply" && row[2].starts_with("purchase ")) ++purchases;
      if (row[1] == "send") ++sends;
      if (row[1] == "invoke") ++invokes;
    }
    if (purchases < 2) continue;
    found = true;
    CHECK(purchases == 2);
    CHECK(sends == 2);
    CHECK(invokes == 2);
    CHECK(test::shell(tool() + " replay t.db").exit_code == 10);
  }
  CHECK(found);
}

TEST_CASE("operations, checks and edges are in the trace") {
  REQUIRE(test::shell(tool() + " run last-ticket --users 50 --seed 3 --trace t.db --force").exit_code == 0);
  const std::string trace = test::scratch() + "/t.db";
  CHECK(rows(trace, "SELECT count(*) > 50 FROM operations")[0][0] == "1");
  CHECK(rows(trace, "SELECT count(*) FROM operations WHERE outcome IS NULL")[0][0] == "0");
  // Every delivery has its send, every expiry its arming, and causes come before effects.
  CHECK(rows(trace,
             "SELECT count(*) FROM event e JOIN kind k ON k.id = e.kind WHERE k.name = 'deliver' AND e.cause IS NULL")
            [0][0] == "0");
  CHECK(
      rows(
          trace,
          "SELECT count(*) FROM event e JOIN kind k ON k.id = e.kind WHERE k.name = 'expire' AND e.cause IS NULL")[0]
                                                                                                                  [0] ==
      "0");
  CHECK(rows(trace, "SELECT count(*) FROM edges WHERE cause >= event")[0][0] == "0");
  CHECK(rows(trace, "SELECT scenario_text LIKE '%last-ticket%' FROM metadata")[0][0] == "1");
}

TEST_CASE("one user less leaves when the others arrive, and how long their packets take, as they were") {
  // When a user arrives comes from the user's own stream; what the first packet of the connection takes, from the
  // connection's. The user who is missing shares a host with others, and takes its ephemeral port from those who
  // connect later.
  const auto arrivals = [](int seed, int users) {
    REQUIRE(test::shell(tool() + " run last-ticket --trace t.db --force --seed " + std::to_string(seed) + " --users " +
                        std::to_string(users))
                .exit_code == 0);
    return rows(test::scratch() + "/t.db",
                "SELECT o.user, c.at_ns, d.at_ns - s.at_ns FROM operation o JOIN event i ON i.id = o.invoke"
                " JOIN event c ON c.host = i.host AND c.at_ns = i.at_ns AND c.kind = (SELECT id FROM kind WHERE name = "
                "'connect')"
                " JOIN event s ON s.subject = 2 * c.subject AND s.kind = (SELECT id FROM kind WHERE name = 'send')"
                " JOIN event d ON d.cause = s.id AND d.kind = (SELECT id FROM kind WHERE name = 'deliver')"
                " JOIN segment g ON g.id = s.a AND g.name = 'syn'"
                " WHERE o.function = 'connect' ORDER BY o.user");
  };
  for (int seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const auto with = arrivals(seed, 40);
    const auto without = arrivals(seed, 39);
    REQUIRE(with.size() == 40);
    REQUIRE(without.size() == 39);
    CHECK(std::vector(with.begin(), with.end() - 1) == without);
  }
}
