// Stock SQLite (WAL, FULL) on a disk that faults act on: what it says, and what it has kept of what it acknowledged
// after a loss of power.
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <functional>

#include <stillpoint/simulation.hpp>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"
#include "tests/interpose/in_simulation.hpp"
#include "tests/sqlite_crash/workload.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

constexpr EventId kFault = 1;  // the host's first boot: what it is does not matter here

// What faults do, and when.
struct Faults {
  int after_commit = 0;
  std::function<void(kernel::Storage&)> while_it_runs = nullptr;
  std::function<void(kernel::Storage&, std::uint64_t seed)> while_it_is_down = nullptr;
};

// Fits into a pipe.
struct Seen {
  int acknowledged = 0;
  char error[100] = {};
  bool looked = false;
  bool intact = false;
  bool whole = false;
  int commits = 0;
  bool lost() const { return !intact || !whole || commits < acknowledged; }
};

Seen run(std::uint64_t seed, const Faults& faults) {
  Seen seen;
  int lives = 0;
  kernel::Host* machine = nullptr;
  const auto act = [&](const auto& what, auto... arguments) {
    const kernel::CurrentHost none(nullptr);
    if (what != nullptr) what(machine->storage(), arguments...);
  };
  const auto write = [&] {
    machine = kernel::current_host;
    const std::string error = test::write_database({"WAL", "FULL"}, [&](int commit) {
      seen.acknowledged = commit;
      if (commit == faults.after_commit) act(faults.while_it_runs);
    });
    std::strncpy(seen.error, error.c_str(), sizeof seen.error - 1);
  };
  const auto look = [&] {
    const test::Found found = test::look_at_database();
    seen.looked = true;
    seen.intact = found.intact && found.commits <= seen.acknowledged + 1;
    seen.whole = found.whole;
    seen.commits = found.commits;
  };
  test::simulate(seed, 10s, [&](Simulation& simulation) {
    const HostId host = simulation.add_host({.name = "database", .main = [&](int, char**) {
                                               ++lives == 1 ? write() : look();
                                               return 0;
                                             }});
    simulation.at(VirtualTime(2s), [&, host] { simulation.crash(host); });
    simulation.at(VirtualTime(3s), [&, host] {
      machine->storage().remove_trouble(kFault);
      act(faults.while_it_is_down, seed);
      simulation.boot(host);
    });
  });
  return seen;
}

// In a process of its own: a crash leaves threads behind that stand still, and SQLite keeps state for the whole
// process.
Seen run_apart(std::uint64_t seed, const Faults& faults) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  const pid_t child = fork();
  if (child == 0) {
    sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);  // both lives of the host are in one process, and so are its locks
    const Seen seen = run(seed, faults);
    _exit(write(ends[1], &seen, sizeof seen) == sizeof seen ? 0 : 1);
  }
  close(ends[1]);
  Seen seen;
  CHECK(read(ends[0], &seen, sizeof seen) == sizeof seen);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(status == 0);
  CHECK(seen.looked);
  return seen;
}

Faults trouble(disk::Trouble trouble) {
  trouble.fault = kFault;
  trouble.name = "trouble";
  return {.after_commit = 5, .while_it_runs = [trouble](kernel::Storage& storage) { storage.add_trouble(trouble); }};
}

constexpr std::uint64_t kSeeds = 20;

void reports_and_loses_nothing(const Faults& faults, const std::string& error) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Seen seen = run_apart(seed, faults);
    INFO("seed " << seed);
    CHECK(seen.error == error);
    CHECK(seen.acknowledged >= 5);
    CHECK(seen.acknowledged < test::kCommits);
    CHECK_FALSE(seen.lost());
  }
}

}  // namespace

TEST_CASE("where nothing is wrong SQLite says nothing, and keeps all") {
  const Seen seen = run_apart(1, {});
  CHECK(seen.error == std::string());
  CHECK(seen.acknowledged == test::kCommits);
  CHECK_FALSE(seen.lost());
}

TEST_CASE("SQLite reports writes that fail, and loses nothing that it acknowledged") {
  reports_and_loses_nothing(trouble({.write_error = EIO}), "disk I/O error");
  reports_and_loses_nothing(trouble({.write_error = EIO, .times = 1, .path = "/srv/*-wal"}), "disk I/O error");
}

TEST_CASE("SQLite reports syncs that fail, and loses nothing that it acknowledged") {
  reports_and_loses_nothing(trouble({.sync_error = EIO}), "disk I/O error");
  reports_and_loses_nothing(trouble({.sync_error = EIO, .times = 1}), "disk I/O error");
}

TEST_CASE("SQLite reports a disk that is full, and loses nothing that it acknowledged") {
  reports_and_loses_nothing(trouble({.free_bytes = 20'000}), "database or disk is full");
}

TEST_CASE("on a device that lies SQLite loses what it acknowledged, in some runs") {
  std::uint64_t lost = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Seen seen = run_apart(seed, trouble({.fsync_lies = true}));
    CHECK(seen.acknowledged == test::kCommits);
    lost += seen.lost();
  }
  CHECK(lost > 0);
  CHECK(lost < kSeeds);  // a crash may keep all
}

TEST_CASE("SQLite finds sectors that have rotted, in some runs") {
  std::uint64_t found = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Seen seen = run_apart(seed, {.while_it_is_down = [](kernel::Storage& storage, std::uint64_t key) {
                                  RandomStream random(key, "fault rot", "database");
                                  storage.rot(kFault, random, 10, "/srv/work.db*");
                                }});
    found += !seen.intact;
  }
  CHECK(found > 0);
  CHECK(found < kSeeds);  // most of the database is zeros that nothing checks
}

TEST_CASE("SQLite begins anew on a new disk") {
  const Seen seen =
      run_apart(1, {.while_it_is_down = [](kernel::Storage& storage, std::uint64_t) { storage.wipe(kFault); }});
  CHECK(seen.intact);
  CHECK(seen.commits == 0);
}
