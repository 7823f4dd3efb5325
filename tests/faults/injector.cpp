// What the injector does to a kernel: whom it hits, what of it adds up and is undone, and what is said of the time.
#include "sim-core/faults/injector.hpp"

#include <signal.h>
#include <time.h>

#include "sim-core/faults/plan_text.hpp"
#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// Two hosts and a third, all of the role "test", under a plan.
struct Faulty : test::Machines {
  explicit Faulty(const std::string& plan, std::uint64_t seed = 1)
      : Machines(seed),
        c(kernel.add_host({.name = "c", .role = "test", .address = {0x0A000003}})),
        processes(*this),
        injector(faults::read_plan(plan, "plan"), kernel, processes) {
    for (const Machine* machine : {&a, &b, &c}) processes.boot(machine->host);
    run_for(0s);
  }
  // To this moment of virtual time.
  void run_until(Duration at) { run_for(VirtualTime(at) - kernel.queue.now()); }
  // The names of the faults that have begun, in their order, each with its host: "crash-1@2"; 0 where it has several.
  std::vector<Entry> events(EventKind kind) const { return trace.events(kind); }
  std::string begun() const {
    std::string text;
    for (const Entry& fault : events(EventKind::fault))
      text += (text.empty() ? "" : " ") + std::string(fault.payload.c_str()) + '@' + std::to_string(fault.header.host);
    return text;
  }
  // What those say that they do.
  std::vector<std::string> words() const {
    std::vector<std::string> texts;
    for (const Entry& fault : events(EventKind::fault))
      texts.push_back(fault.payload.substr(fault.payload.rfind('\0') + 1));
    return texts;
  }
  std::size_t count(EventKind kind) const { return events(kind).size(); }

  // What a run does with processes.
  struct Processes final : faults::Machines {
    explicit Processes(Faulty& owner) : of(owner) {}
    void crash(kernel::Host& host, Cause cause, kernel::Peers peers) override { host.crash(cause, peers); }
    void kill(kernel::Host& host, Cause cause) override { host.kill(cause); }
    void boot(kernel::Host& host) override {
      host.boot(&host == &of.a.host ? of.of_a : &host == &of.b.host ? of.of_b : of.of_c);
    }
    Faulty& of;
  };

  Machine c;
  Idle of_a, of_b, of_c;
  Processes processes;
  faults::Injector injector;
};

Duration read(const Machine& machine, clockid_t clock) {
  timespec time{};
  machine([&] { return clock_gettime(clock, &time); });
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

}  // namespace

// ---- clocks ----

TEST_CASE("offsets, steps and drifts of a clock add up, and each is undone by itself") {
  Faulty f(R"(
    [[fault]]
    kind = "clock-offset"
    on = ["a"]
    at = "1s"
    for = "2s"
    by = "10s"
    [[fault]]
    kind = "clock-step"
    on = ["a"]
    at = "2s"
    by = "-2s"
    [[fault]]
    kind = "clock-drift"
    on = ["a"]
    at = "1s"
    for = "1s"
    ppm = 100000
    [[fault]]
    kind = "clock-drift"
    on = ["a"]
    at = "1500ms"
    for = "1500ms"
    ppm = -50000
  )");
  const Duration wall = read(f.a, CLOCK_REALTIME), monotonic = read(f.a, CLOCK_MONOTONIC);
  const Duration other = read(f.b, CLOCK_REALTIME);
  f.injector.start();
  struct Row {
    Duration at;
    Duration drifted;
    Duration set;
    int ppm;
  };
  for (const Row& row :
       {Row{999ms, 0ms, 0s, 0}, Row{1200ms, 20ms, 10s, 100'000}, Row{1600ms, 55ms, 10s, 50'000},
        Row{2s, 75ms, 8s, -50'000}, Row{2500ms, 50ms, 8s, -50'000}, Row{3s, 25ms, -2s, 0}, Row{9s, 25ms, -2s, 0}}) {
    f.run_until(row.at);
    CAPTURE(row.at.count());
    CHECK(read(f.a, CLOCK_MONOTONIC) - monotonic == row.at + row.drifted);
    CHECK(read(f.a, CLOCK_REALTIME) - wall == row.at + row.drifted + row.set);
    CHECK(f.a.host.clocks().drift_ppm() == row.ppm);
    CHECK(read(f.b, CLOCK_REALTIME) - other == row.at);
  }
  CHECK(f.count(EventKind::fault) == 4);
  CHECK(f.count(EventKind::heal) == 3);
}

