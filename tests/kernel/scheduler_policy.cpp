// Policies of the scheduler: what each does to the order of what could happen in any order, and what pct finds.
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "tests/kernel/booted.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using kernel::SchedulerPolicy;
using Kind = SchedulerPolicy::Kind;

namespace {

// Processes of several hosts, under a policy.
struct Hosts {
  Hosts(std::uint64_t seed, const SchedulerPolicy& policy) : kernel(trace.writer, seed, Machine::refuse) {
    kernel.set_policy(policy);
  }
  kernel::Host& add(std::string name, std::function<bool()> turn, Duration cost = 0us) {
    const auto id = static_cast<std::uint32_t>(kernel.host_count() + 1);
    kernel::Host& host =
        kernel.add_host({.name = std::move(name), .role = "test", .address = {0x0A000000 + id}, .slice_cost = cost});
    processes.push_back(std::make_unique<Idle>(std::move(turn)));
    host.boot(*processes.back());
    return host;
  }
  void settle() {
    while (!kernel.queue.empty()) kernel.queue.pop().fire();
  }
  MemoryTrace trace{1 << 20};
  std::vector<std::unique_ptr<Idle>> processes;
  kernel::Kernel kernel;
};

// The order in which so many hosts take their turns when all are woken at once.
std::string order_of(std::uint64_t seed, const SchedulerPolicy& policy, int hosts = 5) {
  std::string order;
  Hosts f(seed, policy);
  std::vector<kernel::Host*> all;
  for (int i = 0; i < hosts; ++i) {
    const char name = static_cast<char>('a' + i);
    all.push_back(&f.add(std::string(1, name), [&order, name] {
      order += name;
      return false;
    }));
  }
  f.settle();
  order.clear();
  for (kernel::Host* host : all) host->wake(kNoEvent);
  f.settle();
  return order;
}

// A process with threads: scripts that say after each step whether they go on. A thread is runnable until it ends, and
// may be taken off the processor between any two of its steps.
struct Threaded final : kernel::Process {
  using Step = std::function<bool(int step)>;
  explicit Threaded(kernel::Host& on) : host(on) {}
  bool polls() const override { return false; }
  bool step() override {
    if (!std::exchange(started, true)) {
      host.next_runnable();  // the main task, which ends
      host.end_task(host.main_task());
      for (Step& script : scripts) threads[&host.add_task(true)] = {&script, 0};
      return true;
    }
    kernel::Task* task = host.next_runnable();
    if (task == nullptr) return false;
    running = task;
    auto& [script, steps] = threads.at(task);
    if ((*script)(steps++)) {
      host.task_became_runnable(*task, kNoEvent);
    } else {
      host.end_task(*task);
    }
    return host.any_runnable();
  }
  kernel::Host& host;
  std::vector<Step> scripts;
  std::map<kernel::Task*, std::pair<Step*, int>> threads;  // looked up only
  kernel::Task* running = nullptr;
  bool started = false;
};

std::string threads_order(std::uint64_t seed, const SchedulerPolicy& policy, int steps) {
  Hosts f(seed, policy);
  kernel::Host& host = f.kernel.add_host({.name = "a", .role = "test", .address = {0x0A000001}});
  Threaded process(host);
  std::string order;
  for (char name = 'a'; name < 'd'; ++name) {
    process.scripts.push_back([&order, name, steps](int step) {
      order += name;
      return step + 1 < steps;
    });
  }
  host.boot(process);
  f.settle();
  return order;
}

// How many of so many seeds a bug shows in.
int count(int seeds, const std::function<bool(std::uint64_t)>& shows) {
  int found = 0;
  for (int seed = 1; seed <= seeds; ++seed) found += shows(static_cast<std::uint64_t>(seed));
  return found;
}

std::string sorted(std::string text) {
  std::ranges::sort(text);
  return text;
}

}  // namespace

// ---- order ----

TEST_CASE("under random, simultaneous slices and threads come in every order") {
  std::map<std::string, int> orders, threads;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ++orders[order_of(seed, {}, 3)];
    ++threads[threads_order(seed, {}, 1)];
  }
  CHECK(orders.size() == 6);
  CHECK(threads.size() == 6);
}

TEST_CASE("under fifo all comes in the order in which it became due, whatever the seed") {
  const SchedulerPolicy fifo{.kind = Kind::fifo};
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CHECK(order_of(seed, fifo) == "abcde");
    CHECK(threads_order(seed, fifo, 2) == "abcabc");
  }
}

TEST_CASE("under pct hosts and threads keep their order, which is another one for each seed, until a change") {
  const SchedulerPolicy none{.kind = Kind::pct, .changes = 0};
  std::map<std::string, int> orders;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    ++orders[order_of(seed, none, 3)];
    const std::string order = threads_order(seed, none, 3);
    CHECK(sorted(order) == "aaabbbccc");
    for (std::size_t i = 0; i < 9; i += 3) CHECK(order.substr(i, 3) == std::string(3, order[i]));
  }
  CHECK(orders.size() == 6);
  // One change among the ten turns of the process: the first, which only starts the threads, and nine more.
  int changed = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::string order = threads_order(seed, {.kind = Kind::pct, .changes = 1, .horizon = 10}, 3);
    CHECK(sorted(order) == "aaabbbccc");
    const bool whole = order == threads_order(seed, none, 3);
    changed += !whole;
    if (whole) continue;
    // Whoever ran has fallen below everybody: it is the last to end.
    const auto interrupted = std::ranges::adjacent_find(order, std::not_equal_to());
    CHECK(interrupted != order.end());
  }
  CHECK(changed > 100);
}

