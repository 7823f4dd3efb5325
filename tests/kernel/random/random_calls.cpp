// Random mixtures of calls on several hosts, over links that lose, cut, double and dismember: whatever happens, the
// kernel neither breaks nor leaks, and a seed makes the same run every time.
//
//   test_random_calls [--seeds N] [--seed S] [--verbose 1]
//
// runs N seeds, from S on, each twice. The calls are those of the random conformance test (tests/conformance/random),
// and some that only make sense among hosts. Between the calls virtual time passes. Runs end in two ways: everything is
// closed and given time, after which no connection may be left; or the simulation is torn down as it stands. It is part
// of what is run with sanitizers, which find what is used after its end and what is left.
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <optional>
#include <string_view>

#include "sim-core/base/assert.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/conformance/random/generator.hpp"
#include "tests/support/number_options.hpp"
#include "tests/trace/memory_trace.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace std::chrono_literals;

namespace {

struct Options {
  std::uint64_t seeds = 10'000;
  std::uint64_t seed = 1;
  std::uint64_t verbose = 0;
};

// ---- what is told where the kernel breaks off ----

std::uint64_t seed_under_way = 0;
const Step* step_under_way = nullptr;

void tell() {
  kernel::set_current_host(nullptr);
  fmt::print("seed {}: the virtual kernel broke off, last in {}\n", seed_under_way,
             step_under_way == nullptr ? "nothing" : step_under_way->text);
  std::fflush(stdout);
}

[[noreturn]] void refuse(kernel::Host&, const char* call, const void*) {
  tell();
  fmt::print(stderr, "it does not serve {}\n", call);
  std::_Exit(1);
}

// ---- one simulation ----

// The calls are made on the harness's stack; none of them blocks. A turn of the host's own runs handlers of signals.
class Caretaker final : public kernel::Process {
 public:
  explicit Caretaker(kernel::Host& host) : host_(host) {}
  bool step() override {
    host_.handle_signals();
    return false;
  }

 private:
  kernel::Host& host_;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, bool verbose);
  ~Simulation();
  std::uint64_t run();

 private:
  // One host, which makes its calls at random moments.
  struct Actor final : Event {
    Actor(Simulation& owner, kernel::Host& machine, Sequence calls)
        : simulation(owner), host(machine), caretaker(machine), sequence(std::move(calls)) {}
    void fire() override { simulation.act(*this); }

    Simulation& simulation;
    kernel::Host& host;
    Caretaker caretaker;
    Caller caller{3};
    Sequence sequence;
    std::size_t next = 0;
  };
  struct Weather final : Event {
    explicit Weather(Simulation& owner) : simulation(owner) {}
    void fire() override { simulation.change_weather(); }
    Simulation& simulation;
  };

  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  // Mostly a moment, sometimes longer than time-outs are.
  Duration pause();
  void act(Actor& actor);
  void change_weather();
  void close_all();
  void run_for(Duration duration);
  template <typename Call>
  void as(kernel::Host& host, Call call) {
    const kernel::CurrentHost current(&host);
    host.run_as(&host.main_task());
    call();
    host.run_as(nullptr);
  }
  void note(const std::string& text) {
    for (const char c : text) observed_ = (observed_ ^ static_cast<unsigned char>(c)) * 0x100000001B3;
    if (verbose_) fmt::print("{}\n", text);
  }

  bool verbose_;
  std::mt19937_64 random_;
  MemoryTrace trace_{1 << 18};
  kernel::Kernel kernel_;
  std::deque<Actor> actors_;
  Weather weather_{*this};
  std::uint64_t observed_ = 0xCBF29CE484222325;
};

Simulation::Simulation(std::uint64_t seed, bool verbose)
    : verbose_(verbose), random_(seed * 31), kernel_(trace_.writer, seed, refuse) {
  seed_under_way = seed;
  forget_handled_signals();
  const int hosts = 2 + static_cast<int>(below(2));
  for (int i = 1; i <= hosts; ++i) {
    kernel::Host& host = kernel_.add_host({.name = fmt::format("host-{}", i),
                                           .role = "test",
                                           .address = {0x0A000000 + static_cast<std::uint32_t>(i)},
                                           .slice_cost = std::chrono::microseconds(below(2) * 5),
                                           .descriptor_limit = 200});
    Generator generator(seed * 8 + static_cast<std::uint64_t>(i), {.shortest = 20, .longest = 70, .hosts = hosts});
    Actor& actor = actors_.emplace_back(*this, host, generator.sequence());
    host.boot(actor.caretaker);
    as(host, [] { signal(SIGPIPE, SIG_IGN); });
    kernel_.queue.schedule(actor, kernel_.queue.now() + pause());
  }
  kernel_.fabric.set_default_link({.latency_min = 100us, .latency_max = below(2) == 0 ? 100us : 3ms});
  kernel_.queue.schedule(weather_, kernel_.queue.now() + pause());
}

