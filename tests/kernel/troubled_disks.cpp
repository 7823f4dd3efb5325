// What troubles do to a host's disk while they last: that they do it, what the program sees of it, and that the trace
// has an edge from it to the fault.
#include <sys/mman.h>
#include <sys/uio.h>

#include "tests/kernel/disk_host.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using Numbers = std::vector<EventId>;
using Texts = std::vector<std::string>;

namespace {

// A device whose own times are known.
constexpr disk::DiskOptions kSteady{.read_min = 100us,
                                    .read_max = 100us,
                                    .write_min = 10us,
                                    .write_max = 10us,
                                    .flush_min = 400us,
                                    .flush_max = 400us,
                                    .bandwidth = 0};

std::string by(std::string_view error, EventId fault) { return std::string(error) + " by " + std::to_string(fault); }

}  // namespace

TEST_CASE("a slow device delays what waits for it, and nothing else", "[troubles]") {
  DiskHost host(1, kSteady);
  const int fd = host.durable("/srv/f", "some");
  const EventId fault = host.add({.name = "slow", .slower_min = 2ms, .slower_max = 5ms});
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.took == 0us);
  CHECK(host.edges_of(host.slice).empty());

  CHECK(host.sync(fd) == gives(0));  // a write and a flush
  CHECK(host.took >= 410us + 4ms);
  CHECK(host.took <= 410us + 10ms);
  CHECK(host.edges_of(host.numbers(EventKind::sync).back()) == Numbers{fault});
  CHECK(host.edges_of(host.slice) == Numbers{fault});

  host.crash_and_boot();  // it outlasts that
  const int again = host.open("/srv/f");
  CHECK(host.read(again) == "more");
  CHECK(host.took >= 100us + 2ms);
  CHECK(host.edges_of(host.slice) == Numbers{fault});
  CHECK(host.read(again) == "more");
  CHECK(host.took == 0us);

  host.storage().remove_trouble(fault);
  CHECK(host.sync(again) == gives(0));
  CHECK(host.took == 400us);
  CHECK(host.edges_of(host.slice).empty());
}

TEST_CASE("a device that stalls has done what it is asked for once it does no longer", "[troubles]") {
  DiskHost host(1, kSteady);
  const int fd = host.durable("/srv/f", "some");
  const VirtualTime until = host.kernel.queue.now() + 10s;
  const EventId fault = host.add({.name = "stalled", .stalled_until = until});
  CHECK(host.sync(fd) == gives(0));  // a second later
  CHECK(host.took == 9s + 400us);
  CHECK(host.edges_of(host.numbers(EventKind::sync).back()) == Numbers{fault});
  CHECK(host.edges_of(host.slice) == Numbers{fault});
  host.wait(20s);
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.took == 400us);
  CHECK(host.edges_of(host.slice).empty());
}

TEST_CASE("two troubles of a device add up", "[troubles]") {
  DiskHost host(1, kSteady);
  const int fd = host.durable("/srv/f", "some");
  const EventId one = host.add({.name = "one", .slower_min = 1ms, .slower_max = 1ms});
  const EventId other = host.add({.name = "other", .slower_min = 3ms, .slower_max = 3ms});
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.took == 4ms + 400us);
  CHECK(host.edges_of(host.slice) == Numbers{one, other});
  host.storage().remove_trouble(one);
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.took == 3ms + 400us);
  CHECK(host.edges_of(host.slice) == Numbers{other});
}

TEST_CASE("one trouble less shifts no draw of another, nor of the device", "[troubles]") {
  const auto times = [](bool with_other) {
    DiskHost host;
    const int fd = host.open("/srv/f");
    host.add({.name = "slow", .slower_min = 1ms, .slower_max = 9ms});
    if (with_other) host.add({.name = "other", .slower_min = 500ms, .slower_max = 500ms});
    std::vector<Duration> took;
    for (int i = 0; i < 20; ++i) {
      CHECK(host.sync(fd) == gives(0));
      took.push_back(host.took - (with_other ? 500ms : 0ms));
    }
    return took;
  };
  CHECK(times(false) == times(true));
  CHECK(times(false) != std::vector<Duration>(20, times(false).front()));
}

