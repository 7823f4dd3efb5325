// What a crash test does not see: limits, what is told as lost, what waits, and what becomes durable by itself.
#include <catch2/catch.hpp>

#include <cstring>

#include "tests/disk/program.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using disk::FileSystem;
using disk::Inode;

namespace {

// The outcome in which the most is kept, or the least.
class Most final : public disk::Choice {
  std::uint64_t choose(std::uint64_t outcomes) override { return outcomes - 1; }
};
class Least final : public disk::Choice {
  std::uint64_t choose(std::uint64_t) override { return 0; }
};

Inode& make(FileSystem& files, std::string_view name) {
  return *files.make(files.root(), name, S_IFREG | 0644, {0, 0}).value();
}

Result<std::size_t> write(FileSystem& files, Inode& inode, std::uint64_t offset, std::string content) {
  const iovec part{content.data(), content.size()};
  return files.write(inode, offset, {&part, 1});
}

class VectorMemory final : public disk::Memory {
 public:
  void resize(std::uint64_t bytes) override { bytes_.resize((bytes + disk::kPage - 1) / disk::kPage * disk::kPage); }
  std::byte* begin() override { return bytes_.data(); }

 private:
  std::vector<std::byte> bytes_;
};

}  // namespace

TEST_CASE("a full disk takes what fits, to the byte") {
  DiskMachine machine;
  FileSystem files(machine, {.capacity = 3 * disk::kPage}, {0, 0});
  Inode& file = make(files, "f");
  CHECK(write(files, file, 100, std::string(3 * disk::kPage, 'a')).value() == 3 * disk::kPage - 100);
  CHECK(write(files, file, file.size, "b").error() == ENOSPC);
  CHECK(write(files, file, 200, "b").value() == 1);
  CHECK(files.resize(file, 20 * disk::kPage));  // a hole
  CHECK(write(files, file, 3 * disk::kPage - 1, "bc").value() == 1);
  CHECK(files.allocate(file, 0, 4 * disk::kPage, false).error() == ENOSPC);
  CHECK(files.used_pages() == 3);
  CHECK(files.remove(files.root(), "f"));
  CHECK(files.used_pages() == 0);
  Inode& other = make(files, "g");
  CHECK(write(files, other, FileSystem::kLongestFile - 1, "bc").value() == 1);
  CHECK(write(files, other, FileSystem::kLongestFile, "b").error() == EFBIG);
}

TEST_CASE("room is taken from the disk at once, and a write there never meets a full one") {
  DiskMachine machine;
  FileSystem files(machine, {.capacity = 4 * disk::kPage}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(files.allocate(file, 0, 3 * disk::kPage, false));
  CHECK(file.size == 0);
  CHECK(files.used_pages() == 3);
  Inode& other = make(files, "g");
  CHECK(write(files, other, 0, std::string(2 * disk::kPage, 'b')).value() == disk::kPage);
  CHECK(write(files, file, 0, std::string(4 * disk::kPage, 'a')).value() == 3 * disk::kPage);
  CHECK(files.used_pages() == 4);
  REQUIRE(files.remove(files.root(), "f"));
  CHECK(files.used_pages() == 1);
}

TEST_CASE("a crash takes room that no fsync has made durable") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(files.allocate(file, 0, 2 * disk::kPage, false));
  files.sync(file);
  REQUIRE(files.allocate(file, 0, 6 * disk::kPage, false));
  REQUIRE(write(files, file, disk::kPage, "a"));
  CHECK(files.used_pages() == 6);
  Least least;
  files.crash(least);
  CHECK(tree_of(files) == "f=");
  CHECK(files.used_pages() == 2);
  REQUIRE(files.allocate(file, 0, 3 * disk::kPage, false));
  files.sync_everything();
  files.crash(least);
  CHECK(files.used_pages() == 3);
  REQUIRE(write(files, file, disk::kPage, "a"));
  files.sync(file);
  files.crash(least);
  CHECK(tree_of(files) == "f=0*4096+a");
  CHECK(files.used_pages() == 3);
}

TEST_CASE("inodes that are gone for programs count no more, before anything is synced") {
  DiskMachine machine;
  FileSystem files(machine, {.most_inodes = 2}, {0, 0});
  for (int i = 0; i < 10; ++i) {
    make(files, "f");
    CHECK(files.make(files.root(), "g", S_IFREG, {0, 0}).error() == ENOSPC);
    CHECK(files.remove(files.root(), "f"));
    CHECK(files.inodes() == 1);
  }
}

TEST_CASE("what a crash took of each write is told, but not what a truncation had cut off") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(write(files, file, 0, std::string(8192, 'a')));
  files.sync_everything();
  REQUIRE(write(files, file, 4096, std::string(4096, 'b')));
  REQUIRE(files.resize(file, 4096));
  REQUIRE(write(files, file, 500, std::string(600, 'c')));
  const EventId event = machine.events();
  SECTION("all is kept") {
    Most most;
    const FileSystem::Lost lost = files.crash(most);
    CHECK(lost.writes.empty());
    CHECK(lost.names.empty());
    CHECK(tree_of(files) == "f=a*500+c*600+a*2996");
  }
  SECTION("the truncation is kept, its overwritten sectors are not") {
    class TruncationOnly final : public disk::Choice {
      std::uint64_t choose(std::uint64_t outcomes) override { return first_-- > 0 ? outcomes - 1 : 0; }
      int first_ = 1;
    } choice;
    const FileSystem::Lost lost = files.crash(choice);
    REQUIRE(lost.writes.size() == 1);
    CHECK(lost.writes[0].event == event);
    CHECK(lost.writes[0].lost == 3);
    CHECK(lost.writes[0].sectors == 3);
    CHECK(tree_of(files) == "f=a*4096");
  }
}

