// Whatever fails and wherever the power goes: a store that starts again has the last batch that was written, and of the
// one after it all or nothing.
#include <catch2/catch.hpp>
#include <memory>
#include <optional>

#include "system-under-test/plaza/store/node_store.hpp"
#include "tests/plaza/store/model.hpp"
#include "tests/plaza/test_disk.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::test;

namespace {

namespace fs = std::filesystem;

// Batches to be written, and what is kept before the first and after each.
struct Script {
  std::vector<NodeStore::Batch> batches;
  std::vector<NodeStore::Kept> states{{}};

  Script(std::uint64_t seed, std::size_t size, std::uint64_t bytes_most) {
    Draw draw(seed);
    Model model(bytes_most);
    while (batches.size() < size) {
      NodeStore::Batch batch = model.next(draw);
      if (batch.empty()) continue;
      batches.push_back(std::move(batch));
      states.push_back(model.kept());
    }
  }
};

enum class Loss {
  power,    // what was synced is left
  process,  // what was written is left
};

// What was left at one moment, and what had been promised by then.
struct Point {
  std::unique_ptr<::test::Folder> left = std::make_unique<::test::Folder>();
  std::size_t written = 0;  // batches
  std::uint64_t incarnation = 0;
};

// Writes the script, in several lives, and collects what would be left at each operation of the disk.
std::vector<Point> collect(const Script& script, Loss loss, const Bugs& bugs) {
  const ::test::Folder folder;
  TestDisk disk;
  std::vector<Point> points;
  std::size_t written = 0;
  std::uint64_t incarnation = 0;
  const auto take = [&] {
    Point point{.written = written, .incarnation = incarnation};
    if (loss == Loss::power) {
      disk.lose_power(folder.path, point.left->path);
    } else {
      fs::copy(folder.path, point.left->path, fs::copy_options::recursive);
    }
    points.push_back(std::move(point));
  };
  disk.fail = [&](TestDisk::Operation operation, int) -> std::optional<int> {
    // Between syncs a power loss leaves the same.
    if (loss == Loss::process || operation == TestDisk::Operation::sync) take();
    return std::nullopt;
  };
  for (std::size_t next = 0; next < script.batches.size();) {
    NodeStore store(folder.path, kNode, bugs);
    incarnation = store.incarnation();
    for (std::size_t n = 0; n < script.batches.size() / 3 + 1 && next < script.batches.size(); ++n) {
      store.write(script.batches[next]);
      written = ++next;
    }
    take();  // before it is closed
  }
  take();
  return points;
}

// What is wrong with what was left; empty: nothing.
std::string fault_of(const Point& point, const Script& script) {
  try {
    NodeStore survivor(point.left->path, kNode);
    if (survivor.incarnation() <= point.incarnation) return "a start is forgotten";
    const NodeStore::Kept kept = survivor.take_kept();
    if (same(kept, script.states[point.written])) return "";
    if (point.written < script.batches.size() && same(kept, script.states[point.written + 1])) return "";
    if (point.written < script.batches.size() && kept.applied == script.states[point.written + 1].applied &&
        kept.cells == script.states[point.written].cells)
      return "the index is ahead of its cells";
    return "neither before nor after";
  } catch (const StoreError& error) {
    return error.what();
  }
}

std::vector<std::string> faults(const Script& script, Loss loss, const Bugs& bugs = {}) {
  std::vector<std::string> found;
  for (const Point& point : collect(script, loss, bugs))
    if (const std::string fault = fault_of(point, script); !fault.empty())
      found.push_back("after batch " + std::to_string(point.written) + ": " + fault);
  return found;
}

bool has(const std::vector<std::string>& faults, const std::string& what) {
  for (const std::string& fault : faults)
    if (fault.find(what) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("wherever the power is lost, what was written is there, and of the next batch all or nothing",
          "[node_store]") {
  // Large values, so that the write-ahead log is full now and then and goes into the database.
  const std::uint64_t seed = GENERATE(as<std::uint64_t>{}, 1, 2);
  CHECK(faults(Script(seed, 40, 60'000), Loss::power) == std::vector<std::string>{});
}

TEST_CASE("wherever the process dies, what was written is there, and of the next batch all or nothing",
          "[node_store]") {
  CHECK(faults(Script(3, 9, 200), Loss::process) == std::vector<std::string>{});
}

TEST_CASE("without synchronous=FULL a power loss takes what was written", "[node_store]") {
  Bugs bugs;
  bugs.sqlite_synchronous_off = true;
  CHECK_FALSE(faults(Script(1, 20, 200), Loss::power, bugs).empty());
  CHECK(faults(Script(1, 9, 200), Loss::process, bugs).empty());  // which is why nobody notices
}

TEST_CASE("an applied index that is written by itself is ahead of its cells after a crash", "[node_store]") {
  Bugs bugs;
  bugs.apply_index_not_atomic = true;
  const Loss loss = GENERATE(Loss::power, Loss::process);
  CHECK(has(faults(Script(1, 9, 200), loss, bugs), "the index is ahead of its cells"));
}

TEST_CASE("whichever operation of the disk fails, what was written is there, and of that batch all or nothing",
          "[node_store]") {
  const int kind = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC);
  const Script script(4, 8, 200);
  int failures = 0;
  for (int nth = 1;; ++nth) {
    const ::test::Folder folder;
    TestDisk disk;
    bool failed = false;
    disk.fail = [&](TestDisk::Operation operation, int number) -> std::optional<int> {
      const bool is_sync = operation == TestDisk::Operation::sync;
      if (number != nth || is_sync != (kind == SQLITE_IOERR_FSYNC)) return std::nullopt;
      failed = true;
      return kind;
    };
    std::size_t written = 0;
    std::uint64_t incarnation = 0;
    try {
      NodeStore store(folder.path, kNode);
      incarnation = store.incarnation();
      for (; written < script.batches.size(); ++written) {
        try {
          store.write(script.batches[written]);
        } catch (const StoreError& error) {
          CHECK(((error.code() & 0xff) == SQLITE_FULL) == (kind == SQLITE_FULL));
          CHECK_THROWS_AS(store.write(script.batches[written]), StoreError);
          throw;
        }
      }
    } catch (const StoreError& error) {
      CHECK(failed);
      CHECK(std::string(error.what()).starts_with((folder / "node.db").string() + ": "));
    }
    disk.fail = nullptr;
    failures += failed;
    if (!failed && disk.operations < nth) break;

    NodeStore survivor(folder.path, kNode);
    REQUIRE(survivor.incarnation() > incarnation);
    const NodeStore::Kept kept = survivor.take_kept();
    const bool before = same(kept, script.states[written]);
    const bool after = written < script.batches.size() && same(kept, script.states[written + 1]);
    INFO("operation " << nth << ", after batch " << written);
    REQUIRE((before || after));
  }
  CHECK(failures > 10);
}