TEST_CASE("a disk that nothing troubles any more is as one that never was troubled", "[troubles]") {
  const auto hash = [](bool troubled) {
    DiskHost host;
    // The same event either way: of a trouble that is gone before anything is asked for.
    const EventId fault = host.begin_fault("slow");
    if (troubled) {
      host.storage().add_trouble({.fault = fault, .name = "slow", .slower_max = 9ms, .read_error = EIO});
      host.storage().remove_trouble(fault);
    }
    const int fd = host.durable("/srv/f", "some");
    CHECK(host.sync(fd) == gives(0));
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == "some");
    return host.trace.hash();
  };
  CHECK(hash(true) == hash(false));
}

TEST_CASE("calls that read fail", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const EventId fault = host.add({.name = "bad", .read_error = EIO});
  char bytes[4];
  iovec part{bytes, sizeof bytes};
  CHECK(host([&] { return read(fd, bytes, 4); }) == fails(EIO));
  CHECK(host([&] { return pread(fd, bytes, 4, 0); }) == fails(EIO));
  CHECK(host([&] { return preadv(fd, &part, 1, 0); }) == fails(EIO));
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.errors() == Texts(3, by("read: EIO", fault)));
  CHECK(host.trace.events(EventKind::error)[0].header.subject ==
        host.files().root().directory.find("srv")->directory.find("f")->number);
  host.storage().remove_trouble(fault);
  CHECK(host.read(fd) == "more");
}

TEST_CASE("calls that write fail, and have changed nothing", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const EventId fault = host.add({.name = "bad", .write_error = EIO});
  const iovec part{const_cast<char*>("more"), 4};
  CHECK(host([&] { return write(fd, "more", 4); }) == fails(EIO));
  CHECK(host([&] { return pwrite(fd, "more", 4, 0); }) == fails(EIO));
  CHECK(host([&] { return writev(fd, &part, 1); }) == fails(EIO));
  CHECK(host([&] { return ftruncate(fd, 1); }) == fails(EIO));
  CHECK(host([&] { return truncate("/srv/f", 1); }) == fails(EIO));
  CHECK(host([&] { return fallocate(fd, 0, 0, 100); }) == fails(EIO));
  CHECK(host([&] { return posix_fallocate(fd, 0, 100); }) == gives(EIO));
  CHECK(host([&] { return open("/srv/f", O_WRONLY | O_TRUNC); }) == fails(EIO));
  CHECK(host.errors() == Texts{by("write: EIO", fault), by("write: EIO", fault), by("write: EIO", fault),
                               by("truncate: EIO", fault), by("truncate: EIO", fault), by("fallocate: EIO", fault),
                               by("fallocate: EIO", fault), by("truncate: EIO", fault)});
  CHECK(host.read(fd) == "some");
  CHECK(host([&] { return lseek(fd, 0, SEEK_CUR); }) == gives(0));
  CHECK(host.sync(fd) == gives(0));
}

TEST_CASE("so many calls fail as a trouble has times", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const EventId fault = host.add({.name = "bad", .read_error = EIO, .write_error = ENOSPC, .times = 3});
  const EventId next = host.add({.name = "next", .write_error = EDQUOT});
  CHECK(host.write(fd, "more") == fails(ENOSPC));
  CHECK(host.read(fd) == "EIO");
  CHECK(host.write(fd, "more") == fails(ENOSPC));
  CHECK(host.read(fd) == "some");
  CHECK(host.write(fd, "more") == fails(EDQUOT));  // the first has had its say
  host.storage().remove_trouble(next);
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.errors() == Texts{by("write: ENOSPC", fault), by("read: EIO", fault), by("write: ENOSPC", fault),
                               by("write: EDQUOT", next)});
}

TEST_CASE("a trouble may be one of certain paths", "[troubles]") {
  DiskHost host;
  const int one = host.durable("/srv/one.db", "some");
  const int other = host.durable("/srv/other", "some");
  host.add({.name = "bad", .write_error = EIO, .path = "/srv/*.db"});
  CHECK(host.write(one, "more") == fails(EIO));
  CHECK(host.write(other, "more") == gives(4));
  // Names come and go.
  CHECK(host([&] { return rename("/srv/other", "/srv/other.db"); }) == gives(0));
  CHECK(host.write(other, "more") == fails(EIO));
  CHECK(host([&] { return link("/srv/one.db", "/srv/one"); }) == gives(0));
  CHECK(host.write(one, "more") == fails(EIO));
  CHECK(host([&] { return unlink("/srv/one.db"); }) == gives(0));
  CHECK(host.write(one, "more") == gives(4));
  const int fresh = host.open("/srv/fresh.db");
  CHECK(host.write(fresh, "more") == fails(EIO));
  CHECK(host([&] { return unlink("/srv/fresh.db"); }) == gives(0));
  CHECK(host.write(fresh, "more") == gives(4));
  host.crash_and_boot();
  CHECK(host.write(host.open("/srv/again.db"), "more") == fails(EIO));
}

