#pragma once
// Runs random sequences on Linux and on the virtual kernel. A sequence that differs is shrunk, by leaving calls out,
// and printed with what each kernel showed; `--sequences 1 --seed S` runs it again alone.
//
// A sequence is a vector of steps. Each has a `text`, and its observation stands at the same place among those of the
// sequence.
#include <fmt/format.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace stillpoint::test {

using Observations = std::vector<std::string>;

// Whether Linux is given time after each call. Loopback delivers within the sender's call, unless the machine is busy.
enum class Pace { at_once, with_time };

struct CompareOptions {
  std::uint64_t sequences = 10'000;
  std::uint64_t seed = 1;
  std::uint64_t show = 5;  // how many that differ are shrunk and printed
  // Not zero: the virtual kernel is left out, and Linux compared with itself. What differs then must not be asked.
  std::uint64_t real_twice = 0;
};
// [--sequences N] [--seed S] [--show K] [--real-twice 1]; says so if it is something else.
std::optional<CompareOptions> read_compare_options(int argc, char** argv);

// What the virtual kernel is doing. An assertion of it, or a call that it does not serve, ends the process, which says
// so by this.
struct UnderWay {
  std::uint64_t seed = 0;
  std::vector<std::string> calls;
  std::size_t call = 0;
};
extern UnderWay under_way;
void tell_what_is_under_way_when_it_ends();

// Makes the descriptors from some number on free: that number.
int first_free_descriptor();

template <typename Sequence>
struct Kernels {
  std::function<Sequence(std::uint64_t seed)> generate;
  // Sets under_way.call as it goes.
  std::function<Observations(const Sequence&, std::uint64_t seed)> simulated;
  std::function<Observations(const Sequence&, Pace)> real;
};

template <typename Sequence>
class Comparison {
 public:
  explicit Comparison(Kernels<Sequence> kernels) : kernels_(std::move(kernels)) {}

  // Zero if none differs.
  int run(const CompareOptions& options) {
    tell_what_is_under_way_when_it_ends();
    if (options.real_twice != 0)
      kernels_.simulated = [this](const Sequence& sequence, std::uint64_t) {
        return kernels_.real(sequence, Pace::at_once);
      };
    std::uint64_t calls = 0;
    std::uint64_t different = 0;
    for (std::uint64_t seed = options.seed; seed < options.seed + options.sequences; ++seed) {
      const Sequence sequence = kernels_.generate(seed);
      calls += sequence.size();
      const Both both = observe(sequence, seed);
      if (both.alike()) continue;
      ++different;
      if (different > options.show) continue;
      const Sequence shortest = shrink(sequence, both, seed);
      fmt::print("seed {}: the kernels differ\n", seed);
      show(shortest, observe(shortest, seed));
      std::fflush(stdout);
    }
    fmt::print("{} sequences, {} calls, {} sequences observed different things\n", options.sequences, calls, different);
    return different == 0 ? 0 : 1;
  }

 private:
  struct Both {
    Observations simulated;
    Observations real;
    bool alike() const { return simulated == real; }
  };

  // Where the machine is busy, what Linux does at once may be late: it is asked again, with more time.
  Both observe(const Sequence& sequence, std::uint64_t seed, int most_tries = 3) {
    under_way = {seed, {}, 0};
    for (const auto& step : sequence) under_way.calls.push_back(step.text);
    Both both{kernels_.simulated(sequence, seed), kernels_.real(sequence, Pace::at_once)};
    for (int tries = 0; tries < most_tries && !both.alike(); ++tries)
      both.real = kernels_.real(sequence, Pace::with_time);
    return both;
  }

  // What can be left out is left out, from the end on: first all that comes after the first difference.
  Sequence shrink(Sequence sequence, const Both& both, std::uint64_t seed) {
    std::size_t first = 0;
    while (both.real[first] == both.simulated[first]) ++first;
    sequence.resize(first + 1);
    for (bool shorter = true; shorter;) {
      shorter = false;
      for (std::size_t i = sequence.size(); i-- > 0;) {
        Sequence without = sequence;
        without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
        if (observe(without, seed, 1).alike()) continue;
        sequence = std::move(without);
        shorter = true;
      }
    }
    return sequence;
  }

  void show(const Sequence& sequence, const Both& both) const {
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      if (both.real[i] == both.simulated[i]) {
        fmt::print("    {}: {}\n", sequence[i].text, both.real[i]);
      } else {
        fmt::print("  > {}\n      Linux:          {}\n      virtual kernel: {}\n", sequence[i].text, both.real[i],
                   both.simulated[i]);
      }
    }
  }

  Kernels<Sequence> kernels_;
};

}  // namespace stillpoint::test
