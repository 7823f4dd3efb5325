// Random sequences of system calls, on Linux and on the virtual kernel: what both observe must be the same.
//
//   test_conformance_random [--sequences N] [--seed S] [--show K]
//
// runs N sequences, from seed S on. A sequence that differs is shrunk, by leaving calls out, and printed with what each
// kernel showed; `--sequences 1 --seed S` runs it again alone.
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "sim-core/base/assert.hpp"
#include "sim-core/kernel/current.hpp"
#include "tests/conformance/random/worlds.hpp"

using namespace stillpoint::test;

namespace {

struct Options {
  std::uint64_t sequences = 10'000;
  std::uint64_t seed = 1;
  std::uint64_t show = 5;  // how many that differ are shrunk and printed
};

std::optional<Options> read_options(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    std::uint64_t* const value = name == "--sequences" ? &options.sequences
                                 : name == "--seed"    ? &options.seed
                                 : name == "--show"    ? &options.show
                                                       : nullptr;
    if (value == nullptr || i + 1 == argc) return std::nullopt;
    *value = std::strtoull(argv[i + 1], nullptr, 10);
  }
  return options;
}

// An assertion of the virtual kernel, or a call that it does not serve, ends the process: it says of which sequence.
struct UnderWay {
  std::uint64_t seed = 0;
  const Sequence* sequence = nullptr;
};
UnderWay under_way;

void tell() {
  stillpoint::kernel::set_current_host(nullptr);
  fmt::print("seed {}: the virtual kernel broke off in\n", under_way.seed);
  for (const Step& step : *under_way.sequence) {
    const bool last = &step == step_under_way;
    fmt::print("{}{}\n", last ? "  > " : "    ", step.text);
    if (last) break;
  }
  std::fflush(stdout);
}

struct Both {
  Observations simulated;
  Observations real;
  bool alike() const { return simulated == real; }
};

// Where the machine is busy, what Linux does at once may be late: it is asked again, with more time.
Both observe(const LinuxProcess& process, const Sequence& sequence, std::uint64_t seed, int most_tries = 3) {
  Both both{on_virtual_kernel(sequence, seed), process.run(sequence, Pace::at_once)};
  for (int tries = 0; tries < most_tries && !both.alike(); ++tries) both.real = process.run(sequence, Pace::with_time);
  return both;
}

// What can be left out is left out, from the end on: first all that comes after the first difference.
Sequence shrink(const LinuxProcess& process, Sequence sequence, const Both& both, std::uint64_t seed) {
  std::size_t first = 0;
  while (both.real[first] == both.simulated[first]) ++first;
  sequence.resize(first + 1);
  for (bool shorter = true; shorter;) {
    shorter = false;
    for (std::size_t i = sequence.size(); i-- > 0;) {
      Sequence without = sequence;
      without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
      under_way.sequence = &without;
      if (observe(process, without, seed, 1).alike()) continue;
      sequence = std::move(without);
      shorter = true;
    }
  }
  return sequence;
}

void show(const Sequence& sequence, const Both& both) {
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    if (both.real[i] == both.simulated[i]) {
      fmt::print("    {}: {}\n", sequence[i].text, both.real[i]);
    } else {
      fmt::print("  > {}\n      Linux:          {}\n      virtual kernel: {}\n", sequence[i].text, both.real[i],
                 both.simulated[i]);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read_options(argc, argv);
  if (!options) {
    fmt::print(stderr, "usage: {} [--sequences N] [--seed S] [--show K]\n", argv[0]);
    return 2;
  }
  const LinuxProcess process;
  signal(SIGABRT, [](int) { tell(); });
  stillpoint::set_assertion_reporter([](const char*) { tell(); });
  std::uint64_t calls = 0;
  std::uint64_t different = 0;
  for (std::uint64_t seed = options->seed; seed < options->seed + options->sequences; ++seed) {
    Generator generator(seed, {});
    const Sequence sequence = generator.sequence();
    calls += sequence.size();
    under_way = {seed, &sequence};
    const Both both = observe(process, sequence, seed);
    if (both.alike()) continue;
    ++different;
    if (different > options->show) continue;
    const Sequence shortest = shrink(process, sequence, both, seed);
    fmt::print("seed {}: the kernels differ\n", seed);
    show(shortest, observe(process, shortest, seed));
    std::fflush(stdout);
  }
  fmt::print("{} sequences, {} calls, {} sequences observed different things\n", options->sequences, calls, different);
  return different == 0 ? 0 : 1;
}
