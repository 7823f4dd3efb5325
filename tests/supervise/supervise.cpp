#include <catch2/catch.hpp>

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>

#include "sim-core/record/describe.hpp"
#include "sim-core/supervise/post_mortem.hpp"
#include "sim-core/supervise/run_once.hpp"
#include "sim-core/supervise/run_twice.hpp"
#include "sim-core/supervise/symbols.hpp"

using namespace stillpoint;
using supervise::run_once;
using supervise::RunOptions;
using supervise::RunRequest;
using supervise::RunResult;
using supervise::Zygote;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::string file(const std::string& name) {
  std::ifstream in("tests/scenarios/" + name);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

RunRequest misbehaving(const std::string& kind, std::uint64_t seed = 1) {
  return {.scenario_text = file("misbehaving.toml"), .overrides = {"service.kind=" + kind}, .bug = {}, .seed = seed};
}

// Every record of a run, and the texts of its notes.
struct Recorded {
  std::uint64_t events = 0;
  std::vector<std::string> notes;
  std::string log;  // what hosts have printed

  RunOptions options() {
    RunOptions options;
    options.on_records = [this](std::span<const std::byte> records) {
      while (!records.empty()) {
        RecordHeader header;
        std::memcpy(&header, records.data(), sizeof header);
        if (header.type == RecordType::event) ++events;
        if (header.type == RecordType::log)
          log.append(reinterpret_cast<const char*>(records.data() + sizeof header), header.payload_size);
        if (header.type == RecordType::event && header.kind == static_cast<std::uint8_t>(EventKind::note)) {
          notes.emplace_back(reinterpret_cast<const char*>(records.data() + sizeof header), header.payload_size);
        }
        records = records.subspan(header.size);
      }
    };
    return options;
  }
};

}  // namespace

TEST_CASE("a run passes, and again in the same and in another zygote") {
  Zygote one;
  const RunResult first = run_once(one, misbehaving("none"));
  CHECK(first.report.verdict == Verdict::pass);
  CHECK(first.events > 200);
  const RunResult again = run_once(one, misbehaving("none"));
  CHECK(again.hash == first.hash);
  CHECK(again.events == first.events);
  Zygote two;
  CHECK(run_once(two, misbehaving("none")).hash == first.hash);
  CHECK(run_once(two, misbehaving("none", 2)).hash != first.hash);
}

TEST_CASE("recording changes nothing in a run") {
  Zygote zygote;
  const RunRequest request{.scenario_text = file("pointers.toml"), .overrides = {}, .bug = {}, .seed = 5};
  const RunResult plain = run_once(zygote, request);
  Recorded recorded;
  const RunResult watched = run_once(zygote, request, recorded.options());
  CHECK(watched.hash == plain.hash);
  CHECK(recorded.events == plain.events);
  CHECK(recorded.notes.size() == 20);
}

TEST_CASE("whatever a service dies of is a verdict, with a complete stream up to then") {
  struct Row {
    const char* kind;
    Verdict verdict;
    const char* reason;
  };
  const Row rows[] = {
      {"segv", Verdict::crash, kSanitized ? "a sanitizer stopped the service" : "SIGSEGV"},
      {"kill", Verdict::crash, "SIGKILL"},
      {"abort", Verdict::crash, "SIGABRT"},
      {"exit", Verdict::crash, "exit status 3"},
      {"throw", Verdict::crash, "the ticket printer is on fire"},
      {"mkfifo", Verdict::unsupported, "host server-1 called mkfifo"},
      {"fork", Verdict::unsupported, "host server-1 called fork"},
      {"observer-call", Verdict::unsupported, "getpid (in observer mode)"},
      {"post-for-ever", Verdict::runaway, "at one virtual instant"},
  };
  Zygote zygote;
  for (const Row& row : rows) {
    CAPTURE(row.kind);
    Recorded recorded;
    const RunResult result = run_once(zygote, misbehaving(row.kind), recorded.options());
    CHECK(result.report.verdict == row.verdict);
    CHECK_THAT(result.report.reason, Catch::Contains(row.reason));
    CHECK(recorded.events == result.events);
    REQUIRE(recorded.notes.size() == 101);
    CHECK(recorded.notes.back() == "tick 100");
    // And it is the same death again.
    CHECK(run_once(zygote, misbehaving(row.kind)).hash == result.hash);
  }
}

