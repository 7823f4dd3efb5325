// What is told of a path: what is durable, what is pending, by which events, and what a crash took.
#include "sim-core/explain/disk_state.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>

#include <stillpoint/error.hpp>

#include "tests/explain/recorded_disk.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using explain::disk_state;
using explain::DiskState;

namespace {

std::uint64_t size_of(const std::optional<explain::FileSeen>& file) { return file.value().size; }

std::vector<std::string> words_of(const std::vector<explain::DiskChange>& changes) {
  std::vector<std::string> words;
  for (const explain::DiskChange& change : changes) words.push_back(change.words);
  return words;
}

std::string error_of(RecordedDisk& disk, const char* host, const char* path, EventId event = kNoEvent) {
  try {
    disk_state(disk.record(), host, path, event);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("what was written is pending until it is synced, name and all") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 700);
  const EventId written = disk.now();
  disk.host([&] { return fsync(fd); });
  const EventId synced = disk.now();
  disk.host([&] { return pwrite(fd, "y", 1, 1024); });
  const TraceFile trace = disk.record();

  const DiskState before = disk_state(trace, "plaza-1", "/srv/data", written);
  CHECK(size_of(before.now) == 700);
  CHECK_FALSE(before.durable);
  CHECK(words_of(before.pending_names) == std::vector<std::string>{"makes /srv/data"});
  REQUIRE(before.pending_data.size() == 1);
  CHECK(before.pending_data[0].change.event == written);
  CHECK(before.pending_data[0].change.size == 700);
  CHECK(before.pending_data[0].sectors == 2);
  CHECK_FALSE(before.last_sync);

  const DiskState after = disk_state(trace, "plaza-1", "/srv/data", synced);
  CHECK(after.now == after.durable);
  CHECK(after.pending_names.empty());
  CHECK(after.pending_data.empty());
  CHECK(after.named_by.value().durable_by == synced);
  CHECK(after.last_sync.value().event == synced);
  CHECK_FALSE(after.last_sync.value().data_only);

  const DiskState end = disk_state(trace, "plaza-1", "/srv/../srv/./data");
  CHECK(end.path == "/srv/data");
  CHECK(end.event == disk.now());
  CHECK(size_of(end.now) == 1025);
  CHECK(size_of(end.durable) == 700);
  REQUIRE(end.pending_data.size() == 1);
  CHECK(end.pending_data[0].first_sector == 2);
}

TEST_CASE("a rename that is not durable leaves the old file under the name") {
  RecordedDisk disk;
  disk.host([&, fd = disk.write("/srv/config", 10)] { return fsync(fd); });
  disk.host([&, fd = disk.write("/srv/config.new", 20)] { return fsync(fd); });
  disk.host([] { return rename("/srv/config.new", "/srv/config"); });
  const EventId renamed = disk.now();
  disk.host([] { return fsync(::open("/srv", O_RDONLY)); });
  const TraceFile trace = disk.record();

  const DiskState pending = disk_state(trace, "plaza-1", "/srv/config", renamed);
  CHECK(size_of(pending.now) == 20);
  CHECK(size_of(pending.durable) == 10);
  CHECK(words_of(pending.pending_names) == std::vector<std::string>{"renames /srv/config.new to /srv/config"});
  CHECK(pending.named_by.value().event == renamed);

  const DiskState old_name = disk_state(trace, "plaza-1", "/srv/config.new", renamed);
  CHECK_FALSE(old_name.now);
  CHECK(size_of(old_name.durable) == 20);

  const DiskState directory = disk_state(trace, "plaza-1", "/srv", renamed);
  REQUIRE(directory.entries.size() == 2);
  CHECK(directory.entries[0].name == "config");
  CHECK(directory.entries[0].now != directory.entries[0].durable);
  CHECK(directory.entries[1].pending.at(0).event == renamed);

  const DiskState durable = disk_state(trace, "plaza-1", "/srv/config");
  CHECK(durable.now == durable.durable);
  CHECK(durable.named_by.value().durable_by == disk.now());
  CHECK_FALSE(disk_state(trace, "plaza-1", "/srv/config.new").durable);
}

TEST_CASE("fdatasync of what was written in place makes no name durable, with ext4") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 4096);
  disk.host([&] { return fsync(fd); });
  disk.write("/srv/other", 1);
  disk.host([&] { return pwrite(fd, "y", 1, 0); });
  SECTION("so it waits") {
    disk.host([&] { return fdatasync(fd); });
    CHECK_FALSE(disk_state(disk.record(), "plaza-1", "/srv/other").durable);
  }
  SECTION("and fsync does") {
    disk.host([&] { return fsync(fd); });
    CHECK(disk_state(disk.record(), "plaza-1", "/srv/other").durable);
  }
}