TEST_CASE("under pct a host that is come to a change falls behind those of the same instant") {
  const SchedulerPolicy none{.kind = Kind::pct, .changes = 0};
  // Five boots are five turns; the change comes with the first of the five turns that follow.
  int moved = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const std::string before = order_of(seed, none);
    const std::string after = order_of(seed, {.kind = Kind::pct, .changes = 1, .horizon = 10});
    if (before == after) continue;
    ++moved;
    CHECK(sorted(after) == "abcde");
    // One host is last, and the others are as they were.
    std::string others = before;
    std::erase(others, after.back());
    CHECK(others == after.substr(0, 4));
  }
  CHECK(moved > 100);
}

TEST_CASE("under delay_host one host is last of those of the same instant, and dearer") {
  std::map<std::string, int> orders;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const std::string order = order_of(seed, {.kind = Kind::delay_host, .host = "b"}, 3);
    CHECK(order.back() == 'b');
    ++orders[order];
  }
  CHECK(orders.size() == 2);
  Hosts f(1, {.kind = Kind::delay_host, .host = "b", .delay = 7us});
  f.add("a", nullptr, 10us);
  f.add("b", nullptr, 10us);
  f.settle();
  const auto slices = f.trace.events(EventKind::slice);
  REQUIRE(slices.size() == 2);
  CHECK(slices[0].header.a == 10'000);
  CHECK(slices[1].header.host == 2);
  CHECK(slices[1].header.a == 17'000);
  CHECK(f.kernel.queue.now() == VirtualTime(17us));
}

TEST_CASE("a thread that only yields does not keep the others from what it waits for") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Hosts f(seed, {.kind = Kind::pct, .changes = 0});
    kernel::Host& host = f.kernel.add_host({.name = "a", .role = "test", .address = {0x0A000001}});
    Threaded process(host);
    bool done = false;
    int yields = 0;
    process.scripts.push_back([&](int step) {
      ++yields;
      f.kernel.scheduler->yields(*process.running);
      return !done && step < 10'000;
    });
    process.scripts.push_back([&](int) {
      done = true;
      return false;
    });
    host.boot(process);
    f.settle();
    CHECK(done);
    CHECK(yields <= 101);
  }
}

// ---- bugs ----

// Two threads add one to a counter, each in so many steps, of which the last but one reads it and the last writes it.
bool loses_an_update(std::uint64_t seed, const SchedulerPolicy& policy, int steps) {
  Hosts f(seed, policy);
  kernel::Host& host = f.kernel.add_host({.name = "a", .role = "test", .address = {0x0A000001}});
  Threaded process(host);
  int counter = 0;
  int read[2] = {};
  for (int thread = 0; thread < 2; ++thread) {
    process.scripts.push_back([&, thread](int step) {
      // Only when the first thread has read at its beginning, and writes at its end, can it lose what the other wrote.
      if (step == (thread == 0 ? 0 : steps - 2)) read[thread] = counter;
      if (step == (thread == 0 ? 1 : steps - 1)) counter = read[thread] + 1;
      return step + 1 < steps;
    });
  }
  host.boot(process);
  f.settle();
  return counter != 2;
}

TEST_CASE("pct finds a lost update with its guaranteed probability, where chance seldom does") {
  constexpr int kSeeds = 2'000;
  constexpr int kSteps = 20;
  // The first thread reads and writes in its first two steps, the second in its last two. For an update to get lost the
  // second must run nearly to its end before the first has written: chance has them take turns. To pct that is one
  // change, in the only turn of the first thread that matters.
  const int by_chance = count(kSeeds, [&](auto seed) { return loses_an_update(seed, {}, kSteps); });
  // Two threads, and forty turns with the one that starts them.
  const SchedulerPolicy pct{.kind = Kind::pct, .changes = 1, .horizon = 2 * kSteps + 1};
  const int by_pct = count(kSeeds, [&](auto seed) { return loses_an_update(seed, pct, kSteps); });
  const int guaranteed = kSeeds / (2 * (2 * kSteps + 1));
  CAPTURE(by_chance, by_pct, guaranteed);
  CHECK(by_pct >= guaranteed);
  CHECK(by_chance * 5 < by_pct);
  // With no change priorities alone cannot find it: it is a bug of depth two.
  CHECK(count(kSeeds, [&](auto seed) { return loses_an_update(seed, {.kind = Kind::pct, .changes = 0}, kSteps); }) ==
        0);
}

TEST_CASE("what a policy decides is the same each time, and hangs on names alone") {
  for (const Kind kind : {Kind::random, Kind::fifo, Kind::pct, Kind::delay_host}) {
    const SchedulerPolicy policy{.kind = kind, .horizon = 20, .host = "c"};
    CHECK(order_of(7, policy) == order_of(7, policy));
    CHECK(threads_order(7, policy, 3) == threads_order(7, policy, 3));
  }
  // A further host shifts nothing among the others.
  const SchedulerPolicy pct{.kind = Kind::pct, .changes = 0};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::string with = order_of(seed, pct, 5);
    std::erase(with, 'e');
    CHECK(with == order_of(seed, pct, 4));
  }
}