TEST_CASE("a report says what failed and where, in words that hold for every seed") {
  struct Row {
    const char* kind;
    Verdict verdict;
    const char* what;
    const char* place;
    const char* detail;
  };
  const Row rows[] = {
      {"null", Verdict::crash, "SIGSEGV", "server: Service::read_through < Service::tick::{lambda}",
       "on host server-1, in Service::read_through (misbehaving.cpp:"},
      {"recurse", Verdict::crash, "SIGSEGV (stack overflow)", "server: Service::recurse < Service::recurse < Service::recurse", ""},
      {"abort", Verdict::crash, "SIGABRT", "server: Service::tick::{lambda}", "in Service::tick::{lambda}"},
      {"exit", Verdict::crash, "exit status 3", "server: Service::tick::{lambda}", "in Service::tick::{lambda}"},
      {"throw", Verdict::crash, "std::runtime_error: the ticket printer is on fire", "server", "std::runtime_error"},
      {"mkfifo", Verdict::unsupported, "call mkfifo", "server: Service::tick::{lambda}", "in Service::tick::{lambda}"},
      {"post-for-ever", Verdict::runaway, "events at one instant", "server", "host server-1"},
      {"leak", Verdict::runaway, "memory", "server", "on host server-1"},
      {"flood", Verdict::runaway, "output", "server", "in Service::flood"},
      {"loop-for-ever", Verdict::runaway, "CPU time", "server", "in Service::tick::{lambda}"},
      {"poll-for-ever", Verdict::runaway, "calls in one turn", "server", "called by Service::tick::{lambda}"},
  };
  Zygote zygote;
  for (const Row& row : rows) {
    const std::string kind = row.kind;
    if (kSanitized && (kind == "null" || kind == "recurse" || kind == "leak")) continue;  // these are the sanitizer's
    CAPTURE(row.kind);
    for (const std::uint64_t seed : {1u, 2u}) {
      RunRequest request = misbehaving(row.kind, seed);
      request.overrides.insert(request.overrides.end(), {"limits.cpu=2s", "limits.memory_mib=256"});
      const RunResult result = run_once(zygote, request);
      CHECK(result.report.verdict == row.verdict);
      CHECK(result.report.what == row.what);
      CHECK(result.report.place == row.place);
      CHECK_THAT(result.report.detail, Catch::Contains(row.detail));
    }
  }
}

TEST_CASE("what only a sanitizer sees is told in its words") {
  if (!kSanitized) return;
  Zygote zygote;
  const RunResult result = run_once(zygote, misbehaving("null"));
  CHECK(result.report.verdict == Verdict::crash);
  CHECK_THAT(result.report.what, Catch::Contains("Sanitizer"));
  CHECK(result.report.place == "read_through < misbehave < operator()");
}

TEST_CASE("a frame of a sanitizer's is its function, wherever its sources are said to be") {
  std::string output =
      "==7==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000000\n"
      "    #0 0x55d1 in read_through(int const*) /src/service.cpp:7\n"
      "    #1 0x55d2 in Service::tick(int, unsigned long) const ../service.cpp:42:3\n"
      "    #2 0x55d3 in Service::start() (/src/build/service+0x12)\n\n"
      "    #0 0x55d4 in another stack() /src/service.cpp:8\n";
  auto note = std::make_unique<supervise::DeathNote>();
  const Report report = supervise::post_mortem(
      {.status = supervise::kSanitizerExit << 8, .output = output, .note = *note, .stopped = supervise::Stopped::no});
  CHECK(report.what == "AddressSanitizer: SEGV");
  CHECK(report.place == "read_through < Service::tick < Service::start");
}

TEST_CASE("a wait that no event can end is a deadlock") {
  Zygote zygote;
  const RunResult result = run_once(zygote, misbehaving("lock"));
  CHECK(result.report.verdict == Verdict::deadlock);
  CHECK(result.report.by_backstop);
  CHECK_THAT(result.report.detail, Catch::Contains("Service::wait_for_lock"));
}

TEST_CASE("memory within its limit is no failure, and its exhaustion happens at the same event each time") {
  Zygote zygote;
  RunRequest request = misbehaving("leak");
  request.overrides.push_back("limits.memory_mib=200");
  const RunResult first = run_once(zygote, request);
  const RunResult again = run_once(zygote, request);
  CHECK(first.report.verdict == Verdict::runaway);
  CHECK(again.hash == first.hash);
  CHECK(again.events == first.events);
}

