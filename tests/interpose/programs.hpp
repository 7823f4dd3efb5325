#pragma once
// Runs ordinary programs on hosts of the virtual kernel within a test: each a main function, on a host of its own.
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim-core/kernel/kernel.hpp"
#include "sim-core/process/program.hpp"
#include "tests/trace/memory_trace.hpp"

namespace test {

class Programs {
 public:
  explicit Programs(std::uint64_t seed);
  Programs(const Programs&) = delete;
  Programs& operator=(const Programs&) = delete;
  ~Programs();

  // A host and what it runs, from the start of the run. Addresses are 10.0.0.1 and up.
  void add(std::string name, stillpoint::process::Main main);
  // Turns the queue until all programs have ended, or nothing is left to happen, or so much time has passed.
  void run(stillpoint::Duration at_most = std::chrono::hours(1));

  // How the program of that name ended, as wait(2) tells; -1 if it still runs.
  int status(const std::string& name) const;
  bool all_ended() const;
  bool all_succeeded() const;
  std::uint64_t hash() const { return trace_.hash(); }
  const stillpoint::test::MemoryTrace& trace() const { return trace_; }
  std::vector<stillpoint::test::Entry> events(stillpoint::EventKind kind) const { return trace_.events(kind); }
  // Requires that there is one of that number.
  stillpoint::test::Entry event(stillpoint::EventId id) const;

 private:
  struct Entry {
    std::string name;
    std::unique_ptr<stillpoint::process::Program> program;
    int status = -1;
  };

  stillpoint::test::MemoryTrace trace_{1 << 25};

 public:
  stillpoint::kernel::Kernel kernel;

 private:
  std::vector<std::unique_ptr<Entry>> entries_;
};

// The hash that `run` returns, which is run in a process of its own, as every simulation is: for libraries that keep
// state for the whole process. Zero if that process ended otherwise.
std::uint64_t in_fresh_process(const std::function<std::uint64_t()>& run);

// What twenty seeds, each run twice, made.
struct Replay {
  bool alike = true;          // both runs of each seed had one hash
  std::size_t different = 0;  // how many hashes there were
};

// `run` makes one run of a seed and returns its hash.
template <typename Run>
Replay twenty_seeds(Run run) {
  Replay replay;
  std::set<std::uint64_t> hashes;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const std::uint64_t hash = run(seed);
    replay.alike = replay.alike && run(seed) == hash;
    hashes.insert(hash);
  }
  replay.different = hashes.size();
  return replay;
}

}  // namespace test
