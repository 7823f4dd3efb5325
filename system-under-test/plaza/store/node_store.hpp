// What a node keeps on its disk: who it is, what it promised to the others, its log, and its machine's cells.
//
// One SQLite database, `node.db`, in a folder of its own, locked for as long as it is open. WAL mode with
// synchronous=FULL: write() returns when what it wrote is on the disk, and a crash at any moment leaves whole batches.
// A node restarts from this alone.
//
// Every entry of the log has a checksum over its index, term, kind and data, and so has every other record; cells are
// held against their hash, which is kept with the applied index, and the log against the index of its last entry. A
// record that does not match is an error that names it. It is never guessed around: a log's end that is damaged, or
// missing, may have been acknowledged.
//
// Blocks: write() takes as long as the disk does. It knows neither event loop nor time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/cells.hpp"
#include "system-under-test/plaza/raft/types.hpp"
#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {

struct NodeExtent;
struct NodeStanding;

struct NodeIdentity {
  std::string cluster;
  raft::NodeId node = 0;
  bool operator==(const NodeIdentity&) const = default;
};

class NodeStore {
 public:
  struct Kept {
    raft::HardState hard_state = {};
    raft::Mark start = {};                  // the log begins after this
    std::vector<raft::Entry> entries = {};  // without a gap
    std::uint64_t applied = 0;              // of the cells
    CellList cells = {};
    std::vector<std::uint64_t> cell_numbers = {};  // of the cells, in their order
  };

  // Applied state, to be kept with its index.
  struct State {
    std::uint64_t applied = 0;
    std::uint64_t hash = 0;  // Cells::hash() with these changes in
    std::vector<CellChange> changes = {};
  };
  struct Install {
    raft::Mark mark = {};
    std::uint64_t hash = 0;
    CellList cells = {};  // numbered 1, 2, 3, ...
  };
  struct Batch {
    std::optional<Install> install = std::nullopt;  // first: replaces cells and log
    std::vector<raft::Entry> entries = {};          // replace all that the log has from the first one's index on
    std::optional<raft::HardState> hard_state = std::nullopt;
    std::optional<State> state = std::nullopt;
    // The log forgets all up to here, its term is kept. Not beyond what was applied by the last State that was written:
    // the entries after that are needed to make up for the cells that were not. Of a great many entries some stay for
    // later writes to delete, and until then Kept::start is further back.
    std::optional<raft::Mark> compact = std::nullopt;
    bool empty() const { return !install && entries.empty() && !hard_state && !state && !compact; }
  };

  // Opens or creates the database in `folder`, which must be there, reads and checks all of it, and makes durable that
  // this node has started once more. Throws StoreError with a line that names the file and what is wrong: it cannot be
  // opened, is in use by another process, is no database or none of plaza's, was written by a newer plaza, belongs to
  // another cluster or node, or is damaged (which record).
  NodeStore(const std::filesystem::path& folder, NodeIdentity identity, Bugs bugs = {});

  // What it held when it was opened. Gives it away: call once.
  Kept take_kept() { return std::move(kept_); }
  // How often this node has started, this time included: grows with every start.
  std::uint64_t incarnation() const { return incarnation_; }

  // In one transaction, which is durable on return. Throws StoreError: then nobody knows what is on the disk, and the
  // store must not be used any more; it refuses everything from then on. That is also what becomes of a batch that does
  // not follow on what is there, such as entries with a gap before them: the next start would find them damaged.
  void write(const Batch& batch);

 private:
  struct Statements;
  struct Now;
  void write_parts(const Batch& batch, Now& now);
  void write_install(const Install& install, Now& now);
  void write_entries(const std::vector<raft::Entry>& entries, NodeExtent& log);
  void write_state(const State& state, NodeStanding& standing);
  void write_compact(Now& now);
  void write_standing(const NodeStanding& standing);

  std::filesystem::path file_;
  NodeIdentity identity_;
  Bugs bugs_;
  Database database_;
  std::unique_ptr<Statements> statements_;
  std::unique_ptr<Now> now_;  // what was last committed; null once a write has failed
  Kept kept_;
  std::uint64_t incarnation_ = 0;

 public:
  ~NodeStore();
};

}  // namespace plaza