TEST_CASE("functions are named without what an edit elsewhere would change") {
  const std::pair<const char*, const char*> rows[] = {
      {"main", "main"},
      {"plaza::Session<boost::asio::ip::tcp>::close(int)", "plaza::Session::close"},
      {"(anonymous namespace)::Service::tick()::{lambda(boost::system::error_code)#2}::operator()(int) const",
       "Service::tick::{lambda}"},
      {"void plaza::apply<int, std::less<int> >(int)", "plaza::apply"},
      {"bool plaza::operator< <int>(int, int)", "plaza::operator<"},
      {"f(int) [clone .cold]", "f"},
      {"std::function<void (int)>::operator()(int) const", "std::function::operator()"},
  };
  for (const auto& [full, wanted] : rows) CHECK(supervise::short_function_name(full) == wanted);
}

TEST_CASE("a loop without calls ends by the backstop of CPU time") {
  Zygote zygote;
  RunRequest request = misbehaving("loop-for-ever");
  request.overrides.push_back("limits.cpu=1s");
  const RunResult result = run_once(zygote, request);
  CHECK(result.report.verdict == Verdict::runaway);
  CHECK_THAT(result.report.reason, Catch::Contains("backstop"));
}

TEST_CASE("a program that spins on the clock makes progress") {
  Zygote zygote;
  Recorded recorded;
  const RunResult result = run_once(zygote, misbehaving("wait-for-clock"), recorded.options());
  CHECK(result.report.verdict == Verdict::pass);
  CHECK(std::count(recorded.notes.begin(), recorded.notes.end(), "the clock has moved") == 1);
}

TEST_CASE("a scenario that makes system calls itself is stopped") {
  Zygote zygote;
  const RunResult result = run_once(zygote, misbehaving("scenario-call"));
  CHECK(result.report.verdict == Verdict::unsupported);
  CHECK_THAT(result.report.reason, Catch::Contains("the scenario itself called getpid"));
}

TEST_CASE("what the scenario itself prints is no host's") {
  Zygote zygote;
  Recorded recorded;
  const RunResult result = run_once(zygote, misbehaving("print"), recorded.options());
  CHECK(result.report.verdict == Verdict::pass);
  const std::string line = "the service has ticked\n";
  CHECK(recorded.log == line + line + line + line);
  CHECK(result.output == "the scenario is built\nthe scenario keeps an appointment\nthe scenario is finished\n");
}

TEST_CASE("a violation is reported with its witness, and ends the run") {
  Zygote zygote;
  const RunResult result = run_once(zygote, misbehaving("violation"));
  CHECK(result.report.verdict == Verdict::safety);
  REQUIRE(result.report.violations.size() == 1);
  const ViolationReport& violation = result.report.violations.front();
  CHECK(violation.invariant == "nothing is wrong");
  CHECK(violation.at_ns == 50'000'000);
  REQUIRE(violation.finding.witnesses.size() == 1);
  CHECK(violation.finding.witnesses.front().role == "deed");
  CHECK(violation.event == violation.finding.witnesses.front().event + 1);
}

TEST_CASE("an interrupted run ends at once") {
  Zygote zygote;
  RunOptions options;
  options.cancelled = [] { return true; };
  const RunResult result = run_once(zygote, misbehaving("loop-for-ever"), options);
  CHECK(result.report.verdict == Verdict::interrupted);
  CHECK(result.real_ns < 10'000'000'000);
  // And the zygote serves on.
  CHECK(run_once(zygote, misbehaving("none")).report.verdict == Verdict::pass);
}

TEST_CASE("running twice finds nothing in a deterministic service") {
  const supervise::TwoRuns runs = supervise::run_twice(misbehaving("none"), {}, describe);
  CHECK_FALSE(runs.difference);
  CHECK(runs.first.hash == runs.second.hash);
}

TEST_CASE("running twice names the first event that real entropy changed") {
  const supervise::TwoRuns runs = supervise::run_twice(misbehaving("entropy"), {}, describe);
  CHECK(runs.first.hash != runs.second.hash);
  REQUIRE(runs.difference);
  CHECK_THAT(runs.difference->first, Catch::Contains("real entropy"));
  CHECK_THAT(runs.difference->second, Catch::Contains("real entropy"));
  CHECK(runs.difference->first != runs.difference->second);
}
