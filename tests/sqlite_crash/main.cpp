// What SQLite keeps of what it acknowledged when the power fails: every journal mode with every synchronous level, on
// the virtual disk. For each, the workload loses its power after every one of its disk operations, and a number of
// times at an operation that a seed draws, a quarter of these again while the database recovers. SQLite is the system's
// own library, unmodified, with its default VFS.
//
//   build/sqlite-crash                       the table of docs/disk.md
//   build/sqlite-crash --seeds 20            with fewer seeded crashes (2000)
//   build/sqlite-crash --every 10            after each tenth operation only
//   build/sqlite-crash --ordering 1          on XFS (0: ext4, 2: strict POSIX)
//
// It exits with 1 if SQLite lost what its documentation says that it keeps, or if a disk that lies lost nothing.
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>
#include <thread>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "tests/interpose/in_simulation.hpp"
#include "tests/sqlite_crash/workload.hpp"
#include "tests/support/number_options.hpp"

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

// What SQLite's documentation lets a crash do.
enum class Promise {
  all,        // nothing that was acknowledged is lost
  intact,     // the last commits may be lost, each of them whole
  nothing,    // it may be corrupt
  lied_about  // the disk breaks its own promise: it will be
};

struct Row {
  test::Pragmas pragmas;
  bool fsync_lies;
  Promise promise;
};

// https://www.sqlite.org/pragma.html#pragma_synchronous and #pragma_journal_mode. A rollback journal is found again
// where its removal was not durable, so that the last commit is rolled back: EXTRA is there to prevent that, and
// TRUNCATE and PERSIST need it not, since they end the journal in the file. NORMAL "could corrupt the database on an
// older filesystem".
std::vector<Row> rows() {
  std::vector<Row> rows;
  for (const std::string journal : {"DELETE", "TRUNCATE", "PERSIST", "WAL", "MEMORY", "OFF"}) {
    for (const std::string synchronous : {"EXTRA", "FULL", "NORMAL", "OFF"}) {
      const bool safe = synchronous == "EXTRA" || synchronous == "FULL";
      Promise promise = Promise::nothing;
      if (journal == "WAL") {
        promise = safe ? Promise::all : synchronous == "NORMAL" ? Promise::intact : Promise::nothing;
      } else if (journal != "MEMORY" && journal != "OFF" && safe) {
        promise = journal == "DELETE" && synchronous == "FULL" ? Promise::intact : Promise::all;
      }
      rows.push_back({{journal, synchronous}, false, promise});
    }
  }
  for (const std::string journal : {"DELETE", "WAL"}) rows.push_back({{journal, "EXTRA"}, true, Promise::lied_about});
  return rows;
}

struct CrashAt {
  std::uint64_t seed;
  std::uint64_t operations;  // of the first life
  bool again;                // and once more during the second
};

// What became of one database.
struct Result {
  std::uint64_t operations = 0;  // where nothing crashed
  bool lost = false;
  bool torn = false;
  bool corrupt = false;
};

// Power fails at that operation; what is left is looked at in a life after it.
Result crash(const Row& row, DiskOptions disk, const CrashAt& where) {
  constexpr VirtualTime kPowerFails{2s};  // whoever is not done by then has waited for something
  int lives = 0;
  int acknowledged = 0;
  bool looked = false;
  test::Found found;
  disk.fsync_lies = row.fsync_lies;
  const auto main = [&](int, char**) {
    if (++lives == 1) {
      const std::string error = test::write_database(row.pragmas, [&](int commit) { acknowledged = commit; });
      if (!error.empty()) std::fprintf(stderr, "sqlite-crash: %s\n", error.c_str());
      return error.empty() ? 0 : 1;
    }
    const test::Found seen = test::look_at_database();
    found = seen;
    looked = true;
    return 0;
  };
  test::simulate(where.seed, 10s, [&](Simulation& simulation) {
    const HostId host = simulation.add_host({.name = "database", .role = "database", .disk = disk, .main = main});
    simulation.crash_after_disk_operations(host, where.operations);
    simulation.at(kPowerFails, [&simulation, host] {
      if (simulation.is_up(host)) simulation.crash(host);
    });
    simulation.at(kPowerFails + 1s, [&simulation, host, &where] {
      simulation.boot(host);
      if (where.again) simulation.crash_after_disk_operations(host, where.operations % 11);
    });
    simulation.at(kPowerFails + 2s, [&simulation, host] {
      if (!simulation.is_up(host)) simulation.boot(host);
    });
  });
  if (!looked) std::abort();
  Result result;
  // More than was ever begun is no database of ours.
  result.corrupt = !found.intact || found.commits > acknowledged + 1;
  result.torn = !result.corrupt && !found.whole;
  result.lost = !result.corrupt && found.commits < acknowledged;
  return result;
}

Result run_undisturbed(const Row& row, const DiskOptions& disk) {
  Result result;
  test::simulate(1, 10s, [&](Simulation& simulation) {
    const HostId host =
        simulation.add_host({.name = "database", .role = "database", .disk = disk, .main = [&](int, char**) {
                               return test::write_database(row.pragmas, [](int) {}).empty() ? 0 : 1;
                             }});
    simulation.at(VirtualTime(9s), [&, host] { result.operations = simulation.disk_operations(host); });
  });
  return result;
}

