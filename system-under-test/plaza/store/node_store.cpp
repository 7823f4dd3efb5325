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
    const NodeStanding none{.hard_state = {}, .log = {}, .applied = 0, .hash = Cells::hash_of(CellList{})};
    Statement standing(database, "INSERT INTO standing VALUES (1, 0, 0, 0, 0, 0, 0, 0, ?1, ?2)");
    standing.bind(1, none.hash).bind(2, sum_of(none)).run();
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
        standing(database,
                 "UPDATE standing SET term = ?1, vote = ?2, known_commit = ?3, mark_index = ?4, mark_term = ?5, "
                 "last_index = ?6, applied = ?7, hash = ?8, sum = ?9 WHERE id = 1"),
        append(database, "INSERT OR ROLLBACK INTO log SELECT a, b, c, d, e FROM rows"),
        forget_from(database, "DELETE FROM log WHERE idx >= ?1"),
        forget_through(database, "DELETE FROM log WHERE idx <= ?1"),
        term_of(database, "SELECT term FROM log WHERE idx = ?1"),
        add(database, "INSERT OR ROLLBACK INTO cell SELECT a, b, c FROM rows"),
        put(database, "REPLACE INTO cell VALUES (?1, ?2, ?3)"),
        erase(database, "DELETE FROM cell WHERE number = ?1"),
        erase_all(database, "DELETE FROM cell") {}
  Rows rows;
  Statement begin, commit, standing, append, forget_from, forget_through, term_of, add, put, erase, erase_all;
};

struct NodeStore::Now {
  NodeStanding standing;
  raft::Index compact = 0;  // what the log shall have forgotten, sooner or later
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
  now_ = std::make_unique<Now>(Now{.standing = loaded.standing, .compact = loaded.standing.log.mark.index});
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
      // The correct store has the applied index in the transaction of the cells that it is about: a node that starts
      // with an index beyond its cells skips what is between them, one with an index before them applies it twice.
      statements_->begin.run();
      now->standing.applied = batch.state->applied;
      write_standing(now->standing);
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
  const NodeStanding before = now.standing;
  if (batch.install) write_install(*batch.install, now);
  if (!batch.entries.empty()) write_entries(batch.entries, now.standing.log);
  if (batch.hard_state) now.standing.hard_state = *batch.hard_state;
  if (batch.state) write_state(*batch.state, now.standing);
  if (batch.compact) {
    if (batch.compact->index > now.standing.applied)
      refuse("the state is that of " + std::to_string(now.standing.applied) + ", and the log shall forget up to " +
             std::to_string(batch.compact->index));
    now.compact = std::max(now.compact, batch.compact->index);
  }
  write_compact(now);
  if (now.standing != before) write_standing(now.standing);
}

void NodeStore::write_standing(const NodeStanding& standing) {
  const auto& [hard_state, log, applied, hash] = standing;
  statements_->standing.bind(1, hard_state.term)
      .bind(2, std::uint64_t{hard_state.vote})
      .bind(3, hard_state.commit)
      .bind(4, log.mark.index)
      .bind(5, log.mark.term)
      .bind(6, log.last)
      .bind(7, applied)
      .bind(8, hash)
      .bind(9, sum_of(standing))
      .run();
}

void NodeStore::write_install(const Install& install, Now& now) {
  STILLPOINT_REACHABLE("a snapshot replaces what a node has kept");
  // All of the log goes: what lies behind the mark may contradict what the snapshot stands for.
  if (bugs_.snapshot_keeps_conflicting_suffix) {
    statements_->forget_through.bind(1, install.mark.index).run();
    now.standing.log.last = std::max(now.standing.log.last, install.mark.index);
  } else {
    statements_->forget_from.bind(1, std::uint64_t{0}).run();
    now.standing.log.last = install.mark.index;
  }
  now.standing.log.mark = install.mark;
  now.compact = install.mark.index;
  statements_->erase_all.run();
  statements_->rows.run(statements_->add, install.cells.size(), [&](std::size_t row, int column) -> Rows::Value {
    if (column == 0) return row + 1;
    return std::string_view(column == 1 ? install.cells[row].first : install.cells[row].second);
  });
  now.standing.applied = install.mark.index;
  now.standing.hash = install.hash;
}

void NodeStore::write_entries(const std::vector<raft::Entry>& entries, NodeExtent& log) {
  raft::Index next = entries.front().index;
  if (next <= log.mark.index || next > log.last + 1)
    refuse(words_for(log) + ", and an entry " + std::to_string(next) + " comes");
  if (next <= log.last) {
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
  log.last = next - 1;
}

void NodeStore::write_state(const State& state, NodeStanding& standing) {
  if (state.applied < standing.log.mark.index || state.applied > standing.log.last)
    refuse(words_for(standing.log) + ", and the state is that of " + std::to_string(state.applied));
  std::vector<const CellChange*> added;
  for (const CellChange& change : state.changes) {
    if (change.value && change.is_new) {
      added.push_back(&change);
    } else if (change.value) {
      statements_->put.bind(1, change.number).bind_blob(2, change.key).bind_blob(3, *change.value).run();
    } else {
      statements_->erase.bind(1, change.number).run();
    }
  }
  statements_->rows.run(statements_->add, added.size(), [&](std::size_t row, int column) -> Rows::Value {
    if (column == 0) return added[row]->number;
    return std::string_view(column == 1 ? added[row]->key : *added[row]->value);
  });
  standing.applied = state.applied;
  standing.hash = state.hash;
}

void NodeStore::write_compact(Now& now) {
  raft::Mark& mark = now.standing.log.mark;
  if (now.compact <= mark.index) return;
  const raft::Index through = std::min(now.compact, mark.index + kForgottenAtOnce);
  STILLPOINT_SOMETIMES(through < now.compact, "a log is compacted in several writes");
  Statement& term = statements_->term_of.bind(1, through);
  if (!term.step()) throw StoreError(0, "log entry " + std::to_string(through) + " is damaged: it is missing");
  mark = {.index = through, .term = term.number(0)};
  term.run();
  statements_->forget_through.bind(1, through).run();
}

}  // namespace plaza
