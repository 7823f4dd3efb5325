#include "sim-core/faults/plan_text.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <stillpoint/error.hpp>

using namespace stillpoint;
using namespace stillpoint::faults;
using namespace std::chrono_literals;

namespace {

// What read_plan() says of a text that is no plan.
std::string complaint(const std::string& text) {
  try {
    read_plan(text, "p.toml");
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::string fault(const std::string& lines) { return "[[fault]]\n" + lines; }

}  // namespace

TEST_CASE("a plan that a person wrote is read") {
  const Plan plan = read_plan(R"(
    [scheduler]
    policy = "pct"
    changes = 2
    [healing]
    at = "6s"
    except = "minority"
    [buggify]
    enabled = "25%"
    [[buggify.site]]
    name = "small batch"
    probability = "50%"

    [[fault]]            # with a name, and all that it can have
    name = "slow"
    kind = "latency"
    from = ["plaza-1", "any users"]
    to = "*"
    both_ways = false
    at = "1.5ms"
    for = "2s"
    min = "1ms"
    max = "20ms"
    shape = "long-tail"
    [[fault]]
    kind = "crash"
    on = ["leader"]
    after = { event = "sync", host = "plaza-1", nth = 3 }
    at = "10us"
    [[fault]]
    kind = "clock-step"
    on = "plaza-1"
    at = "0s"
    by = "-5s"
  )",
                              "p.toml");
  CHECK(plan.scheduling == Scheduling{.policy = Scheduling::Policy::pct, .changes = 2, .horizon = 10'000});
  CHECK(plan.healing == Healing{.at = 6s, .except = Healing::Except::minority});
  CHECK(plan.buggify == Buggify{.enabled = Ratio::percent(25),
                                .probability = {},
                                .sites = {{"small batch", true, Ratio::percent(50)}}});
  REQUIRE(plan.faults.size() == 3);
  const Fault& slow = plan.faults[0];
  CHECK(slow.name == "slow");
  CHECK(slow.kind == Kind::latency);
  CHECK(slow.from == std::vector<std::string>{"plaza-1", "any users"});
  CHECK(slow.to == std::vector<std::string>{"*"});
  CHECK_FALSE(slow.both_ways);
  CHECK(slow.when == Trigger{.at = 1'500us});
  CHECK(slow.lasts == 2s);
  CHECK(slow.duration("max") == 20ms);
  CHECK(slow.text("shape") == "long-tail");
  CHECK(slow.line.number == 14);
  const Fault& crash = plan.faults[1];
  CHECK(crash.name == "crash-1");
  CHECK(crash.when == Trigger{.at = 10us, .event = "sync", .host = "plaza-1", .nth = 3});
  CHECK_FALSE(crash.lasts);
  CHECK(crash.text("peers") == "silence");  // as usual
  CHECK(plan.faults[2].duration("by") == -5s);
}

TEST_CASE("what is wrong with a plan is said with its line, and what is allowed") {
  struct Row {
    std::string text;
    const char* says;
  };
  const std::string crash = "kind = 'crash'\non = 'a'\nat = '1s'\n";
  const std::string loss = "kind = 'loss'\nfrom = 'a'\nto = 'b'\nat = '1s'\n";
  const auto row = GENERATE_COPY(values<Row>({
      {"[fault\n", "p.toml:1: "},
      {"faults = 3\n", "p.toml:1: no key is called 'faults'. Did you mean 'fault'?"},
      {"fault = 3\n", "p.toml:1: fault is 3; it begins with [[fault]]"},
      {fault("on = 'a'\n"), "p.toml:1: [[fault]]: kind is missing"},
      {"[scheduler]\npolicy = 'pct'\nchanges = 5\nhorizon = 5\n",
       "p.toml:4: [scheduler]: horizon is 5; it is more than changes"},
      {"[scheduler]\npolicy = 'pct'\nchanges = 0\nhorizon = 1\n",
       "p.toml:4: [scheduler]: horizon is 1; it may be 2 to"},
      {"[[buggify.site]]\nname = 'a'\n[[buggify.site]]\nname = 'a'\n",
       "p.toml:4: [[buggify.site]]: name is 'a', which there is already"},
      {fault("kind = 'crash'\non = 'a'\nafter = { nth = 2 }\n"), "p.toml:4: after: event is missing"},
      {fault("kind = 'crash'\non = 'a'\nat = 2026-11-29\n"), "p.toml:4: [[fault]]: at is a date or a time"},
      {fault("kind = 'crush'\n"),
       "p.toml:2: [[fault]]: kind is 'crush', which is no kind of fault. Did you mean 'crash'?"},
      {fault("kind = 'crash'\nat = '1s'\n"), "p.toml:1: [[fault]]: on is missing"},
      {fault("kind = 'crash'\non = []\nat = '1s'\n"), "p.toml:3: [[fault]]: on is empty"},
      {fault("kind = 'crash'\non = 'a'\n"), "p.toml:1: [[fault]]: at is missing"},
      {fault("kind = 'crash'\non = 'a'\nat = '-1s'\n"), "p.toml:4: [[fault]]: at is -1s; it may be 0s to 8760h"},
      {fault("kind = 'crash'\non = 'a'\nat = 5\n"), "p.toml:4: [[fault]]: at is 5; a duration is a number with a unit"},
      {fault("kind = 'crash'\non = 'a'\nat = '15ns'\n"),
       "p.toml:4: [[fault]]: at is 15ns; durations are whole microseconds"},
      {fault(crash + "for = '0s'\n"), "p.toml:5: [[fault]]: for is 0s; it may be 1us to 8760h"},
      {fault("kind = 'reset'\nfrom = 'a'\nto = 'b'\nat = '1s'\nfor = '1s'\n"), "p.toml:6: [[fault]]: for is of no use"},
      {fault(crash + "peers = 'told'\n"), "p.toml:5: [[fault]]: peers is 'told'; it may be silence, reset."},
      {fault(crash + "share = '5%'\n"), "p.toml:5: [[fault]]: no key is called 'share'."},
      {fault(crash) + fault("name = 'crash-1'\n" + crash),
       "p.toml:6: [[fault]]: name is 'crash-1', as another fault's is"},
      {fault(loss + "share = '101%'\n"), "p.toml:6: [[fault]]: share is '101%'; it may be 0.0001% to 100%"},
      {fault(loss + "share = 0.5\n"), "p.toml:6: [[fault]]: share is"},
      {fault("kind = 'latency'\nfrom = 'a'\nto = 'b'\nat = '0s'\nmin = '60ms'\n"),
       "p.toml:6: [[fault]]: min is 60ms, more than max, which is 50ms"},
      {fault("kind = 'fail-call'\non = 'a'\n"), "p.toml:1: [[fault]]: call is missing"},
      {fault("kind = 'fail-call'\non = 'a'\ncall = 'write'\nerror = 'EOI'\n"),
       "p.toml:5: [[fault]]: error is 'EOI'; it may be"},
      {fault("kind = 'crash'\non = 'a'\nafter = { event = 'synch' }\n"),
       "p.toml:4: after: event is 'synch'; it may be"},
      {fault("kind = 'crash'\non = 'a'\nafter = 'sync'\n"), "p.toml:4: [[fault]]: after is a table"},
      {"[scheduler]\npolicy = 'lifo'\n",
       "p.toml:2: [scheduler]: policy is 'lifo'; it may be random, fifo, pct, delay-host."},
      {"[scheduler]\npolicy = 'delay-host'\n", "p.toml:1: [scheduler]: host is missing"},
      {"[scheduler]\npolicy = 'fifo'\nchanges = 3\n", "p.toml:3: [scheduler]: no key is called 'changes'."},
      {"[healing]\nexcept = 'nobody'\n", "p.toml:1: [healing]: at is missing"},
      {"[buggify]\nenabled = '2'\n", "p.toml:2: [buggify]: enabled is '2'; it may be 0% to 100%"},
  }));
  CAPTURE(row.text);
  CHECK_THAT(complaint(row.text), Catch::StartsWith(row.says));
}

TEST_CASE("a fault without a name gets one that no other has") {
  const Plan plan = read_plan("[[fault]]\nkind = 'crash'\nname = 'crash-1'\non = 'a'\nat = '0s'\n" +
                                  fault("kind = 'crash'\non = 'a'\nat = '0s'\n"),
                              "p.toml");
  REQUIRE(plan.faults.size() == 2);
  CHECK(plan.faults[1].name == "crash-2");
}

TEST_CASE("text that is nested too deep, or no text at all, ends in a complaint") {
  CHECK_THAT(complaint(std::string(100'000, '[')), Catch::Contains("nested deeper"));
  CHECK_FALSE(complaint(std::string("\0\xff\xfe", 3)).empty());
  CHECK(complaint("").empty());  // nothing goes wrong
}

TEST_CASE("a plan's own text gives the same plan back, whatever its names are") {
  Plan plan;
  plan.scheduling = {.policy = Scheduling::Policy::delay_host, .host = "a \"b\"\\\n", .delay = 5us};
  plan.faults.push_back(
      {.name = "x\ty",
       .kind = Kind::write_error,
       .on = {"every disks", "\x7f"},
       .when = {.at = 1us, .event = "note", .text = "it's \"now\"", .nth = 7},
       .lasts = 3'600s,
       .magnitudes = {{"error", {.text = "ENOSPC"}}, {"times", {.number = 0}}, {"path", {.text = "/srv/*"}}}});
  CHECK(read_plan(plan_text(plan), "p.toml") == plan);
}
