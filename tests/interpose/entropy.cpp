// Entropy and pseudo-random numbers: the seed's, for each host its own; of a given seed the same as everywhere.
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include <random>
#include <vector>

#include "tests/kernel/machines.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

template <typename Call>
std::vector<long> on(const Machine& machine, Call call) {
  std::vector<long> numbers;
  machine([&] {
    numbers = call();
    return 0;
  });
  return numbers;
}

// Everything that has a hidden state, after a seed and without one.
std::vector<long> sequence() {
  std::vector<long> numbers;
  const auto note = [&numbers](long number) { numbers.push_back(number); };
  const auto note_real = [&numbers](double number) { numbers.push_back(static_cast<long>(number * 1e15)); };
  srand(7);
  for (int i = 0; i < 100; ++i) note(rand());
  srandom(12345);
  for (int i = 0; i < 40; ++i) note(random());
  for (const size_t size : {8, 32, 64, 128, 256}) {
    alignas(8) static char tables[5][256];
    static int used = 0;
    char* table = tables[used++ % 5];
    char* before = initstate(99, table, size);
    for (int i = 0; i < 70; ++i) note(random());
    note(setstate(before) == table);
    for (int i = 0; i < 3; ++i) note(random());
    note(setstate(table) == before);
    for (int i = 0; i < 3; ++i) note(rand());
    setstate(before);
  }
  unsigned hidden_nowhere = 5;
  for (int i = 0; i < 10; ++i) note(rand_r(&hidden_nowhere));
  srand48(42);
  for (int i = 0; i < 10; ++i) note_real(drand48());
  for (int i = 0; i < 10; ++i) note(lrand48());
  for (int i = 0; i < 10; ++i) note(mrand48());
  unsigned short own[3] = {1, 2, 3};
  for (int i = 0; i < 10; ++i) note_real(erand48(own));
  for (int i = 0; i < 10; ++i) note(nrand48(own));
  for (int i = 0; i < 10; ++i) note(jrand48(own));
  unsigned short* old = seed48(own);
  for (int i = 0; i < 3; ++i) note(old[i]);
  note(lrand48());
  unsigned short parameters[7] = {1, 2, 3, 4, 5, 6, 7};
  lcong48(parameters);
  for (int i = 0; i < 10; ++i) note(lrand48());
  srand48(1);
  note(lrand48());
  return numbers;
}

std::vector<long> without_seed() {
  std::vector<long> numbers;
  for (int i = 0; i < 5; ++i) numbers.push_back(rand());
  numbers.push_back(lrand48());
  return numbers;
}

std::string bytes_of(const Machine& machine, size_t size) {
  std::string bytes(size, '\0');
  CHECK(machine([&] { return getrandom(bytes.data(), size, 0); }) == gives(static_cast<long>(size)));
  return bytes;
}

}  // namespace

TEST_CASE("pseudo-random numbers are those that glibc gives for the seed") {
  const std::vector<long> real = sequence();
  Machines machines;
  CHECK(on(machines.a, sequence) == real);
  CHECK(on(machines.b, sequence) == real);
}

TEST_CASE("a host's pseudo-random numbers begin at the beginning, and another host's draws shift nothing") {
  Machines machines;
  const std::vector<long> first = on(machines.a, without_seed);
  // What random(3) gives after srandom(1), and lrand48(3) without a seed.
  CHECK(first[0] == 1804289383);
  CHECK(first[1] == 846930886);
  CHECK(first[5] == 0);
  CHECK(on(machines.b, without_seed) == first);
  CHECK(on(machines.a, without_seed) != first);
}

TEST_CASE("entropy is of the seed and the host") {
  Machines one(1), again(1), other(2);
  const std::string bytes = bytes_of(one.a, 64);
  CHECK(bytes_of(again.a, 64) == bytes);
  CHECK(bytes_of(other.a, 64) != bytes);
  CHECK(bytes_of(one.b, 64) != bytes);
}

TEST_CASE("std::random_device takes its tokens, and throws for others") {
  Machines machines;
  for (const char* token : {"default", "hw", "rdrand", "getentropy", "arc4random", "/dev/urandom", "/dev/random"}) {
    INFO(token);
    unsigned first = 0, second = 0;
    double entropy = 0;
    machines.a([&] {
      std::random_device device(token);
      first = device();
      second = device();
      entropy = device.entropy();
      return 0;
    });
    CHECK(first != second);
    CHECK(entropy == 32);
  }
  std::string said;
  machines.a([&] {
    try {
      const std::random_device device("nonsense");
    } catch (const std::exception& error) {
      said = error.what();
    }
    return 0;
  });
  CHECK_THAT(said, Catch::EndsWith("unsupported token"));
}

TEST_CASE("a random device that outlives its host's turn is harmless") {
  Machines machines;
  std::optional<std::random_device> device;
  machines.a([&] {
    device.emplace();
    return 0;
  });
  device.reset();
  CHECK(std::random_device()() != std::random_device()());
}

TEST_CASE("bounded numbers are within their bound") {
  Machines machines;
  bool within = true;
  machines.a([&] {
    for (unsigned bound : {2u, 3u, 10u, 1'000'000'000u})
      for (int i = 0; i < 100; ++i) within = within && arc4random_uniform(bound) < bound;
    within = within && arc4random_uniform(0) == 0 && arc4random_uniform(1) == 0;
    return 0;
  });
  CHECK(within);
}