TEST_CASE("a disk is full at the page that does not fit any more", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", std::string(100, 'a'));
  const EventId fault = host.add({.name = "full", .free_bytes = 2 * disk::kPage + 77});
  CHECK(host.write(fd, std::string(4000, 'b'), 50) == gives(4000));
  CHECK(host.edges_of(host.numbers(EventKind::write).back()).empty());
  CHECK(host.write(fd, std::string(20'000, 'b'), 1000) == gives(3 * disk::kPage - 1000));
  CHECK(host.edges_of(host.numbers(EventKind::write).back()) == Numbers{fault});
  CHECK(host.write(fd, "c", 3 * disk::kPage) == fails(ENOSPC));
  CHECK(host.write(fd, "c", 3 * disk::kPage - 1) == gives(1));
  CHECK(host([&] { return fallocate(fd, 0, 0, 5 * disk::kPage); }) == fails(ENOSPC));
  CHECK(host.errors() == Texts{by("write: ENOSPC", fault), by("fallocate: ENOSPC", fault)});
  // What is freed can be used.
  CHECK(host([&] { return ftruncate(fd, 100); }) == gives(0));
  CHECK(host.write(fd, std::string(disk::kPage, 'c'), disk::kPage) == gives(disk::kPage));
  host.add({.name = "full, too", .free_bytes = 0});
  CHECK(host.write(fd, "c", 2 * disk::kPage) == fails(ENOSPC));
  host.storage().remove_trouble(fault);
  CHECK(host.write(fd, "c", 2 * disk::kPage) == fails(ENOSPC));
  host.storage().remove_trouble(host.numbers(EventKind::fault).back());
  CHECK(host.write(fd, "c", 2 * disk::kPage) == gives(1));
}

TEST_CASE("a disk that is small is none of a fault's", "[troubles]") {
  DiskHost host(1, {.capacity = disk::kPage});
  const int fd = host.open("/srv/f");
  host.add({.name = "roomy", .free_bytes = 1 << 20});
  CHECK(host.write(fd, std::string(disk::kPage, 'a')) == gives(disk::kPage));
  CHECK(host.write(fd, "a", disk::kPage) == fails(ENOSPC));
  CHECK(host.errors().empty());
}

TEST_CASE("a device that lies forgets, as long as it does", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "some");
  const int honest = host.open("/srv/honest");
  const EventId fault = host.add({.name = "liar", .path = "/srv/f", .fsync_lies = true});
  CHECK(host.write(fd, "more") == gives(4));
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.took >= 200us);
  CHECK(host.trace.events(EventKind::sync).back().header.b == 1);
  CHECK(host.edges_of(host.numbers(EventKind::sync).back()) == Numbers{fault});
  CHECK(host.write(honest, "kept") == gives(4));
  CHECK(host.sync(honest) == gives(0));
  CHECK(host.trace.events(EventKind::sync).back().header.b == 0);
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == "some");
  CHECK(host.content("/srv/honest") == "kept");
  host.storage().remove_trouble(fault);
  host.durable("/srv/f", "more");
  host.storage().next_crash(disk::CrashKeeps::nothing);
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == "more");
}

TEST_CASE("sync(2) is lied about where all files are", "[troubles]") {
  for (const std::string path : {"", "/srv/*"}) {
    DiskHost host;
    const int fd = host.durable("/srv/f", "some");
    const EventId fault = host.add({.name = "liar", .path = path, .fsync_lies = true});
    CHECK(host.write(fd, "more") == gives(4));
    CHECK(host([] { return sync(), 0; }) == gives(0));
    CHECK(host.edges_of(host.numbers(EventKind::sync).back()) == (path.empty() ? Numbers{fault} : Numbers{}));
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == (path.empty() ? "some" : "more"));
  }
}

TEST_CASE("a trouble may come before a host uses its disk", "[troubles]") {
  DiskHost host;
  host.add({.name = "bad", .write_error = EIO});
  CHECK(host.write(host.open("/srv/f"), "some") == fails(EIO));
}
