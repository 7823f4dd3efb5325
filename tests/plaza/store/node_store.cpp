#include "system-under-test/plaza/store/node_store.hpp"

#include <catch2/catch.hpp>
#include <chrono>
#include <cstdio>

#include "tests/plaza/store/model.hpp"
#include "tests/plaza/test_disk.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::test;
using raft::Entry;

namespace {

std::vector<Entry> entries(raft::Index first, raft::Index last, raft::Term term, std::size_t bytes = 10) {
  std::vector<Entry> made;
  for (raft::Index index = first; index <= last; ++index)
    made.push_back({.index = index, .term = term, .data = std::string(bytes, static_cast<char>(index))});
  return made;
}

NodeStore::Kept reopened(const std::filesystem::path& folder) { return NodeStore(folder, kNode).take_kept(); }

// What write() says against a batch.
std::string complaint(NodeStore& store, const NodeStore::Batch& batch) {
  try {
    store.write(batch);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

NodeStore::State applied(std::uint64_t index) { return {.applied = index, .hash = 0, .changes = {}}; }

}  // namespace

TEST_CASE("a new store holds nothing, and an old one what was written to it", "[node_store]") {
  const ::test::Folder folder;
  CHECK(same(reopened(folder.path), {}));

  Cells cells;
  cells.put("a", "1");
  cells.put(std::string("\0b", 2), "");
  const raft::HardState hard_state{.term = 3, .vote = 2, .commit = 1};
  std::vector<Entry> log = entries(1, 4, 2);
  log[1] = {.index = 2, .term = 2, .kind = raft::EntryKind::noop, .data = ""};
  log[2].data = std::string("\0\xff", 2);
  {
    NodeStore store(folder.path, kNode);
    store.write({.entries = log, .hard_state = hard_state});
    store.write({.state = NodeStore::State{.applied = 3, .hash = cells.hash(), .changes = cells.take_changes()}});
    store.write({});
  }
  CHECK(same(reopened(folder.path),
             {.hard_state = hard_state, .start = {}, .entries = log, .applied = 3, .cells = cells.all()}));

  {
    NodeStore store(folder.path, kNode);
    const NodeStore::Kept kept = store.take_kept();
    CHECK(kept.cell_numbers == std::vector<std::uint64_t>{2, 1});
    cells = Cells(kept.cells, kept.cell_numbers);
    cells.erase("a");
    cells.put(std::string("\0b", 2), "2");
    cells.put("c", "3");
    store.write({.entries = entries(4, 5, 3),
                 .hard_state = std::nullopt,
                 .state = NodeStore::State{.applied = 4, .hash = cells.hash(), .changes = cells.take_changes()},
                 .compact = raft::Mark{.index = 3, .term = 2}});
  }
  CHECK(same(reopened(folder.path), {.hard_state = hard_state,
                                     .start = {.index = 3, .term = 2},
                                     .entries = entries(4, 5, 3),
                                     .applied = 4,
                                     .cells = cells.all()}));

  const CellList others{{"of", "another"}, {"order", "altogether"}};
  {
    NodeStore store(folder.path, kNode);
    store.write({.install = NodeStore::Install{
                     .mark = {.index = 4, .term = 3}, .hash = Cells::hash_of(others), .cells = others}});
  }
  CHECK(
      same(reopened(folder.path),
           {.hard_state = hard_state, .start = {.index = 4, .term = 3}, .entries = {}, .applied = 4, .cells = others}));
}

TEST_CASE("each start is counted, also one that writes nothing else", "[node_store]") {
  const ::test::Folder folder;
  for (std::uint64_t start = 1; start <= 5; ++start) CHECK(NodeStore(folder.path, kNode).incarnation() == start);
}

TEST_CASE("a batch is one wait for the disk", "[node_store]") {
  const ::test::Folder folder;
  TestDisk disk;
  Draw draw(1);
  Model model;
  NodeStore store(folder.path, kNode);
  store.write(model.next(draw));  // the log may be a new one
  for (int i = 0; i < 20; ++i) {
    const NodeStore::Batch batch = model.next(draw);
    const int before = disk.syncs;
    store.write(batch);
    CHECK(disk.syncs == before + !batch.empty());
  }
}

TEST_CASE("a batch that does not follow on what is there is refused, and the store has had its time", "[node_store]") {
  struct Case {
    const char* what;
    NodeStore::Batch batch;
    std::string words;
  };
  std::vector<Entry> gap = entries(21, 22, 1);
  gap.push_back(entries(24, 24, 1).front());
  const Case cases[] = {
      {"a gap", {.entries = entries(22, 23, 1)}, "the log goes from 6 to 20, and an entry 22 comes"},
      {"compacted", {.entries = entries(5, 9, 1)}, "the log goes from 6 to 20, and an entry 5 comes"},
      {"a gap within", {.entries = gap}, "after entry 22 comes entry 24"},
      {"state beyond", {.state = applied(21)}, "the log goes from 6 to 20, and the state is that of 21"},
      {"state before", {.state = applied(4)}, "the log goes from 6 to 20, and the state is that of 4"},
      {"not applied",
       {.compact = raft::Mark{.index = 11, .term = 1}},
       "the state is that of 10, and the log shall forget up to 11"},
  };
  for (const Case& c : cases) {
    INFO(c.what);
    const ::test::Folder folder;
    {
      NodeStore store(folder.path, kNode);
      store.write({.entries = entries(1, 20, 1),
                   .hard_state = raft::HardState{.term = 1},
                   .state = applied(10),
                   .compact = raft::Mark{.index = 5, .term = 1}});
      const std::string file = (folder / "node.db").string();
      CHECK(complaint(store, c.batch) == file + ": does not follow on what is there: " + c.words);
      CHECK(complaint(store, {.hard_state = raft::HardState{.term = 2}}) == file + ": an earlier write has failed");
    }
    const NodeStore::Kept kept = reopened(folder.path);
    CHECK(kept.entries == entries(6, 20, 1));
    CHECK(kept.hard_state.term == 1);
  }
}

TEST_CASE("a long log is compacted over several writes, and starts where it says", "[node_store]") {
  const ::test::Folder folder;
  constexpr raft::Index kLast = 10'000;
  const raft::Mark mark{.index = 9000, .term = 1};
  {
    NodeStore store(folder.path, kNode);
    store.write({.entries = entries(1, kLast, 1), .hard_state = raft::HardState{.term = 1}, .state = applied(kLast)});
    store.write({.compact = mark});
  }
  const NodeStore::Kept some = reopened(folder.path);
  CHECK(some.start.index > 1000);
  CHECK(some.start.index < mark.index);
  CHECK(some.start.term == 1);
  CHECK(some.entries == entries(some.start.index + 1, kLast, 1));
  {
    NodeStore store(folder.path, kNode);
    store.write({.compact = mark});
    for (raft::Index next = kLast + 1; next <= kLast + 3; ++next) store.write({.entries = entries(next, next, 1)});
  }
  const NodeStore::Kept all = reopened(folder.path);
  CHECK(all.start == mark);
  CHECK(all.entries == entries(mark.index + 1, kLast + 3, 1));
}

TEST_CASE("with a snapshot that is installed all of the log goes, unless a bug keeps its end", "[node_store]") {
  Bugs bugs;
  bugs.snapshot_keeps_conflicting_suffix = GENERATE(false, true);
  const ::test::Folder folder;
  {
    NodeStore store(folder.path, kNode, bugs);
    store.write({.entries = entries(1, 20, 1), .hard_state = raft::HardState{.term = 1}});
    store.write({.install = NodeStore::Install{.mark = {.index = 15, .term = 1}, .hash = 0, .cells = {}}});
  }
  const NodeStore::Kept kept = reopened(folder.path);
  CHECK(kept.start == raft::Mark{.index = 15, .term = 1});
  CHECK(kept.entries == (bugs.snapshot_keeps_conflicting_suffix ? entries(16, 20, 1) : std::vector<Entry>{}));
}

TEST_CASE("the files do not grow while the log is compacted, nor stay large after a large snapshot", "[node_store]") {
  constexpr raft::Index kBatch = 100;
  const ::test::Folder folder;
  NodeStore store(folder.path, kNode);
  const auto write_many = [&](raft::Index from, raft::Index to) {
    std::uintmax_t largest = 0;
    for (raft::Index first = from; first <= to; first += kBatch) {
      NodeStore::Batch batch{.entries = entries(first, first + kBatch - 1, 1, 1000), .state = applied(first)};
      if (first > 5 * kBatch) batch.compact = raft::Mark{.index = first - 5 * kBatch, .term = 1};
      store.write(batch);
      largest = std::max(largest, std::filesystem::file_size(folder / "node.db"));
    }
    return largest;
  };
  store.write({.hard_state = raft::HardState{.term = 1}});
  const std::uintmax_t once = write_many(1, 4'000);
  CHECK(once > 500 * 1024);
  CHECK(write_many(4'001, 30'000) <= once * 3 / 2);
  CHECK(std::filesystem::file_size(folder / "node.db-wal") < 8u << 20);

  Cells cells;
  for (int i = 0; i < 300; ++i) cells.put(std::to_string(i), std::string(100'000, 'x'));
  store.write({.install = NodeStore::Install{
                   .mark = {.index = 40'000, .term = 1}, .hash = cells.hash(), .cells = cells.all()}});
  CHECK(std::filesystem::file_size(folder / "node.db-wal") > 20u << 20);
  for (raft::Index index = 40'001; index < 40'004; ++index) store.write({.entries = entries(index, index, 1)});
  CHECK(std::filesystem::file_size(folder / "node.db-wal") <= 8u << 20);
}

// Not a test: `test_plaza_store [measure]`, with TMPDIR=/dev/shm to leave the disk out of it.
TEST_CASE("measure: entries per second", "[.measure]") {
  constexpr raft::Index kBatch = 1000;
  constexpr raft::Index kBatches = 200;
  const ::test::Folder folder;
  NodeStore store(folder.path, kNode);
  store.write({.hard_state = raft::HardState{.term = 1}});
  using Clock = std::chrono::steady_clock;
  Clock::duration spent{};
  for (raft::Index n = 0; n < kBatches; ++n) {
    NodeStore::Batch batch{.entries = entries(n * kBatch + 1, (n + 1) * kBatch, 1, 120), .state = applied(n * kBatch)};
    if (n > 10) batch.compact = raft::Mark{.index = (n - 10) * kBatch, .term = 1};
    const Clock::time_point start = Clock::now();
    store.write(batch);
    spent += Clock::now() - start;
  }
  const double us = std::chrono::duration<double, std::micro>(spent).count();
  std::printf("%.2f us per entry of 120 bytes, in batches of %d; compaction included\n", us / (kBatch * kBatches),
              static_cast<int>(kBatch));
}