TEST_CASE("what was written after a rename is not durable because the rename is, in the same moment") {
  const Program setup = program_of("create f; write f 0 a*512; create t; write t 0 x*512");
  const Program program = program_of("append t b*3584; rename t f; append f c*512; write f 0 d*512; create g; fsync g");
  // The append to f is lost with its block or kept; x is in place.
  CHECK(states_of({setup, program, {.sector = 4096}}) == States{
                                                             "f=d*512+b*3584 g=",
                                                             "f=d*512+b*3584+c*512 g=",
                                                             "f=x*512+0*3584 g=",
                                                             "f=x*512+0*3584+c*512 g=",
                                                             "f=x*512+b*3584 g=",
                                                             "f=x*512+b*3584+c*512 g=",
                                                         });
}

TEST_CASE("what waits is bounded by the memory it takes, whatever it is") {
  const disk::Ordering ordering =
      GENERATE(disk::Ordering::ext4_ordered, disk::Ordering::xfs, disk::Ordering::strict_posix);
  DiskMachine machine;
  constexpr std::uint64_t kMost = 100'000;
  FileSystem files(machine, {.ordering = ordering, .most_pending = kMost}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(write(files, file, 0, std::string(100 * disk::kPage, 'a')));
  files.sync_everything();
  const auto waits = [&] { return file.unsynced != nullptr ? file.unsynced->weight() : 0; };
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    REQUIRE(write(files, file, i % 100 * disk::kPage, "b"));
    REQUIRE(waits() <= kMost);
  }
  for (std::uint64_t i = 0; i < 5'000; ++i) {
    REQUIRE(files.resize(file, 100 * disk::kPage - i % 10));
    REQUIRE(waits() <= kMost);
  }
  for (int i = 0; i < 200'000; ++i) files.set_mode(file, i % 2 == 0 ? 0600 : 0644);
  CHECK(file.pinned < 70'000);
}

TEST_CASE("what is old enough is durable by itself, and forgotten") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(write(files, file, 0, std::string(512, 'a')));
  machine.time += std::chrono::seconds(40);
  REQUIRE(write(files, file, 0, std::string(512, 'b')));
  REQUIRE(write(files, file, 512, std::string(512, 'c')));
  make(files, "g");
  Least least;
  files.crash(least);
  CHECK(tree_of(files) == "f=a*512");
}

TEST_CASE("an fsync that lies promises nothing") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  files.sync_everything();
  files.let_fsync_lie(true);
  REQUIRE(write(files, file, 0, std::string(512, 'a')));
  files.sync(file);
  files.sync_everything();
  Least least;
  files.crash(least);
  CHECK(tree_of(files) == "f=");
}

TEST_CASE("a mapped file: stores are read at once, found at an fsync, and lost by a crash") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  REQUIRE(files.resize(file, 2 * disk::kPage));
  files.sync_everything();
  files.hold(file);
  file.content.move_to(std::make_shared<VectorMemory>(), file.size);
  files.watch_stores(file);
  std::memset(file.content.memory()->begin() + disk::kPage, 'a', 512);  // in a hole
  CHECK(tree_of(files) == "f=0*4096+a*512+0*3584");
  files.sync(file);
  CHECK(files.used_pages() == 1);
  std::memset(file.content.memory()->begin() + disk::kPage, 'b', 1024);
  Least least;
  const FileSystem::Lost lost = files.crash(least);
  CHECK(tree_of(files) == "f=0*4096+a*512+0*3584");
  REQUIRE(lost.writes.size() == 1);
  CHECK(lost.writes[0].lost == 2);
  CHECK(file.content.memory() == nullptr);
}

TEST_CASE("a file that another boot had open is gone if it has no name") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  Inode& file = make(files, "f");
  files.hold(file);
  REQUIRE(write(files, file, 0, std::string(512, 'a')));
  REQUIRE(files.remove(files.root(), "f"));
  files.sync_everything();
  CHECK(files.used_pages() == 1);
  Most most;
  files.crash(most);
  CHECK(files.used_pages() == 0);
  CHECK(files.inodes() == 1);
}

TEST_CASE("names are met once each by who reads a directory, whatever comes and goes meanwhile") {
  DiskMachine machine;
  FileSystem files(machine, {}, {0, 0});
  for (const char* name : {"c", "a", "b"}) make(files, name);
  std::string met;
  disk::Directory::Cookie next = 0;
  for (int i = 0;; ++i) {
    const disk::Directory::Found found = files.root().directory.at(next);
    if (found.inode == nullptr) break;
    met += found.name;
    next = found.cookie + 1;
    if (i == 0) REQUIRE(files.remove(files.root(), "a"));
    if (i == 0) REQUIRE(files.remove(files.root(), "c"));
    if (i == 1) make(files, "c");
  }
  CHECK(met == "cbc");  // the second c is another
}
