// Syncs that fail, as with Linux since 4.13: the error is told once, and what should have been written never is.
#include <sys/mman.h>

#include "tests/kernel/disk_host.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using Texts = std::vector<std::string>;

namespace {

std::string by(std::string_view error, EventId fault) { return std::string(error) + " by " + std::to_string(fault); }

}  // namespace

TEST_CASE("a sync fails, the next one succeeds, and a crash may take what both were for", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const EventId fault = host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.sync(fd) == fails(EIO));
  CHECK(host.errors() == Texts{by("fsync: EIO", fault)});
  CHECK(host.read(fd) == "more");
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.trace.events(EventKind::sync).back().header.a == 0);  // nothing was written
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == "some");
}

TEST_CASE("or not", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.sync(fd) == fails(EIO));
  host.storage().next_crash(disk::CrashKeeps::everything);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == "more");
}

TEST_CASE("what is written again after a sync that failed is durable by the next one", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", std::string(2 * disk::kPage, 'a'));
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, std::string(2 * disk::kPage, 'b')) == gives(2 * disk::kPage));
  CHECK(host.sync(fd) == fails(EIO));
  CHECK(host.write(fd, "c", disk::kPage + 1000) == gives(1));  // the machine writes pages
  CHECK(host.sync(fd) == gives(0));
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  std::string left = std::string(disk::kPage, 'a') + std::string(disk::kPage, 'b');
  left[disk::kPage + 1000] = 'c';
  CHECK(host.content("/srv/f") == left);
}

TEST_CASE("a new file whose sync failed is there after the next one, and may hold zeros", "[troubles]") {
  DiskHost host;
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  const int fd = host.open("/srv/f");
  CHECK(host.write(fd, std::string(1000, 'a')) == gives(1000));
  CHECK(host.sync(fd) == fails(EIO));
  SECTION("before it, it may not be there") {
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == "none");
  }
  SECTION("after it") {
    CHECK(host.sync(fd) == gives(0));
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == std::string(1000, '\0'));
  }
}

TEST_CASE("everybody who had the file open is told once", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const int other = host.open("/srv/f");
  const int copy = static_cast<int>(host([&] { return dup(fd); }).value);
  const EventId fault = host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.sync(fd) == fails(EIO));
  const int later = host.open("/srv/f");
  CHECK(host([&] { return fdatasync(later); }) == gives(0));
  CHECK(host.sync(copy) == gives(0));
  CHECK(host([&] { return fdatasync(other); }) == fails(EIO));
  CHECK(host([&] { return fdatasync(other); }) == gives(0));
  CHECK(host.errors() == Texts{by("fsync: EIO", fault), by("fdatasync: EIO", fault)});
}

TEST_CASE("all calls that make a file durable fail", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const int direct = host.open("/srv/f", O_WRONLY | O_DSYNC);
  void* place = nullptr;
  host([&] { return place = mmap(nullptr, 4, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 0; });
  const EventId fault = host.add({.name = "bad", .sync_error = EIO});
  CHECK(host.sync(fd) == fails(EIO));
  CHECK(host([&] { return fdatasync(fd); }) == fails(EIO));
  CHECK(host([&] { return sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WAIT_AFTER); }) == fails(EIO));
  CHECK(host([&] { return write(direct, "more", 4); }) == fails(EIO));
  CHECK(host([&] { return msync(place, 4, MS_SYNC); }) == fails(EIO));
  CHECK(host.errors() == Texts{by("fsync: EIO", fault), by("fdatasync: EIO", fault), by("sync_file_range: EIO", fault),
                               by("write: EIO", fault), by("msync: EIO", fault)});
  CHECK(host.read(fd) == "more");  // it is in memory
}

TEST_CASE("a directory's sync fails, too", "[troubles]") {
  DiskHost host;
  host.durable("/srv/f", "some");
  const int directory = host.open("/srv", O_RDONLY);
  host.add({.name = "bad", .sync_error = EIO, .times = 1, .path = "/srv"});
  CHECK(host([] { return rename("/srv/f", "/srv/g"); }) == gives(0));
  CHECK(host.sync(directory) == fails(EIO));
  SECTION("which has made nothing durable") {
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == "some");
  }
  SECTION("and the next one makes all durable: the journal is tried again") {
    CHECK(host.sync(directory) == gives(0));
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.content("/srv/g") == "some");
  }
}

TEST_CASE("time does not make durable what a sync gave up", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", std::string(2 * disk::kPage, 'a'));
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, "b") == gives(1));
  CHECK(host.sync(fd) == fails(EIO));
  host.wait(60s);
  std::string left(2 * disk::kPage, 'a');
  SECTION("whether it is all that waits") {}
  SECTION("or older and newer writes do") {
    CHECK(host.write(fd, "c", disk::kPage) == gives(1));
    host.wait(60s);
    CHECK(host.write(fd, "d", disk::kPage + 512) == gives(1));
    left[disk::kPage] = 'c';
  }
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == left);
}

TEST_CASE("what a file was cut to before a sync failed is durable by the next one", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", std::string(200, 'a'));
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host([&] { return ftruncate(fd, 100); }) == gives(0));
  CHECK(host([&] { return ftruncate(fd, 200); }) == gives(0));
  CHECK(host.write(fd, std::string(50, 'b')) == gives(50));
  CHECK(host.sync(fd) == fails(EIO));
  CHECK(host.sync(fd) == gives(0));
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == std::string(100, 'a') + std::string(100, '\0'));
}