TEST_CASE("a device that lies is told of, and time makes durable what it did not") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 600);
  disk.files().let_fsync_lie(true);
  disk.host([&] { return fsync(fd); });
  const TraceFile trace = disk.record();
  const DiskState state = disk_state(trace, "plaza-1", "/srv/data");
  CHECK(state.last_sync.value().lied);
  CHECK_FALSE(state.durable);
  CHECK(trace.event(disk.now()).value().detail.ends_with(": the device lied"));

  disk.wait(std::chrono::seconds(40));
  disk.open("/srv/late", O_RDWR | O_CREAT);
  const DiskState later = disk_state(disk.record(), "plaza-1", "/srv/data");
  CHECK(later.now == later.durable);
  CHECK(later.named_by.value().durable_by == kNoEvent);
}

TEST_CASE("what a crash took is told, with its events") {
  // The seeds whose crash takes something of it, and those whose crash takes nothing.
  int took = 0;
  int kept = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    RecordedDisk disk(seed);
    const int fd = disk.write("/srv/data", 4096);
    disk.host([&] { return fsync(fd); });
    disk.host([&] { return pwrite(fd, std::string(2048, 'y').data(), 2048, 0); });
    const EventId written = disk.now();
    disk.crash();
    const EventId crashed = written + 1;
    const DiskState state = disk_state(disk.record(), "plaza-1", "/srv/data", crashed);
    CHECK(state.is_down);
    REQUIRE(state.crash);
    CHECK(state.crash->event == crashed);
    CHECK(state.crash->as_recorded);
    CHECK(state.now == state.durable);
    if (state.lost.empty()) {
      ++kept;
      continue;
    }
    ++took;
    CHECK(state.lost[0].change.event == written);
    CHECK(state.crash->losses[0].sectors == 4);
    CHECK(state.crash->losses[0].event == crashed + 1);
  }
  CHECK(took > 0);
  CHECK(kept > 0);
}

TEST_CASE("a name that a crash took is known of") {
  for (std::uint64_t seed = 1;; ++seed) {
    RecordedDisk disk(seed);
    disk.write("/srv/data", 10);
    const EventId before = disk.now();
    disk.crash();
    const DiskState state = disk_state(disk.record(), "plaza-1", "/srv/data");
    if (state.now) continue;  // the seed was kind
    CHECK_FALSE(state.durable);
    REQUIRE(state.lost.size() == 1);
    CHECK(state.lost[0].change.words == "makes /srv/data");
    CHECK(state.named_by.value().event < before);
    CHECK(state.named_by.value().lost_by != kNoEvent);
    break;
  }
}

TEST_CASE("symbolic links are shown themselves, and followed on the way") {
  RecordedDisk disk;
  disk.host([] { return mkdir("/srv/real", 0755); });
  disk.write("/srv/real/data", 3);
  disk.host([] { return symlink("/srv/real", "/srv/link"); });
  const TraceFile trace = disk.record();
  const DiskState link = disk_state(trace, "plaza-1", "/srv/link");
  CHECK(S_ISLNK(link.now.value().mode));
  CHECK(link.now.value().target == "/srv/real");
  CHECK(size_of(disk_state(trace, "plaza-1", "/srv/link/data").now) == 3);
}

TEST_CASE("a path that was removed and made again is the one of the event") {
  RecordedDisk disk;
  disk.write("/srv/data", 1);
  const EventId first = disk.now();
  disk.host([] { return unlink("/srv/data"); });
  const EventId removed = disk.now();
  disk.write("/srv/data", 2);
  const TraceFile trace = disk.record();
  CHECK(size_of(disk_state(trace, "plaza-1", "/srv/data", first).now) == 1);
  CHECK_FALSE(disk_state(trace, "plaza-1", "/srv/data", removed).now);
  CHECK(size_of(disk_state(trace, "plaza-1", "/srv/data").now) == 2);
}

