// Disks that come to harm: bits that rot, writes that land elsewhere, a new disk, and crashes of each kind.
#include <algorithm>
#include <bit>

#include "tests/kernel/disk_host.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

std::size_t different_bits(const std::string& one, const std::string& other) {
  REQUIRE(one.size() == other.size());
  std::size_t bits = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    bits += static_cast<std::size_t>(std::popcount(static_cast<unsigned char>(one[i] ^ other[i])));
  return bits;
}

std::string corrupted(DiskHost& host, const Entry& corrupt, std::string content) {
  CHECK(corrupt.header.b == corrupt.payload.size());
  content.replace(corrupt.header.a, corrupt.header.b, corrupt.payload);
  CHECK(host.files().find(corrupt.header.subject) != nullptr);
  return content;
}

std::string counting(std::size_t sectors, char first) {
  std::string content;
  for (std::size_t i = 0; i < sectors; ++i) content += std::string(512, static_cast<char>(first + i));
  return content;
}

}  // namespace

TEST_CASE("bits rot in so many sectors, and whoever reads them reads that", "[troubles]") {
  DiskHost host;
  const std::string good(10'000, 'a');
  const int fd = host.durable("/srv/f", good);
  const EventId fault = host.begin_fault("rot");
  RandomStream random(1, "fault rot", "a");
  CHECK(host.storage().rot(fault, random, 3, "/srv/f") == 3);
  const std::vector<Entry> corrupt = host.trace.events(EventKind::corrupt);
  REQUIRE(corrupt.size() == 3);
  std::string rotten = good;
  for (const Entry& each : corrupt) {
    CHECK(each.header.cause == fault);
    CHECK(each.header.cause_kind == CauseKind::fault);
    CHECK(each.header.a % 512 == 0);
    CHECK(each.header.b == std::min<std::size_t>(512, good.size() - each.header.a));
    const std::size_t bits = different_bits(each.payload, good.substr(each.header.a, each.header.b));
    CHECK(bits >= 1);
    CHECK(bits <= 3);
    rotten = corrupted(host, each, rotten);
  }
  CHECK(host.read(fd) == rotten);
  CHECK(host.took > 0us);  // it was taken out of memory
  host.crash_and_boot();
  CHECK(host.content("/srv/f") == rotten);
}

TEST_CASE("only what is cold rots", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", std::string(2 * disk::kPage, 'a'));
  host.durable("/srv/other", std::string(100, 'o'));
  CHECK(host.write(fd, "b", disk::kPage) == gives(1));
  RandomStream random(1, "fault rot", "a");
  CHECK(host.storage().rot(host.begin_fault("rot"), random, 1000, "/srv/f") == 8);
  CHECK(host.read(fd, disk::kPage, disk::kPage) == "b" + std::string(disk::kPage - 1, 'a'));
  CHECK(host.storage().rot(host.begin_fault("rot"), random, 1000, "/nowhere/*") == 0);
  CHECK(host.sync(fd) == gives(0));
  CHECK(host.storage().rot(host.begin_fault("rot"), random, 1000, "") == 17);
  host.add({.name = "bad", .sync_error = EIO, .times = 1});
  CHECK(host.write(fd, "c") == gives(1));
  CHECK(host.sync(fd) == fails(EIO));
  CHECK(host.storage().rot(host.begin_fault("rot"), random, 1000, "/srv/f") == 8);
}

TEST_CASE("a host that is down has a disk that rots", "[troubles]") {
  DiskHost host;
  host.durable("/srv/f", std::string(512, 'a'));
  host.crash();
  RandomStream random(1, "fault rot", "a");
  CHECK(host.storage().rot(host.begin_fault("rot"), random, 1, "") == 1);
  host.boot();
  CHECK(host.content("/srv/f") != std::string(512, 'a'));
}

TEST_CASE("a write lands elsewhere, whole sectors of it", "[troubles]") {
  bool in_same = false;
  bool in_other = false;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    DiskHost host(seed);
    const std::string file = counting(16, 'a');
    const std::string other = counting(8, 'A');
    const int fd = host.durable("/srv/f", file);
    const int other_fd = host.durable("/srv/g", other);
    const EventId fault = host.add({.name = "stray", .path = "/srv/*", .misdirects = Ratio::percent(100)});
    CHECK(host.write(fd, std::string(600, '!'), 700) == gives(600));  // of the sectors 1 and 2
    CHECK(host.trace.events(EventKind::corrupt).empty());
    CHECK(host.sync(fd) == gives(0));
    const std::vector<Entry> corrupt = host.trace.events(EventKind::corrupt);
    REQUIRE(corrupt.size() == 2);
    CHECK(corrupt[0].header.cause == fault);
    CHECK(corrupt[1].header.cause == fault);
    CHECK(corrupt[0].header.a == 512);
    CHECK(corrupt[0].payload == file.substr(512, 1024));
    CHECK(corrupt[1].header.a % 512 == 0);
    std::string memory = file;
    memory.replace(700, 600, 600, '!');
    CHECK(corrupt[1].payload == memory.substr(512, corrupt[1].payload.size()));
    const bool same = corrupt[1].header.subject == corrupt[0].header.subject;
    (same ? in_same : in_other) = true;
    CHECK(host.read(fd) == (same ? corrupted(host, corrupt[1], file) : file));
    CHECK(host.read(other_fd) == (same ? other : corrupted(host, corrupt[1], other)));
    host.crash_and_boot();
    CHECK(host.content("/srv/f") == (same ? corrupted(host, corrupt[1], file) : file));
  }
  CHECK(in_same);
  CHECK(in_other);
}

