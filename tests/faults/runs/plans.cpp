// Plans in whole runs: printed and replayed, with one fault less, with bad input.
#include <fmt/format.h>

#include <algorithm>

#include "sim-core/faults/plan_text.hpp"
#include "tests/faults/runs/runs.hpp"

using namespace stillpoint;

namespace {

std::string printed_plan(const std::string& arguments) {
  const test::Ran ran = test::shell(test::binary("stillpoint") + " plan " + arguments);
  CAPTURE(arguments, ran.err);
  REQUIRE(ran.exit_code == 0);
  return ran.out;
}

// All events before a time, and what each draws: their kinds, hosts, times, numbers and bytes.
std::vector<std::vector<std::string>> events_before(const std::string& trace, const std::string& ns) {
  return test::rows(
      trace, "SELECT kind, host, boot, at_ns, subject, a, b, hex(payload), cause FROM event WHERE at_ns < " + ns);
}

}  // namespace

TEST_CASE("a printed plan replays to the hash of its seed") {
  for (const char* scenario : {"last-ticket --users 100", "fault-tour --duration 12s"}) {
    for (const char* profile : {"light", "default", "heavy"}) {
      for (int seed = 1; seed <= 3; ++seed) {
        const std::string arguments = fmt::format("{} --seed {}", scenario, seed);
        const std::string plan = test::in_scratch("plan.toml", printed_plan(arguments + " --faults " + profile));
        const boost::json::object generated = test::run_json(arguments + " --faults " + profile);
        const boost::json::object replayed = test::run_json(arguments + " --faults " + plan);
        CAPTURE(arguments, profile);
        CHECK(generated.at("hash") == replayed.at("hash"));
      }
    }
  }
}

TEST_CASE("a trace carries its plan, and is replayed by it even where the file is gone") {
  const std::string file =
      test::in_scratch("gone.toml", printed_plan("last-ticket --users 50 --seed 3 --faults heavy"));
  const std::string trace = test::scratch() + "/carried.db";
  const boost::json::object run =
      test::run_json("last-ticket --users 50 --seed 3 --force --faults " + file + " --trace " + trace);
  REQUIRE(std::remove(file.c_str()) == 0);
  const test::Ran replayed = test::shell(test::binary("stillpoint") + " replay --json " + trace);
  CAPTURE(replayed.out, replayed.err);
  REQUIRE(replayed.exit_code == 0);
  CHECK(boost::json::parse(replayed.out).at("hash") == run.at("hash"));
}

TEST_CASE("two crash loops of one host end, though each boots what the other has crashed") {
  const std::string loop = "[[fault]]\nkind = 'crash-loop'\non = ['node-1']\ntimes = 2\nat = ";
  const std::string plan = test::in_scratch("loops.toml", loop + "'1s'\n" + loop + "'1150ms'\n");
  const std::string trace = test::scratch() + "/loops.db";
  test::run_json("fault-tour --seed 1 --force --faults " + plan + " --trace " + trace);
  const auto crashes = test::rows(trace, "SELECT count(*) FROM events WHERE kind = 'crash'");
  CHECK(std::stoi(crashes.at(0).at(0)) <= 5);
}

TEST_CASE("one fault less leaves all that was before it as it was") {
  int looked_at = 0;
  for (int seed = 1; seed <= 6; ++seed) {
    const std::string arguments = fmt::format("fault-tour --duration 10s --seed {}", seed);
    const faults::Plan whole = faults::read_plan(printed_plan(arguments + " --faults heavy"), "plan");
    const std::string all = test::scratch() + "/all.db";
    test::run_json(fmt::format("{} --faults {} --force --trace {}", arguments,
                               test::in_scratch("all.toml", faults::plan_text(whole)), all));
    for (std::size_t i = 0; i < whole.faults.size(); i += 7) {
      faults::Plan fewer = whole;
      const std::string start = std::to_string(fewer.faults[i].when.at.count());
      CAPTURE(seed, fewer.faults[i].name);
      fewer.faults.erase(fewer.faults.begin() + static_cast<std::ptrdiff_t>(i));
      const std::string less = test::scratch() + "/less.db";
      test::run_json(fmt::format("{} --faults {} --force --trace {}", arguments,
                                 test::in_scratch("less.toml", faults::plan_text(fewer)), less));
      REQUIRE(events_before(all, start) == events_before(less, start));
      ++looked_at;
    }
  }
  CHECK(looked_at > 10);
}

TEST_CASE("what a fault draws does not hang on whether another one is there") {
  const std::string lossy =
      "[[fault]]\nname = 'lossy'\nkind = 'loss'\nfrom = ['node-1']\nto = ['node-2']\nat = '1s'\nfor = '2s'\nshare = "
      "'30%'\n"
      "both_ways = false\n";
  const std::string other =
      "[[fault]]\nname = 'other'\nkind = 'loss'\nfrom = ['node-3']\nto = ['node-2']\nat = '500ms'\nfor = '3s'\nshare = "
      "'40%'\n"
      "both_ways = false\n";
  std::vector<std::vector<std::vector<std::string>>> lost;
  for (const std::string& plan : {lossy, other + lossy}) {
    const std::string trace = test::scratch() + "/draws.db";
    test::run_json("fault-tour --duration 5s --seed 4 --force --trace " + trace + " --faults " +
                   test::in_scratch("draws.toml", plan));
    // Datagrams leave with every beat, whatever happens: the same ones are lost.
    lost.push_back(test::rows(
        trace, "SELECT at_s FROM events WHERE kind = 'lose' AND host = 'node-1' AND detail LIKE '%datagram%'"));
  }
  CHECK(lost[0].size() > 10);
  CHECK(lost[0] == lost[1]);
}

