// Random writes, syncs, and syncs that fail, of one file: what a crash leaves of each sector is held against a list of
// what it may be.
#include <catch2/catch.hpp>

#include <stillpoint/random.hpp>

#include "tests/disk/machine.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

constexpr std::uint32_t kSector = 512;
constexpr std::size_t kPages = 6;
constexpr std::size_t kSectorsOfPage = disk::kPage / kSector;
constexpr std::size_t kSectors = kPages * kSectorsOfPage;

// The reference. A sector is one byte, over and over; the last of what it may be is what programs see.
class Reference {
 public:
  void write(std::size_t begin, std::size_t count, char what) {
    for (std::size_t sector = begin; sector < begin + count; ++sector) {
      may_be_[sector] += what;
      dirty_.insert(sector / kSectorsOfPage);
    }
  }
  void sync() {
    for (const std::size_t page : dirty_) {
      for (std::size_t sector = page * kSectorsOfPage; sector < (page + 1) * kSectorsOfPage; ++sector)
        may_be_[sector].erase(0, may_be_[sector].size() - 1);
    }
    dirty_.clear();
  }
  void fail_sync() { dirty_.clear(); }
  bool is_dirty() const { return !dirty_.empty(); }

  const std::string& may_be(std::size_t sector) const { return may_be_[sector]; }
  std::string oldest() const {
    std::string text;
    for (const std::string& sector : may_be_) text += sector.front();
    return text;
  }
  std::string newest() const {
    std::string text;
    for (const std::string& sector : may_be_) text += sector.back();
    return text;
  }

 private:
  std::vector<std::string> may_be_ = std::vector<std::string>(kSectors, "-");
  std::set<std::size_t> dirty_;  // pages
};

class World {
 public:
  World() : files(machine, {.ordering = disk::Ordering::strict_posix, .sector = kSector}, {0, 0}) {
    const std::string content(kSectors * kSector, '-');
    inode = &files.place(files.root(), "f", S_IFREG | 0644, {0, 0}, content);
  }
  void write(std::size_t begin, std::size_t count, char what) {
    std::string bytes(count * kSector, what);
    const iovec part{bytes.data(), bytes.size()};
    REQUIRE(files.write(*inode, begin * kSector, {&part, 1}).value() == bytes.size());
  }
  // One character for each sector, which is whole.
  std::string seen() {
    std::string bytes(kSectors * kSector, '\0');
    const iovec part{bytes.data(), bytes.size()};
    REQUIRE(files.read(*inode, 0, {&part, 1}) == bytes.size());
    std::string text;
    for (std::size_t sector = 0; sector < kSectors; ++sector) {
      text += bytes[sector * kSector];
      REQUIRE(bytes.substr(sector * kSector, kSector) == std::string(kSector, text.back()));
    }
    return text;
  }
  DiskMachine machine;
  disk::FileSystem files;
  disk::Inode* inode = nullptr;
};

// What a random program leaves, after a crash that chooses so.
struct Left {
  Reference reference;
  std::string content;
  disk::FileSystem::Lost lost;
};
Left left_of(std::uint64_t seed, disk::Choice& choice) {
  RandomStream random(seed, "failed syncs", "f");
  World world;
  Reference reference;
  char next = 'A';
  for (std::uint64_t steps = 3 + random.below(20); steps > 0; --steps) {
    const std::uint64_t what = random.below(6);
    if (what == 0) {
      reference.sync();
      CHECK(world.files.sync(*world.inode) % kSector == 0);
    } else if (what == 1) {
      reference.fail_sync();
      world.files.fail_sync(*world.inode);
    } else {
      const std::size_t begin = random.below(kSectors);
      const std::size_t count = 1 + random.below(std::min<std::size_t>(kSectors - begin, 20));
      reference.write(begin, count, next);
      world.write(begin, count, next++);
    }
    CHECK(world.seen() == reference.newest());
  }
  if (!reference.is_dirty()) CHECK(world.files.sync(*world.inode) == 0);
  disk::FileSystem::Lost lost = world.files.crash(choice);
  CHECK(faults_of(world.files).empty());
  const std::string content = world.seen();
  disk::LeastChoice least;
  world.files.crash(least);
  CHECK(world.seen() == content);  // it is durable
  return {std::move(reference), content, std::move(lost)};
}

}  // namespace