TEST_CASE("what cannot be told is an error of one line") {
  RecordedDisk disk;
  CHECK_THAT(error_of(disk, "plaza-1", "/srv/data"), Catch::Contains("had used no file"));
  disk.write("/srv/data", 1);
  CHECK_THAT(error_of(disk, "plaza1", "/srv/data"),
             Catch::Contains("no host 'plaza1'") && Catch::Contains("'plaza-1'?"));
  CHECK_THAT(error_of(disk, "plaza-1", "/srv/dta"),
             Catch::Contains("nothing was ever at /srv/dta") && Catch::Contains("Did you mean '/srv/data'?"));
  CHECK_THAT(error_of(disk, "plaza-1", "srv/data"), Catch::Contains("begins with /"));
  CHECK_THAT(error_of(disk, "plaza-1", "/srv/data", 999'999), Catch::Contains("no event 999,999"));
  CHECK(error_of(disk, "plaza-1", "/dev/null").empty());
  CHECK(error_of(disk, "plaza-1", "/").empty());
}

TEST_CASE("a sync that failed is told, and what it has left for ever") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 10'000);
  REQUIRE(disk.host([&] { return fsync(fd); }) == gives(0));
  const EventId fault = disk.trace.writer.event(EventKind::fault, disk.kernel.queue.now(), {}, 0);
  disk.host.host.storage().add_trouble({.fault = fault, .name = "bad", .sync_error = EIO, .times = 1});
  REQUIRE(disk.host([&] { return pwrite(fd, "y", 1, 5'000); }) == gives(1));
  const EventId written = disk.now();
  REQUIRE(disk.host([&] { return fsync(fd); }) == fails(EIO));
  const EventId failed = disk.now();
  REQUIRE(disk.host([&] { return pwrite(fd, "y", 1, 100); }) == gives(1));
  REQUIRE(disk.host([&] { return fsync(fd); }) == gives(0));
  const EventId synced = disk.now();
  const TraceFile trace = disk.record();

  for (const EventId event : {failed, synced}) {
    const DiskState state = disk_state(trace, "plaza-1", "/srv/data", event);
    REQUIRE(state.last_sync);
    CHECK(state.last_sync->event == event);
    CHECK(state.last_sync->failed == (event == failed));
    REQUIRE(state.pending_data.size() == 1);
    CHECK(state.pending_data[0].change.event == written);
    CHECK(state.pending_data[0].given_up);
  }
}

TEST_CASE("what a device has damaged is told, until it is written over") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 512);
  REQUIRE(disk.host([&] { return fsync(fd); }) == gives(0));
  const EventId fault = disk.trace.writer.event(EventKind::fault, disk.kernel.queue.now(), {}, 0);
  RandomStream random(1, "fault rot", "plaza-1");
  REQUIRE(disk.host.host.storage().rot(fault, random, 1, "/srv/data") == 1);
  const EventId rotten = disk.now();
  const std::string good(512, 'x');
  REQUIRE(disk.host([&] { return pwrite(fd, good.data(), 512, 0); }) == gives(512));
  const EventId again = disk.now();
  const TraceFile trace = disk.record();

  const DiskState before = disk_state(trace, "plaza-1", "/srv/data", rotten);
  REQUIRE(before.damage.size() == 1);
  CHECK(before.damage[0].event == rotten);
  CHECK(before.damage[0].size == 512);
  CHECK(before.damage[0].fault == fault);
  CHECK(before.damage[0].overwritten_by == kNoEvent);
  CHECK(before.pending_data.empty());
  CHECK(disk_state(trace, "plaza-1", "/srv/data", again).damage[0].overwritten_by == again);
}

TEST_CASE("a new disk has nothing of the old one") {
  RecordedDisk disk;
  const int fd = disk.write("/srv/data", 700);
  REQUIRE(disk.host([&] { return fsync(fd); }) == gives(0));
  disk.crash();
  disk.host.host.storage().wipe(disk.trace.writer.event(EventKind::fault, disk.kernel.queue.now(), {}, 0));
  const EventId wiped = disk.now();
  disk.boot();
  disk.write("/srv/other", 100);
  const TraceFile trace = disk.record();
  const DiskState data = disk_state(trace, "plaza-1", "/srv/data");
  CHECK_FALSE(data.now);
  CHECK_FALSE(data.durable);
  CHECK(data.wiped_by == wiped);
  CHECK_FALSE(data.named_by);
  CHECK_FALSE(data.last_sync);
  const DiskState other = disk_state(trace, "plaza-1", "/srv/other");
  CHECK(size_of(other.now) == 100);
  CHECK(words_of(other.pending_names) == std::vector<std::string>{"makes /srv/other"});
  CHECK(disk_state(trace, "plaza-1", "/srv/data", wiped - 2).wiped_by == kNoEvent);
}

TEST_CASE("a crash that keeps nothing is drawn again as that") {
  for (const disk::CrashKeeps keeps :
       {disk::CrashKeeps::nothing, disk::CrashKeeps::everything, disk::CrashKeeps::torn}) {
    RecordedDisk disk;
    const int fd = disk.write("/srv/data", 4096);
    REQUIRE(disk.host([&] { return fsync(fd); }) == gives(0));
    disk.write("/srv/data", 4096);
    disk.host.host.storage().next_crash(keeps);
    disk.crash();
    disk.boot();
    const DiskState state = disk_state(disk.record(), "plaza-1", "/srv/data");
    REQUIRE(state.crash);
    CHECK(state.crash->as_recorded);
    CHECK(state.lost.size() == (keeps == disk::CrashKeeps::everything ? 0 : 1));
  }
}