TEST_CASE("drifts that come to more than any clock has are cut, and are undone all the same") {
  for (const int sign : {1, -1}) {
    std::string plan;
    for (int i = 0; i < 3; ++i) {
      plan += "[[fault]]\nkind = 'clock-drift'\non = ['a']\nat = '1s'\nfor = '" + std::to_string(i + 1) +
              "s'\nppm = " + std::to_string(sign * 500'000) + "\n";
    }
    Faulty f(plan);
    f.injector.start();
    f.run_until(1500ms);
    CHECK(std::abs(f.a.host.clocks().drift_ppm()) == 900'000);
    const Duration before = read(f.a, CLOCK_MONOTONIC);
    f.run_until(1600ms);
    CHECK(read(f.a, CLOCK_MONOTONIC) > before);  // no clock runs backwards
    f.run_until(3500ms);
    CHECK(f.a.host.clocks().drift_ppm() == sign * 500'000);
    f.run_until(5s);
    CHECK(f.a.host.clocks().drift_ppm() == 0);
  }
}

// ---- what is said of the time ----

TEST_CASE("when a plan heals") {
  struct Row {
    const char* plan;
    VirtualTime heals;
  };
  constexpr const char* kStep = "[[fault]]\nkind = 'clock-step'\non = ['a']\nat = '1s'\n";
  const std::string healing = std::string("[healing]\nat = '4s'\n") + kStep;
  for (const Row& row : {Row{"", VirtualTime{}}, Row{"[healing]\nat = '4s'", VirtualTime{}},
                         Row{kStep, VirtualTime::max()}, Row{healing.c_str(), VirtualTime(4s)}}) {
    CAPTURE(row.plan);
    const Faulty f(row.plan);
    CHECK(f.injector.heals_at() == row.heals);
  }
}

TEST_CASE("the time in which something was wrong is counted once, with the recovery from it") {
  Faulty f(R"(
    [[fault]]
    kind = "clock-offset"
    on = ["a"]
    at = "1s"
    for = "1s"
    [[fault]]
    kind = "stop"
    on = ["b"]
    at = "1500ms"
    for = "1500ms"
    [[fault]]
    kind = "clock-step"
    on = ["a"]
    at = "5s"
    [[fault]]
    kind = "crash"
    on = ["leader"]
    at = "7s"
  )");
  const auto disturbed = [&](Duration since, Duration recovery) {
    return f.injector.disturbed(VirtualTime(since), recovery);
  };
  f.injector.start();
  f.run_until(900ms);
  CHECK(disturbed(0s, 1s) == 0s);
  f.run_until(1800ms);
  CHECK(disturbed(0s, 0s) == 800ms);  // what is on counts up to now
  CHECK(disturbed(0s, 1s) == 800ms);
  CHECK(disturbed(1600ms, 1s) == 200ms);
  f.run_until(3200ms);
  CHECK(disturbed(0s, 0s) == 2s);
  CHECK(disturbed(0s, 1s) == 2200ms);  // the recovery goes on
  f.run_until(10s);
  CHECK(disturbed(0s, 0s) == 2s);
  CHECK(disturbed(0s, 500ms) == 3s);  // 1 s to 3.5 s, 5 s to 5.5 s; nobody was leader
  CHECK(disturbed(0s, 5s) == 9s);
  CHECK(disturbed(2500ms, 0s) == 500ms);
  CHECK(disturbed(2500ms, 500ms) == 1500ms);
  CHECK(disturbed(6s, 500ms) == 0s);
}

TEST_CASE("a call that shall fail disturbs from the moment on when it does") {
  Faulty f("[[fault]]\nkind = 'fail-call'\non = ['a']\ncall = 'socket'\nnth = 2\n");
  f.injector.start();
  f.run_until(1s);
  static_cast<void>(f.a.socket());
  f.run_until(3s);
  CHECK(f.injector.disturbed({}, 10s) == 0s);
  CHECK(f.a([] { return ::socket(AF_INET, SOCK_STREAM, 0); }) == fails(EIO));
  f.run_until(5s);
  CHECK(f.injector.disturbed({}, 0s) == 0s);
  CHECK(f.injector.disturbed({}, 500ms) == 500ms);
  CHECK(f.injector.disturbed({}, 10s) == 2s);
}

TEST_CASE("how many calls there were is known as well when the fault is over") {
  Faulty f(R"(
    [healing]
    at = "3s"
    [[fault]]
    kind = "fail-call"
    on = ["every test"]
    call = "socket"
    nth = 1000
    [[fault]]
    kind = "fail-call"
    on = ["a"]
    at = "10s"
    call = "fsync"
  )");
  f.injector.start();
  f.run_until(1s);
  for (int i = 0; i < 3; ++i) static_cast<void>(f.a.socket());
  static_cast<void>(f.c.socket());
  using Seen = std::map<std::string, std::uint64_t>;
  CHECK(f.injector.calls_seen() == Seen{{"socket", 4}});
  f.run_until(4s);
  static_cast<void>(f.a.socket());
  CHECK(f.injector.calls_seen() == Seen{{"socket", 4}});
}

// ---- whom it means ----

namespace {
std::string step(const std::string& name, const std::string& at, const std::string& on) {
  return "[[fault]]\nname = '" + name + "'\nkind = 'clock-step'\nat = '" + at + "'\non = ['" + on + "']\n";
}
}  // namespace

TEST_CASE("whom a target means is found when the fault begins") {
  Faulty f(step("one", "1s", "leader") + step("two", "2s", "leader") + step("three", "3s", "every leader") +
           step("four", "4s", "busiest test") + step("five", "5s", "c") + step("six", "6s", "*"));
  f.injector.start();
  f.injector.label("leader", {f.b.host.id()});
  f.run_until(1500ms);
  f.injector.label("leader", {f.c.host.id()});
  f.run_until(2500ms);
  f.injector.label("leader", {f.a.host.id(), f.c.host.id()});
  f.run_until(3500ms);
  CHECK(f.begun() == "one@2 two@3 three@0");
  // Two connections to c, of which b has one.
  const int listener = f.c.listener(80);
  for (const Machine* from : {&f.a, &f.b}) {
    CHECK(from->connect(from->socket(), 0x0A000003, 80) == fails(EINPROGRESS));
    f.run_for(10ms);
    CHECK(f.c.accept(listener).error == 0);
  }
  f.run_until(7s);
  CHECK(f.begun() == "one@2 two@3 three@0 four@3 five@3 six@0");
  CHECK_THAT(f.words()[2], Catch::Contains("a, c"));
  CHECK_THAT(f.words()[5], Catch::Contains("a, b, c"));
}

TEST_CASE("any of a role is drawn by the fault's own stream: by its name and the seed") {
  std::string drawn;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Faulty alone(step("it", "1s", "any test"), seed);
    alone.injector.start();
    alone.run_until(2s);
    Faulty among(step("other", "500ms", "any test") + step("it", "1s", "any test"), seed);
    among.injector.start();
    among.run_until(2s);
    REQUIRE(alone.begun().size() == 4);
    CHECK(among.begun().ends_with(alone.begun()));
    drawn += alone.begun().back();
  }
  CHECK(drawn.find('1') != std::string::npos);
  CHECK(drawn.find('2') != std::string::npos);
  CHECK(drawn.find('3') != std::string::npos);
}

TEST_CASE("one host that several targets mean is hit once") {
  Faulty f("[[fault]]\nkind = 'clock-step'\nat = '1s'\nby = '3s'\non = ['a', 'every test', 'a']\n");
  const Duration wall = read(f.a, CLOCK_REALTIME);
  f.injector.start();
  f.run_until(1s);
  CHECK(read(f.a, CLOCK_REALTIME) - wall == 4s);
}

TEST_CASE("a fault that finds nobody whom it could hit does not happen, and leaves no event") {
  Faulty f(R"(
    [[fault]]
    kind = "crash"
    on = ["leader"]
    at = "1s"
    [[fault]]
    kind = "latency"
    from = ["a"]
    to = ["a"]
    at = "1s"
    [[fault]]
    name = "it"
    kind = "crash"
    on = ["a"]
    at = "2s"
    [[fault]]
    name = "again"
    kind = "crash"
    on = ["a"]
    at = "3s"
    for = "1s"
    [[fault]]
    kind = "kill"
    on = ["a"]
    at = "3s"
    [[fault]]
    kind = "memory-limit"
    on = ["a"]
    at = "3s"
    for = "1s"
    [[fault]]
    name = "others"
    kind = "crash"
    on = ["a", "b"]
    at = "5s"
  )");
  f.injector.start();
  f.run_until(10s);
  CHECK(f.begun() == "it@1 others@2");
  CHECK(f.count(EventKind::heal) == 0);
  CHECK(f.count(EventKind::crash) == 2);
  CHECK(f.injector.happened() == std::map<faults::Kind, std::uint64_t>{{faults::Kind::crash, 2}});
  CHECK(f.a.host.down());
}

// ---- what ends processes, at the same time ----

TEST_CASE("a host that is killed and loses its power meanwhile is started once by whichever fault finds it ready") {
  struct Row {
    const char* kill_for;
    const char* crash_for;
    const char* boots;  // after 1.0 s, and then each 100 ms
  };
  // The kill is at 1 s, the crash at 1.05 s. The power that comes back starts the process, and what is started is left
  // alone.
  for (const Row& row : {Row{"500ms", "200ms", "1112222222"}, Row{"100ms", "400ms", "1111122222"},
                         Row{"100ms", "50ms", "1222222222"}, Row{"10ms", "100ms", "2233333333"}}) {
    Faulty f("[[fault]]\nkind = 'kill'\non = ['a']\nat = '1s'\nfor = '" + std::string(row.kill_for) +
             "'\n[[fault]]\nkind = 'crash'\non = ['a']\nat = '1050ms'\nfor = '" + row.crash_for + "'\n");
    CAPTURE(row.kill_for, row.crash_for);
    f.injector.start();
    std::string boots;
    for (int i = 1; i <= 10; ++i) {
      f.run_until(1s + i * 100ms - 60ms);
      boots += std::to_string(f.a.host.boots());
    }
    CHECK(boots == row.boots);
    CHECK(f.begun() == "kill-1@1 crash-1@1");
    CHECK(f.a.host.alive());
    CHECK(f.count(EventKind::heal) == 2);
  }
}

TEST_CASE("a process that was started anew is not ended by what ended the one before") {
  Faulty f(R"(
    [[fault]]
    kind = "terminate"
    on = ["a"]
    at = "1s"
    grace = "500ms"
    for = "2s"
    [[fault]]
    kind = "crash"
    on = ["a"]
    at = "1100ms"
    for = "100ms"
  )");
  // One that does not mind.
  f.a([] { return static_cast<int>(::signal(SIGTERM, [](int) {}) == SIG_ERR); });
  f.injector.start();
  f.run_until(1250ms);
  CHECK(f.a.host.boots() == 2);
  f.run_until(5s);
  CHECK(f.a.host.boots() == 2);
  CHECK(f.a.host.alive());
}

TEST_CASE("healing lets a host be as quick again as the others") {
  Faulty f(R"(
    [scheduler]
    policy = "delay-host"
    host = "a"
    delay = "5ms"
    [healing]
    at = "2s"
  )");
  f.injector.start();
  REQUIRE(f.kernel.scheduler != nullptr);
  CHECK(f.kernel.scheduler->extra_cost(f.a.host) == 5ms);
  CHECK(f.kernel.scheduler->extra_cost(f.b.host) == 0ms);
  CHECK(f.injector.heals_at() == VirtualTime(2s));
  f.run_until(3s);
  CHECK(f.kernel.scheduler->extra_cost(f.a.host) == 0ms);
}

TEST_CASE("healing ends what is on, boots who is down, and lets nothing further begin") {
  Faulty f(R"(
    [healing]
    at = "3s"
    [[fault]]
    kind = "crash"
    on = ["a"]
    at = "1s"
    [[fault]]
    kind = "kill"
    on = ["b"]
    at = "1s"
    [[fault]]
    kind = "crash-loop"
    on = ["c"]
    at = "2800ms"
    down = "150ms"
    up = "100ms"
    times = 9
    [[fault]]
    kind = "crash"
    on = ["every test"]
    at = "4s"
  )");
  f.injector.start();
  f.run_until(2900ms);
  CHECK(f.a.host.down());
  CHECK_FALSE(f.b.host.alive());
  CHECK(f.c.host.down());
  f.run_until(10s);
  for (const Machine* machine : {&f.a, &f.b, &f.c}) CHECK((!machine->host.down() && machine->host.alive()));
  CHECK(f.begun() == "crash-1@1 kill-1@2 crash-loop-1@3");
  CHECK(f.count(EventKind::heal) == 3);
}