TEST_CASE("what a crash leaves of syncs that failed is what it may leave") {
  std::size_t mixed = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    INFO("seed " << seed);
    disk::LeastChoice least;
    const Left worst = left_of(seed, least);
    REQUIRE(worst.content == worst.reference.oldest());
    disk::MostChoice most;
    const Left best = left_of(seed, most);
    REQUIRE(best.content == best.reference.newest());
    REQUIRE(best.lost.writes.empty());
    RandomStream stream(seed, "crash", "f");
    disk::SeededChoice seeded(stream);
    const Left some = left_of(seed, seeded);
    for (std::size_t sector = 0; sector < kSectors; ++sector)
      REQUIRE(some.reference.may_be(sector).find(some.content[sector]) != std::string::npos);
    mixed += some.content != some.reference.oldest() && some.content != some.reference.newest();
    // Of each write is told once what is lost of it.
    std::set<EventId> events;
    for (const disk::LostWrite& write : worst.lost.writes) {
      CHECK(write.lost > 0);
      CHECK(write.lost <= write.sectors);
      CHECK(events.insert(write.event).second);
    }
    CHECK(worst.lost.writes.empty() == (worst.reference.oldest() == worst.reference.newest()));
  }
  CHECK(mixed > 300);
}

TEST_CASE("a file that grows, is cut and grows again between syncs that fail is none that never was") {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    INFO("seed " << seed);
    RandomStream random(seed, "failed syncs", "sizes");
    DiskMachine machine;
    const auto ordering = static_cast<disk::Ordering>(random.below(3));
    disk::FileSystem files(machine, {.ordering = ordering}, {0, 0});
    disk::Inode& inode = files.place(files.root(), "f", S_IFREG | 0644, {0, 0}, std::string(3'000, 'a'));
    for (int i = 0; i < 30; ++i) {
      const std::uint64_t offset = random.below(20'000);
      std::string bytes(1 + random.below(9'000), static_cast<char>('b' + i));
      const iovec part{bytes.data(), bytes.size()};
      switch (random.below(6)) {
        case 0:
          REQUIRE(files.resize(inode, offset));
          break;
        case 1:
          files.fail_sync(inode);
          break;
        case 2:
          files.sync(inode, random.below(2) == 0 ? disk::FileSystem::Sync::all : disk::FileSystem::Sync::data);
          break;
        case 3:
          machine.time += std::chrono::seconds(random.below(40));
          break;
        default:
          REQUIRE(files.write(inode, offset, {&part, 1}));
      }
    }
    const std::string content = content_of(files, inode);
    const bool synced_last = random.below(2) == 0;
    if (synced_last) files.sync(inode);
    const std::uint64_t size = inode.size;
    disk::MostChoice most;
    RandomStream stream(seed, "crash", "f");
    disk::SeededChoice seeded(stream);
    const bool keeps = random.below(2) == 0;
    files.crash(keeps ? static_cast<disk::Choice&>(most) : seeded);
    REQUIRE(faults_of(files).empty());
    if (synced_last) REQUIRE(inode.size == size);
    if (keeps && synced_last) CHECK(inode.size == size);
    const std::string left = content_of(files, inode);
    disk::LeastChoice least;
    files.crash(least);
    CHECK(content_of(files, inode) == left);
  }
}

// ext4 waits for the data of a new block before the size that covers it goes into the journal, but not for its success
// (data_err=ignore in ext4.rst): the block then is one that was never written.
TEST_CASE("ext4 may have the size, and not the data, of a sync that failed") {
  const auto states = [](bool fails) {
    std::set<std::string> found;
    disk::EveryChoice every;
    do {
      DiskMachine machine;
      disk::FileSystem files(machine, {}, {0, 0});
      disk::Inode& inode = files.place(files.root(), "f", S_IFREG | 0644, {0, 0});
      char bytes[100];
      std::ranges::fill(bytes, 'a');
      const iovec part{bytes, sizeof bytes};
      CHECK(files.write(inode, 0, {&part, 1}).value() == 100);
      if (fails) files.fail_sync(inode);
      files.crash(every);
      found.insert(tree_of(files));
    } while (every.next());
    return found;
  };
  CHECK(states(false) == std::set<std::string>{"f=", "f=a*100"});
  CHECK(states(true) == std::set<std::string>{"f=", "f=a*100", "f=0*100"});
}
