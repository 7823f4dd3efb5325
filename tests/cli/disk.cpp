// stillpoint disk: what it prints, and each error.
#include <catch2/catch.hpp>

#include <algorithm>
#include <boost/json.hpp>
#include <string>

#include "sim-core/record/trace_file.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/shell.hpp"

namespace {

namespace json = boost::json;

// The trace of a run whose node crashes, made once.
const std::string& trace() {
  static const test::Folder folder;
  static const std::string path = [] {
    const std::string made = folder / "crashes.db";
    const std::string run =
        test::binary("stillpoint") + " run last-ticket --nodes 1 --crash --seed 1 --users 50 --trace " + made;
    REQUIRE(test::shell(run).exit_code == 0);
    return made;
  }();
  return path;
}

test::Ran disk(const std::string& arguments) { return test::shell(test::binary("stillpoint") + " disk " + arguments); }

// The last write that was synced before the first crash.
stillpoint::EventId pending_write() {
  const stillpoint::TraceFile file(trace());
  stillpoint::Statement row = file.query(
      "SELECT max(id) FROM event WHERE kind = 25 AND id < "
      "(SELECT max(id) FROM event WHERE kind = 29 AND id < (SELECT min(id) FROM event WHERE kind = 31))");
  REQUIRE(row.step());
  return static_cast<stillpoint::EventId>(row.integer(0));
}

}  // namespace

TEST_CASE("what was pending before a sync is durable after it") {
  const std::string of_file = trace() + " plaza-1 /srv/node.db-wal --at ";
  const stillpoint::EventId write = pending_write();
  const test::Ran before = disk(of_file + std::to_string(write));
  CAPTURE(before.out, before.err);
  CHECK(before.exit_code == 0);
  CHECK_THAT(before.out, Catch::Contains("as it was last durable"));
  CHECK_THAT(before.out, Catch::Contains("each sector of 512 bytes is kept or not"));

  const test::Ran after = disk(of_file + std::to_string(write + 1));
  CAPTURE(after.out, after.err);
  CHECK_THAT(after.out, Catch::Contains("durable    all of it"));
  CHECK_THAT(after.out, Catch::Contains("pending    nothing"));

  const json::object told = json::parse(disk(of_file + std::to_string(write) + " --json").out).as_object();
  CHECK(told.at("now").at("size").as_int64() > told.at("durable").at("size").as_int64());
  CHECK(told.at("pending_data").as_array().back().at("event").as_int64() == static_cast<std::int64_t>(write));
  CHECK(told.at("name").at("durable_by").as_int64() > told.at("name").at("event").as_int64());
  CHECK(told.at("last_crash").is_null());
}

TEST_CASE("a directory, the end of a trace, and an event as the tool prints it") {
  const test::Ran directory = disk(trace() + " plaza-1 /srv/");
  CAPTURE(directory.out, directory.err);
  CHECK(directory.exit_code == 0);
  CHECK_THAT(directory.out, Catch::StartsWith("/srv on plaza-1, as of event ") && Catch::Contains("node.db: file") &&
                                Catch::Contains("durable"));
  CHECK_THAT(disk(trace() + " plaza-1 /srv/node.db").out, Catch::Contains("crashed    event "));
  CHECK(disk(trace() + " plaza-1 /srv --at 1,000").exit_code == 0);
}

TEST_CASE("what cannot be told is one line") {
  struct Row {
    std::string arguments;
    const char* says;
  };
  for (const Row& row : std::vector<Row>{
           {"", "TRACE is required"},
           {trace(), "HOST is required"},
           {trace() + " plaza-1", "PATH is required"},
           {trace() + " plaza-9 /srv", "no host 'plaza-9' in this trace. Did you mean 'plaza-1'?"},
           {trace() + " users-1 /srv", "host users-1 had used no file"},
           {trace() + " plaza-1 srv", "begins with /, as in /srv/srv"},
           {trace() + " plaza-1 /srv/node.bd", "Did you mean '/srv/node.db'?"},
           {trace() + " plaza-1 /srv --at 0", "a whole number from 1"},
           {trace() + " plaza-1 /srv --at x", "a whole number from 1"},
           {trace() + " plaza-1 /srv --at 99999999", "no event 99,999,999 in this trace: its last is"},
           {trace() + " plaza-1 /srv --att 5", "Did you mean '--at'?"},
           {"nothing.db plaza-1 /srv", "there is no such file"},
           {"/dev/null plaza-1 /srv", "not a regular file"},
       }) {
    CAPTURE(row.arguments);
    const test::Ran ran = disk(row.arguments);
    CAPTURE(ran.out, ran.err);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Catch::Contains(row.says));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
  const test::Ran no_trace =
      test::shell("echo 'no database' > text.db; " + test::binary("stillpoint") + " disk text.db a /");
  CHECK(no_trace.exit_code == 2);
  CHECK_THAT(no_trace.err, Catch::Contains("not a Stillpoint trace"));
}