TEST_CASE("a fault begins with the Nth event that it waits for, and says so") {
  const std::string trace = test::scratch() + "/after.db";
  test::run_json(
      "fault-tour --duration 6s --seed 1 --force --trace " + trace + " --faults " +
      test::in_scratch("after.toml",
                       "[[fault]]\nname = 'it'\nkind = 'crash'\non = ['longest journal']\n"
                       "after = { event = 'sync', host = 'node-2', nth = 30 }\nat = '1ms'\nfor = '100ms'\n"));
  const auto sync =
      test::rows(trace, "SELECT id, at_ns FROM event WHERE kind = 29 AND host = 2 ORDER BY id LIMIT 1 OFFSET 29");
  const auto fault = test::rows(trace, "SELECT cause, at_ns FROM event WHERE kind = 32");
  REQUIRE(fault.size() == 1);
  CHECK(fault[0][0] == sync[0][0]);
  CHECK(std::stoll(fault[0][1]) == std::stoll(sync[0][1]) + 1'000'000);
}

TEST_CASE("healing ends what lasts, boots who is down, and spares a minority if it is to") {
  const std::string plan =
      "[[fault]]\nname = 'dead'\nkind = 'crash'\non = ['node-3']\nat = '1s'\n"
      "[[fault]]\nname = 'slow'\nkind = 'latency'\nfrom = ['node-1']\nto = ['node-2']\nat = '1s'\n"
      "[[fault]]\nname = 'late'\nkind = 'stop'\non = ['node-1']\nat = '4s'\n";
  struct Case {
    const char* except;
    std::vector<std::vector<std::string>> healed;
  };
  for (const Case& row : {Case{"nobody", {{"dead"}, {"slow"}}}, Case{"minority", {{"slow"}}}}) {
    const std::string trace = test::scratch() + "/healed.db";
    const std::string file =
        test::in_scratch("heal.toml", fmt::format("[healing]\nat = '3s'\nexcept = '{}'\n{}", row.except, plan));
    test::shell(test::binary("stillpoint") + " run fault-tour --duration 9s --seed 1 --force --trace " + trace +
                " --faults " + file);
    CAPTURE(row.except);
    CHECK(test::rows(
              trace,
              "SELECT CAST(fault.payload AS TEXT) FROM event AS heal JOIN event AS fault ON fault.id = heal.subject "
              "WHERE heal.kind = 33 AND heal.at_ns = 3000000000 ORDER BY 1") == row.healed);
    CHECK(test::rows(trace, "SELECT count(*) FROM event WHERE kind = 32 AND at_ns > 3000000000")[0][0] == "0");
  }
}

TEST_CASE("what is wrong with a plan, or with the option, is one line and exit code 2") {
  struct Row {
    std::string arguments;
    std::string says;
  };
  const std::string outside =
      test::in_scratch("outside.toml", "\n[[fault]]\nkind = 'bit-rot'\non = ['plaza-1']\nat = '0s'\n");
  const std::string nobody =
      test::in_scratch("nobody.toml", "[[fault]]\nkind = 'crash'\non = ['plaza-9']\nat = '0s'\n");
  const std::string users = test::in_scratch("users.toml", "[[fault]]\nkind = 'crash'\non = ['users-1']\nat = '0s'\n");
  const std::string broken = test::in_scratch("broken.toml", "[[fault]\n");
  for (const Row& row :
       {Row{"--faults hevy", "--faults hevy: faults.profile is 'hevy'; it is one of default, heavy, light, none."},
        Row{"--faults /no/such.toml", "cannot read the plan /no/such.toml: No such file"},
        Row{"--faults /", "--faults /: faults.profile is '/'"},
        Row{"--faults " + outside, outside + ":2: fault bit-rot-1: its kind, bit-rot, is outside"},
        Row{"--faults " + nobody, nobody + ":1: fault crash-1: 'plaza-9' is no host, role or label"},
        Row{"--faults " + users, users + ":1: fault crash-1: 'users-1' may be host users-1, which is outside"},
        Row{"--faults " + broken, broken + ":1: "}, Row{"--fail write", "--fail write: "},
        Row{"--fail wirte:3", "no function 'wirte' that could fail. Did you mean 'write'?"},
        Row{"--fail ''", "--fail '': which call shall fail?"}, Row{"--faults ''", "--faults '': it is none, light"},
        Row{"--faults heavy --set faults.profile=light", "--faults and --set faults.profile=light both say which plan"},
        Row{"--set faults.count.crush=3", "faults.count.crush is no kind of fault"}}) {
    for (const char* command : {"run", "plan", "fuzz"}) {
      const test::Ran ran = test::shell(test::binary("stillpoint") + " " + command + " last-ticket " + row.arguments +
                                        (std::string(command) == "fuzz" ? " --seeds 1..1" : " --seed 1"));
      CAPTURE(command, row.arguments, ran.out, ran.err);
      CHECK(ran.exit_code == 2);
      CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
      CHECK_THAT(ran.err, Catch::Contains(row.says));
    }
  }
}
