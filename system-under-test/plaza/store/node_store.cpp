#include "system-under-test/plaza/store/node_store.hpp"

#include <algorithm>

#include <stillpoint/annotate.hpp>

#include "system-under-test/plaza/store/node_load.hpp"
#include "system-under-test/plaza/store/node_tables.hpp"
#include "system-under-test/plaza/store/open_database.hpp"
#include "system-under-test/plaza/store/rows.hpp"

namespace plaza {
namespace {

// Of a log that is compacted, in one write: the others wait meanwhile.
constexpr raft::Index kForgottenAtOnce = 4096;

Database open_node(const std::filesystem::path& file, const NodeIdentity& identity) {
  const auto fill = [&](Database& database) {
    Statement who(database, "INSERT INTO identity VALUES (1, ?1, ?2, ?3)");
    const std::uint64_t sum = sum_of(NodeRecord::identity, {identity.node}, identity.cluster);
    who.bind(1, identity.cluster).bind(2, std::uint64_t{identity.node}).bind(3, sum).run();
    Statement start(database, "INSERT INTO start VALUES (1, 0, ?1)");
    start.bind(1, sum_of(NodeRecord::start, {0})).run();
    Statement hard_state(database, "INSERT INTO hard_state VALUES (1, 0, 0, 0, ?1)");
    hard_state.bind(1, sum_of(raft::HardState{})).run();
    Statement extent(database, "INSERT INTO extent VALUES (1, 0, 0, 0, ?1)");
    extent.bind(1, sum_of(NodeExtent{})).run();
    Statement applied(database, "INSERT INTO applied VALUES (1, 0, 0, ?1)");
    applied.bind(1, sum_of(NodeRecord::applied, {0, Cells::hash_of(CellList{})})).run();
  };
  return open_database(file, {.application_id = kNodeApplicationId,
                              .schema_version = kNodeSchemaVersion,
                              .tables = kNodeTables,
                              .fill = fill});
}

[[noreturn]] void refuse(const std::string& what) { throw StoreError(0, "does not follow on what is there: " + what); }

std::string words_for(const NodeExtent& extent) {
  return "the log goes from " + std::to_string(extent.mark.index + 1) + " to " + std::to_string(extent.last);
}

}  // namespace

struct NodeStore::Statements {
  explicit Statements(Database& database)
      : rows(database),
        begin(database, "BEGIN IMMEDIATE"),
        commit(database, "COMMIT"),
        hard_state(database, "UPDATE hard_state SET term = ?1, vote = ?2, known_commit = ?3, sum = ?4 WHERE id = 1"),
        extent(database, "UPDATE extent SET mark_index = ?1, mark_term = ?2, last_index = ?3, sum = ?4 WHERE id = 1"),
        applied(database, "UPDATE applied SET idx = ?1, hash = ?2, sum = ?3 WHERE id = 1"),
        append(database, "INSERT OR ROLLBACK INTO log SELECT a, b, c, d, e FROM rows"),
        forget_from(database, "DELETE FROM log WHERE idx >= ?1"),
        forget_through(database, "DELETE FROM log WHERE idx <= ?1"),
        term_of(database, "SELECT term FROM log WHERE idx = ?1"),
        add(database, "INSERT OR ROLLBACK INTO cell SELECT a, b FROM rows"),
        put(database, "REPLACE INTO cell VALUES (?1, ?2)"),
        erase(database, "DELETE FROM cell WHERE key = ?1"),
        erase_all(database, "DELETE FROM cell") {}
  Rows rows;
  Statement begin, commit, hard_state, extent, applied, append, forget_from, forget_through, term_of, add, put, erase,
      erase_all;
};

struct NodeStore::Now {
  NodeExtent extent;
  std::uint64_t applied = 0;
  raft::Index compact = 0;  // what the log shall have forgotten, sooner or later
  std::uint64_t hash = 0;   // of the cells
};

NodeStore::NodeStore(const std::filesystem::path& folder, NodeIdentity identity, Bugs bugs) try
    : file_(folder / "node.db"), identity_(std::move(identity)), bugs_(bugs), database_(open_node(file_, identity_)) {
  // With synchronous=FULL a commit waits until it is on the disk, as open_database() leaves it.
  if (bugs_.sqlite_synchronous_off) database_.execute("PRAGMA synchronous = OFF");
  NodeLoaded loaded = load_node(database_, identity_);
  STILLPOINT_SOMETIMES(loaded.incarnation > 0, "a node starts from what its disk has");

  incarnation_ = loaded.incarnation + 1;
  Statement start(database_, "UPDATE start SET incarnation = ?1, sum = ?2 WHERE id = 1");
  start.bind(1, incarnation_).bind(2, sum_of(NodeRecord::start, {incarnation_})).run();

  statements_ = std::make_unique<Statements>(database_);
  now_ = std::make_unique<Now>(Now{.extent = loaded.extent,
                                   .applied = loaded.kept.applied,
                                   .compact = loaded.extent.mark.index,
                                   .hash = loaded.hash});
  kept_ = std::move(loaded.kept);
} catch (const StoreError& error) {
  throw StoreError(error.code(), complaint(folder / "node.db", error));
}

NodeStore::~NodeStore() = default;

void NodeStore::write(const Batch& batch) {
  if (batch.empty()) return;
  if (!now_) throw StoreError(0, file_.string() + ": an earlier write has failed");
  std::unique_ptr<Now> now = std::move(now_);
  try {
    if (bugs_.apply_index_not_atomic && batch.state && !batch.install) {
      statements_->begin.run();
      write_applied(batch.state->applied, now->hash);
      statements_->commit.run();
    }
    statements_->begin.run();
    write_parts(batch, *now);
    statements_->commit.run();
  } catch (const StoreError& error) {
    STILLPOINT_REACHABLE("a node's disk refuses a batch");
    database_.roll_back();
    throw StoreError(error.code(), complaint(file_, error));
  }
  now_ = std::move(now);
}

void NodeStore::write_parts(const Batch& batch, Now& now) {
  const NodeExtent before = now.extent;
  if (batch.install) write_install(*batch.install, now);
  if (!batch.entries.empty()) write_entries(batch.entries, now);
  if (batch.hard_state) write_hard_state(*batch.hard_state);
  if (batch.state) write_state(*batch.state, now);
  if (batch.compact) {
    if (batch.compact->index > now.applied)
      refuse("the state is that of " + std::to_string(now.applied) + ", and the log shall forget up to " +
             std::to_string(batch.compact->index));
    now.compact = std::max(now.compact, batch.compact->index);
  }
  write_compact(now);
  if (now.extent == before) return;
  statements_->extent.bind(1, now.extent.mark.index)
      .bind(2, now.extent.mark.term)
      .bind(3, now.extent.last)
      .bind(4, sum_of(now.extent))
      .run();
}

void NodeStore::write_install(const Install& install, Now& now) {
  STILLPOINT_REACHABLE("a snapshot replaces what a node has kept");
  // All of the log goes: what lies behind the mark may contradict what the snapshot stands for.
  if (bugs_.snapshot_keeps_conflicting_suffix) {
    statements_->forget_through.bind(1, install.mark.index).run();
    now.extent.last = std::max(now.extent.last, install.mark.index);
  } else {
    statements_->forget_from.bind(1, std::uint64_t{0}).run();
    now.extent.last = install.mark.index;
  }
  now.extent.mark = install.mark;
  now.compact = install.mark.index;
  statements_->erase_all.run();
  statements_->rows.run(statements_->add, install.cells.size(), [&](std::size_t row, int column) -> Rows::Value {
    return std::string_view(column == 0 ? install.cells[row].first : install.cells[row].second);
  });
  now.applied = install.mark.index;
  now.hash = install.hash;
  write_applied(install.mark.index, install.hash);
}

void NodeStore::write_entries(const std::vector<raft::Entry>& entries, Now& now) {
  raft::Index next = entries.front().index;
  if (next <= now.extent.mark.index || next > now.extent.last + 1)
    refuse(words_for(now.extent) + ", and an entry " + std::to_string(next) + " comes");
  if (next <= now.extent.last) {
    STILLPOINT_REACHABLE("entries replace the end of a log");
    statements_->forget_from.bind(1, next).run();
  }
  for (const raft::Entry& entry : entries) {
    if (entry.index != next)
      refuse("after entry " + std::to_string(next - 1) + " comes entry " + std::to_string(entry.index));
    ++next;
  }
  statements_->rows.run(statements_->append, entries.size(), [&](std::size_t row, int column) -> Rows::Value {
    const raft::Entry& entry = entries[row];
    switch (column) {
      case 0:
        return entry.index;
      case 1:
        return entry.term;
      case 2:
        return static_cast<std::uint64_t>(entry.kind);
      case 3:
        return std::string_view(entry.data);
      default:
        return sum_of(entry);
    }
  });
  now.extent.last = next - 1;
}

void NodeStore::write_hard_state(const raft::HardState& hard_state) {
  statements_->hard_state.bind(1, hard_state.term)
      .bind(2, std::uint64_t{hard_state.vote})
      .bind(3, hard_state.commit)
      .bind(4, sum_of(hard_state))
      .run();
}

void NodeStore::write_state(const State& state, Now& now) {
  if (state.applied < now.extent.mark.index || state.applied > now.extent.last)
    refuse(words_for(now.extent) + ", and the state is that of " + std::to_string(state.applied));
  std::vector<const CellChange*> added;
  for (const CellChange& change : state.changes) {
    if (change.value && change.is_new) {
      added.push_back(&change);
    } else if (change.value) {
      statements_->put.bind_blob(1, change.key).bind_blob(2, *change.value).run();
    } else {
      statements_->erase.bind_blob(1, change.key).run();
    }
  }
  statements_->rows.run(statements_->add, added.size(), [&](std::size_t row, int column) -> Rows::Value {
    return std::string_view(column == 0 ? added[row]->key : *added[row]->value);
  });
  now.applied = state.applied;
  now.hash = state.hash;
  write_applied(state.applied, state.hash);
}

// In the transaction of the cells that it is about: a node that starts with an index beyond its cells would skip what
// is between them, one that starts with an index before them would apply it twice.
void NodeStore::write_applied(std::uint64_t index, std::uint64_t hash) {
  statements_->applied.bind(1, index).bind(2, hash).bind(3, sum_of(NodeRecord::applied, {index, hash})).run();
}

void NodeStore::write_compact(Now& now) {
  if (now.compact <= now.extent.mark.index) return;
  const raft::Index through = std::min(now.compact, now.extent.mark.index + kForgottenAtOnce);
  STILLPOINT_SOMETIMES(through < now.compact, "a log is compacted in several writes");
  Statement& term = statements_->term_of.bind(1, through);
  if (!term.step()) throw StoreError(0, "log entry " + std::to_string(through) + " is damaged: it is missing");
  now.extent.mark = {.index = through, .term = term.number(0)};
  term.run();
  statements_->forget_through.bind(1, through).run();
}

}  // namespace plaza