// Runs each of `tasks` in a process of its own, as many at a time as there are cores: a crash leaves threads behind
// that stand still, and SQLite keeps state for the whole process. Whoever forks has one thread only: a child inherits
// the locks that other threads hold, and nobody is there to give them back. AddressSanitizer's allocator has such
// locks.
std::vector<Result> in_processes_of_their_own(const std::vector<std::function<Result()>>& tasks) {
  struct Child {
    std::size_t task;
    int result;  // the end of a pipe that has room for a whole Result
  };
  std::map<pid_t, Child> children;
  std::vector<Result> results(tasks.size());
  const auto start = [&](std::size_t task) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) {
      const Result result = tasks[task]();
      const bool told = write(ends[1], &result, sizeof result) == sizeof result;
      _exit(told ? 0 : 1);
    }
    close(ends[1]);
    children[child] = {task, ends[0]};
  };
  const auto finish_one = [&] {
    int status = 0;
    const auto child = children.find(wait(&status));
    if (child == children.end()) std::abort();
    const auto [task, end] = child->second;
    const bool heard = read(end, &results[task], sizeof(Result)) == sizeof(Result);
    close(end);
    children.erase(child);
    if (heard && status == 0) return;
    std::fprintf(stderr, "sqlite-crash: a run ended with wait status %d\n", status);
    std::exit(1);
  };
  const std::size_t jobs = std::max(1u, std::thread::hardware_concurrency());
  for (std::size_t task = 0; task < tasks.size(); ++task) {
    if (children.size() == jobs) finish_one();
    start(task);
  }
  while (!children.empty()) finish_one();
  return results;
}

struct Sum {
  std::uint64_t crashes = 0;
  std::uint64_t lost = 0;
  std::uint64_t torn = 0;
  std::uint64_t corrupt = 0;
};

Sum crash_all(const Row& row, const DiskOptions& disk, const std::vector<CrashAt>& points) {
  std::vector<std::function<Result()>> crashes;
  for (const CrashAt& point : points) crashes.push_back([&] { return crash(row, disk, point); });
  Sum sum;
  for (const Result& result : in_processes_of_their_own(crashes)) {
    ++sum.crashes;
    sum.lost += result.lost;
    sum.torn += result.torn;
    sum.corrupt += result.corrupt;
  }
  return sum;
}

bool kept(Promise promise, const Sum& sum) {
  switch (promise) {
    case Promise::all:
      return sum.lost == 0 && sum.torn == 0 && sum.corrupt == 0;
    case Promise::intact:
      return sum.torn == 0 && sum.corrupt == 0;
    case Promise::nothing:
      return true;
    case Promise::lied_about:
      return sum.corrupt > 0;
  }
  return false;
}

std::string_view words_for(Promise promise) {
  switch (promise) {
    case Promise::all:
      return "nothing is lost";
    case Promise::intact:
      return "last commits may be";
    case Promise::nothing:
      return "may corrupt";
    case Promise::lied_about:
      return "no promise holds";
  }
  return "";
}

}  // namespace

int main(int argc, char** argv) {
  std::uint64_t seeds = 2'000;
  std::uint64_t every = 1;
  std::uint64_t ordering = 0;
  if (!test::read_numbers(argc, argv, {{"--seeds", &seeds}, {"--every", &every}, {"--ordering", &ordering}})) return 2;
  every = std::max<std::uint64_t>(every, 1);
  if (ordering > 2) {
    std::fprintf(stderr, "sqlite-crash: --ordering is 0 (ext4), 1 (XFS) or 2 (strict POSIX)\n");
    return 2;
  }
  // Both lives of a host are in one process here, and so are SQLite's locks: what the first holds, nobody gives back.
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  DiskOptions disk;
  disk.ordering = static_cast<DiskOrdering>(ordering);
  fmt::print(
      "| journal_mode | synchronous | SQLite promises | disk operations | crashes | lost a commit | torn | corrupt "
      "|\n");
  fmt::print("|---|---|---|---|---|---|---|---|\n");
  std::fflush(stdout);
  bool good = true;
  for (const Row& row : rows()) {
    const std::uint64_t operations =
        in_processes_of_their_own({[&] { return run_undisturbed(row, disk); }}).front().operations;
    std::vector<CrashAt> points;
    for (std::uint64_t at = 0; at <= operations; at += every) points.push_back({at + 1, at, false});
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      RandomStream random(seed, "crash point", row.pragmas.journal_mode + row.pragmas.synchronous);
      points.push_back({seed, random.below(operations + 1), random.below(4) == 0});
    }
    const Sum sum = crash_all(row, disk, points);
    fmt::print("| {} | {}{} | {} | {} | {} | {} | {} | {} |\n", row.pragmas.journal_mode, row.pragmas.synchronous,
               row.fsync_lies ? ", fsync lies" : "", words_for(row.promise), operations, sum.crashes, sum.lost,
               sum.torn, sum.corrupt);
    std::fflush(stdout);
    if (kept(row.promise, sum)) continue;
    good = false;
    std::fprintf(stderr, "sqlite-crash: %s with %s: that is not what was promised\n", row.pragmas.journal_mode.c_str(),
                 row.pragmas.synchronous.c_str());
  }
  return good ? 0 : 1;
}