TEST_CASE("so many writes land elsewhere, and only where there is another place", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", counting(16, 'a'));
  host.add({.name = "stray", .path = "/srv/f", .misdirects = Ratio::percent(30)});
  for (int i = 0; i < 100; ++i) {
    CHECK(host.write(fd, "!", 512 * (i % 8)) == gives(1));
    CHECK(host.sync(fd) == gives(0));
  }
  const std::size_t strays = host.trace.events(EventKind::corrupt).size() / 2;
  CHECK(strays > 15);
  CHECK(strays < 45);

  // The machine writes a sector once.
  DiskHost twice;
  const int both = twice.durable("/srv/f", counting(16, 'a'));
  twice.add({.name = "stray", .path = "/srv/f", .misdirects = Ratio::percent(100)});
  CHECK(twice.write(both, std::string(512, '!'), 512) == gives(512));
  CHECK(twice.write(both, "?", 600) == gives(1));
  CHECK(twice.sync(both) == gives(0));
  CHECK(twice.trace.events(EventKind::corrupt).size() == 2);

  DiskHost lonely;
  const int alone = lonely.durable("/srv/f", "a");
  lonely.add({.name = "stray", .path = "/srv/f", .misdirects = Ratio::percent(100)});
  CHECK(lonely.write(alone, "b") == gives(1));
  CHECK(lonely.sync(alone) == gives(0));
  CHECK(lonely.read(alone) == "b");
  CHECK(lonely.trace.events(EventKind::corrupt).empty());
}

TEST_CASE("a new disk has what was there before the first boot", "[troubles]") {
  DiskHost host;
  host.storage().add_files({{"/etc/app.toml", "port = 7"}});
  const EventId trouble = host.add({.name = "bad", .write_error = EIO, .times = 1, .path = "/srv/*.db"});
  host.durable("/srv/f", "some");
  const int config = host.open("/etc/app.toml", O_WRONLY);
  CHECK(host.write(config, "host") == gives(4));
  CHECK(host.sync(config) == gives(0));
  host.crash();
  const EventId fault = host.begin_fault("new disk");
  host.storage().wipe(fault);
  const std::vector<Entry> corrupt = host.trace.events(EventKind::corrupt);
  REQUIRE(corrupt.size() == 1);
  CHECK(corrupt[0].header.subject == 0);
  CHECK(corrupt[0].header.b == 2 * disk::kPage);
  CHECK(corrupt[0].header.cause == fault);
  host.boot();
  CHECK(host.content("/srv/f") == "none");
  CHECK(host.content("/etc/app.toml") == "port = 7");
  CHECK(host.write(host.open("a.db"), "some") == fails(EIO));  // the machine still has what it had; we are in /srv
  CHECK(host.errors() == std::vector<std::string>{"write: EIO by " + std::to_string(trouble)});
  host.crash();
  host.storage().wipe(host.begin_fault("again"));
  host.boot();
  CHECK(host.content("/etc/app.toml") == "port = 7");
  CHECK(host.content("/srv/a.db") == "none");
}

TEST_CASE("the next crash keeps nothing, everything, or tears, and the one after it is the seed's", "[troubles]") {
  const std::string before = counting(8, 'a');
  const std::string after = counting(8, 'A');
  const auto left = [&](disk::CrashKeeps keeps, std::uint64_t seed) {
    DiskHost host(seed);
    const int fd = host.durable("/srv/f", before);
    CHECK(host.write(fd, after) == gives(8 * 512));
    host.storage().next_crash(keeps);
    host.crash_and_boot();
    return host.content("/srv/f");
  };
  bool tears_differ = false;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CHECK(left(disk::CrashKeeps::nothing, seed) == before);
    CHECK(left(disk::CrashKeeps::everything, seed) == after);
    const std::string torn = left(disk::CrashKeeps::torn, seed);
    CHECK(torn != before);
    CHECK(torn != after);
    const std::size_t kept = static_cast<std::size_t>(std::ranges::mismatch(torn, after).in1 - torn.begin());
    CHECK(kept % 512 == 0);
    CHECK(torn.substr(kept) == before.substr(kept));
    tears_differ = tears_differ || torn != left(disk::CrashKeeps::torn, 1);
  }
  CHECK(tears_differ);

  std::set<std::string> some;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DiskHost host(seed);
    const int fd = host.durable("/srv/f", before);
    host.storage().next_crash(disk::CrashKeeps::nothing);
    host.crash_and_boot();
    CHECK(host.write(host.open("/srv/f"), after) == gives(8 * 512));
    CHECK(fd >= 0);
    host.crash_and_boot();
    some.insert(host.content("/srv/f"));
  }
  CHECK(some.size() > 3);
}

TEST_CASE("what was appended is torn at a block, and of several writes the newest", "[troubles]") {
  DiskHost host;
  const int fd = host.durable("/srv/f", "");
  const int other = host.durable("/srv/g", counting(4, 'a'));
  CHECK(host.write(fd, std::string(20'000, 'x')) == gives(20'000));
  CHECK(host.write(other, std::string(1024, 'x')) == gives(1024));
  CHECK(host.write(other, std::string(1024, 'y'), 512) == gives(1024));
  CHECK(host.write(other, "z", 2047) == gives(1));  // one sector is whole or not at all
  host.storage().next_crash(disk::CrashKeeps::torn);
  host.crash_and_boot();
  const std::string appended = host.content("/srv/f");
  CHECK(appended.size() % disk::kPage == 0);
  CHECK(!appended.empty());
  CHECK(appended == std::string(appended.size(), 'x'));
  CHECK(host.content("/srv/g") ==
        std::string(512, 'x') + std::string(512, 'y') + std::string(512, 'c') + std::string(511, 'd') + "z");
}
