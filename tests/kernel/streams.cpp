// The random streams of hosts hang on their names: neither on their number nor on who else is there.
#include <sys/random.h>

#include <map>
#include <random>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

struct Values {
  std::string entropy;
  std::vector<Rank> order;
  friend bool operator==(const Values&, const Values&) = default;
};

std::map<std::string, Values> values_of(const std::vector<std::string>& names, std::uint64_t seed = 1) {
  MemoryTrace trace;
  kernel::Kernel kernel(trace.writer, seed, Machine::refuse);
  std::uint32_t ip = 0x0A000001;
  for (const std::string& name : names) kernel.add_host({.name = name, .role = "test", .address = {ip++}});
  std::map<std::string, Values> values;
  for (std::size_t i = 0; i < names.size(); ++i) {
    kernel::Host& host = kernel.host(static_cast<HostId>(i + 1));
    Values& of_host = values[host.name()];
    of_host.entropy.resize(64);
    Machine machine(host);
    REQUIRE(machine([&] { return getrandom(of_host.entropy.data(), of_host.entropy.size(), 0); }) == gives(64));
    for (int draw = 0; draw < 16; ++draw) of_host.order.push_back(host.next_rank());
  }
  return values;
}

}  // namespace

TEST_CASE("one host less leaves the entropy and the order of all others as they were") {
  const auto all = values_of({"plaza-1", "plaza-2", "users-1", "users-2"});
  CHECK(all.at("plaza-1") != all.at("plaza-2"));
  CHECK(all.at("plaza-1").entropy != all.at("users-1").entropy);
  const auto fewer = values_of({"plaza-2", "users-1", "users-2"});
  for (const auto& [name, values] : fewer) CHECK(values == all.at(name));
  const auto reversed = values_of({"users-2", "users-1", "plaza-2", "plaza-1"});
  CHECK(reversed == all);
}

TEST_CASE("another seed gives other values") {
  const auto one = values_of({"plaza-1"}, 1);
  CHECK(values_of({"plaza-1"}, 1) == one);
  CHECK(values_of({"plaza-1"}, 2).at("plaza-1").entropy != one.at("plaza-1").entropy);
  CHECK(values_of({"plaza-1"}, 2).at("plaza-1").order != one.at("plaza-1").order);
}

TEST_CASE("every source of entropy is the host's own stream") {
  const auto draw = [](std::uint64_t seed, bool skip_one) {
    Machines machines(seed);
    std::string drawn;
    const auto add = [&](const void* bytes, std::size_t size) { drawn.append(static_cast<const char*>(bytes), size); };
    if (skip_one) {
      machines.b([] { return arc4random() & 1; });  // b's business
    }
    std::uint64_t word = 0;
    machines.a([&] { return getrandom(&word, sizeof word, GRND_NONBLOCK); });
    add(&word, sizeof word);
    CHECK(machines.a([&] { return getentropy(&word, sizeof word); }) == gives(0));
    add(&word, sizeof word);
    std::uint32_t half = 0;
    machines.a([&] {
      half = arc4random();
      return 0;
    });
    add(&half, sizeof half);
    machines.a([&] {
      arc4random_buf(&word, sizeof word);
      return 0;
    });
    add(&word, sizeof word);
    machines.a([&] {
      half = std::random_device()();
      return 0;
    });
    add(&half, sizeof half);
    return drawn;
  };
  CHECK(draw(1, false) == draw(1, false));
  CHECK(draw(1, false) == draw(1, true));
  CHECK(draw(1, false) != draw(2, false));
}

TEST_CASE("entropy calls check their arguments") {
  Machines machines;
  char bytes[300];
  CHECK(machines.a([&] { return getrandom(bytes, 8, 0x100); }) == fails(EINVAL));
  CHECK(machines.a([&] { return getrandom(bytes, 300, GRND_RANDOM); }) == gives(300));
  CHECK(machines.a([&] { return getentropy(bytes, 257); }) == fails(EIO));
}

TEST_CASE("each host has a process id of its own") {
  Machines machines;
  CHECK(machines.a([] { return getpid(); }) == gives(1001));
  CHECK(machines.b([] { return getpid(); }) == gives(1002));
}