Simulation::~Simulation() {
  kernel_.queue.cancel(weather_);
  for (Actor& actor : actors_) kernel_.queue.cancel(actor);
}

Duration Simulation::pause() {
  if (below(80) == 0) return std::chrono::seconds(below(100));
  switch (below(20)) {
    case 0:
    case 1:
    case 2:
      return std::chrono::milliseconds(below(100));
    case 3:
    case 4:
    case 5:
    case 6:
      return 0us;
    default:
      return std::chrono::microseconds(below(3'000));
  }
}

void Simulation::act(Actor& actor) {
  if (actor.host.halted()) return;
  if (actor.next == actor.sequence.size()) {
    if (below(6) == 0) actor.host.halt(0);
    return;
  }
  const Step& step = actor.sequence[actor.next++];
  step_under_way = &step;
  std::string seen;
  as(actor.host, [&] { seen = step.make(actor.caller); });
  note(fmt::format("{} {} {}: {}", to_ns(kernel_.queue.now()), actor.host.name(), step.text, seen));
  if (below(300) == 0) return actor.host.halt(9);
  kernel_.queue.schedule(actor, kernel_.queue.now() + pause());
}

void Simulation::change_weather() {
  net::Fabric& fabric = kernel_.fabric;
  const auto from = static_cast<HostId>(1 + below(actors_.size()));
  const auto to = static_cast<HostId>((from + below(actors_.size() - 1)) % actors_.size() + 1);
  switch (below(8)) {
    case 0:
      fabric.cut(from, to);
      break;
    case 1:
    case 2:
      fabric.heal(from, to);
      break;
    case 3:
      fabric.set_loss(from, to, Ratio::percent(static_cast<std::uint32_t>(below(60))));
      break;
    case 4:
      fabric.set_segment_most(from, to, below(3) == 0 ? 0 : 100 + static_cast<std::uint32_t>(below(2'000)));
      break;
    case 5:
      fabric.set_duplicate(from, to, Ratio::percent(static_cast<std::uint32_t>(below(60))));
      break;
    case 6:
      fabric.set_bandwidth(from, to, below(2) == 0 ? 0 : 1'000'000, below(2) * 50'000);
      break;
    default:
      fabric.set_latency(from, to, 50us, 50us + std::chrono::microseconds(below(20'000)));
      break;
  }
  if (below(30) != 0) kernel_.queue.schedule(weather_, kernel_.queue.now() + pause());
}

void Simulation::run_for(Duration duration) {
  const VirtualTime end = kernel_.queue.now() + duration;
  while (!kernel_.queue.empty() && kernel_.queue.next_time() <= end) kernel_.queue.pop().fire();
}

// After this, and as much time as a peer that is silent is given, nobody may remember a connection.
void Simulation::close_all() {
  for (HostId from = 1; from <= actors_.size(); ++from) {
    for (HostId to = 1; to <= actors_.size(); ++to) {
      if (from == to) continue;
      kernel_.fabric.heal(from, to);
      kernel_.fabric.set_loss(from, to, {});
    }
  }
  for (Actor& actor : actors_) {
    if (!actor.host.halted()) as(actor.host, [] { close_range(3, ~0u, 0); });
  }
  run_for(2'000s);
  SP_ASSERT(kernel_.tcp.connections() == 0);
}

// What identifies the run: all events, and all that the programs saw.
std::uint64_t Simulation::run() {
  run_for(600s);
  if (below(2) == 0) close_all();
  return trace_.hash() ^ observed_;
}

std::uint64_t simulate(std::uint64_t seed, bool verbose) {
  Simulation simulation(seed, verbose);
  return simulation.run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!::test::read_numbers(argc, argv,
                            {{"--seeds", &options.seeds}, {"--seed", &options.seed}, {"--verbose", &options.verbose}}))
    return 2;
  signal(SIGABRT, [](int) { tell(); });
  set_assertion_reporter([](const char*) { tell(); });
  std::uint64_t different = 0;
  for (std::uint64_t seed = options.seed; seed < options.seed + options.seeds; ++seed) {
    const std::uint64_t once = simulate(seed, options.verbose != 0);
    if (simulate(seed, options.verbose != 0) == once) continue;
    fmt::print("seed {}: two runs differ\n", seed);
    ++different;
  }
  fmt::print("{} seeds, each run twice; {} of them differed\n", options.seeds, different);
  return different == 0 ? 0 : 1;
}
