// A million files, and a file of a million pages, cost those who have nothing to do with them nothing: operations on
// others take no more than a few times as long as in an empty file system, where caches are warm and maps are small.
#include <fmt/format.h>
#include <sys/mman.h>
#include <catch2/catch.hpp>
#include <ctime>

#include <stillpoint/random.hpp>
#include "tests/disk/machine.hpp"
#include "tests/disk/program.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using disk::FileSystem;
using disk::Inode;

namespace {

constexpr std::uint64_t kMillion = 1'000'000;
constexpr double kMostTimes = 12;

double cpu_seconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Memory that costs nothing where nobody touches it.
class SparseMemory final : public disk::Memory {
 public:
  explicit SparseMemory(std::size_t most) : most_(most) {
    void* const mapped =
        mmap(nullptr, most, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(mapped != MAP_FAILED);
    begin_ = static_cast<std::byte*>(mapped);
  }
  SparseMemory(const SparseMemory&) = delete;
  SparseMemory& operator=(const SparseMemory&) = delete;
  ~SparseMemory() override { munmap(begin_, most_); }
  void resize(std::uint64_t bytes) override { REQUIRE(bytes <= most_); }
  std::byte* begin() override { return begin_; }

 private:
  std::size_t most_;
  std::byte* begin_;
};

// What others do.
double time_of_others(FileSystem& files) {
  Inode& file = *files.make(files.root(), "other", S_IFREG | 0644, {0, 0}).value();
  std::byte bytes[1000] = {};
  const iovec part{bytes, sizeof bytes};
  double best = 1e9;
  for (int batch = 0; batch < 7; ++batch) {
    const double begin = cpu_seconds();
    for (std::uint64_t i = 0; i < 3'000; ++i) {
      (void)files.write(file, i % 50 * 1000, {&part, 1});
      (void)files.read(file, i % 50 * 1000, {&part, 1});
      if (i % 4 == 0) files.sync(file);
      (void)files.make(files.root(), "new", S_IFREG | 0644, {0, 0});
      (void)files.rename(files.root(), "new", files.root(), "renamed", FileSystem::Rename::replace);
      (void)files.remove(files.root(), "renamed");
    }
    best = std::min(best, cpu_seconds() - begin);
  }
  return best;
}

}  // namespace

TEST_CASE("a million files do not slow the others") {
  const disk::Ordering ordering =
      GENERATE(disk::Ordering::ext4_ordered, disk::Ordering::xfs, disk::Ordering::strict_posix);
  DiskMachine machine;
  FileSystem empty(machine, {.ordering = ordering}, {0, 0});
  const double alone = time_of_others(empty);

  FileSystem files(machine, {.ordering = ordering}, {0, 0});
  Inode* directory = nullptr;
  for (std::uint64_t i = 0; i < kMillion; ++i) {
    if (i % 1000 == 0)
      directory = files.make(files.root(), fmt::format("d{}", i / 1000), S_IFDIR | 0755, {0, 0}).value();
    REQUIRE(files.make(*directory, fmt::format("f{}", i % 1000), S_IFREG | 0644, {0, 0}));
  }
  const double among_many = time_of_others(files);
  INFO(name_of(ordering) << ": " << alone << " s, " << among_many << " s");
  CHECK(among_many < alone * kMostTimes);

  files.sync_everything();
  RandomStream stream(1, "crash", 1);
  disk::SeededChoice choice(stream);
  files.crash(choice);
  CHECK(files.inodes() >= kMillion + 1000);
}

TEST_CASE("a file of a million pages does not slow the others") {
  const disk::Ordering ordering =
      GENERATE(disk::Ordering::ext4_ordered, disk::Ordering::xfs, disk::Ordering::strict_posix);
  DiskMachine machine;
  FileSystem empty(machine, {.ordering = ordering}, {0, 0});
  const double alone = time_of_others(empty);

  FileSystem files(machine, {.ordering = ordering}, {0, 0});
  Inode& big = *files.make(files.root(), "big", S_IFREG | 0644, {0, 0}).value();
  files.hold(big);
  big.content.move_to(std::make_shared<SparseMemory>(kMillion * disk::kPage), 0);
  REQUIRE(files.resize(big, kMillion * disk::kPage));
  for (std::uint64_t page = 0; page < kMillion; ++page) big.content.writable_page(page);
  CHECK(big.content.pages() == kMillion);
  const double beside_it = time_of_others(files);
  INFO(name_of(ordering) << ": " << alone << " s, " << beside_it << " s");
  CHECK(beside_it < alone * kMostTimes);
}
