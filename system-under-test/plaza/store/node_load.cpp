#include "system-under-test/plaza/store/node_load.hpp"

#include <string>

namespace plaza {
namespace {

[[noreturn]] void damaged(const std::string& record, const std::string& how) {
  throw StoreError(0, record + " is damaged: " + how);
}

void require_sum(const std::string& record, std::uint64_t kept, std::uint64_t reckoned) {
  if (kept != reckoned) damaged(record, "it does not match its checksum");
}

// The one row of a table that has one.
class Row {
 public:
  Row(Database& database, const std::string& record, std::string_view sql) : statement_(database, sql) {
    if (!statement_.step()) damaged(record, "it is missing");
  }
  const Statement* operator->() const { return &statement_; }

 private:
  Statement statement_;
};

void require_identity(Database& database, const NodeIdentity& expected) {
  const Row row(database, "its identity", "SELECT cluster, node, sum FROM identity WHERE id = 1");
  const NodeIdentity found{.cluster = row->text(0), .node = static_cast<raft::NodeId>(row->number(1))};
  require_sum("its identity", row->number(2), sum_of(NodeRecord::identity, {row->number(1)}, found.cluster));
  const auto words = [](const NodeIdentity& who) {
    return "node " + std::to_string(who.node) + " of cluster \"" + who.cluster + "\"";
  };
  if (found != expected) throw StoreError(0, "belongs to " + words(found) + ", not to " + words(expected));
}

std::uint64_t load_incarnation(Database& database) {
  const Row row(database, "the start counter", "SELECT incarnation, sum FROM start WHERE id = 1");
  require_sum("the start counter", row->number(1), sum_of(NodeRecord::start, {row->number(0)}));
  return row->number(0);
}

raft::HardState load_hard_state(Database& database) {
  const Row row(database, "the hard state", "SELECT term, vote, known_commit, sum FROM hard_state WHERE id = 1");
  const raft::HardState found{
      .term = row->number(0), .vote = static_cast<raft::NodeId>(row->number(1)), .commit = row->number(2)};
  require_sum("the hard state", row->number(3), sum_of(found));
  return found;
}

NodeExtent load_extent(Database& database) {
  const Row row(database, "the log's mark", "SELECT mark_index, mark_term, last_index, sum FROM extent WHERE id = 1");
  const NodeExtent found{.mark = {.index = row->number(0), .term = row->number(1)}, .last = row->number(2)};
  require_sum("the log's mark", row->number(3), sum_of(found));
  if (found.last < found.mark.index) damaged("the log's mark", "it is beyond the log's end");
  return found;
}

// Entries that follow on the mark and on one another, in terms that never go back, up to the end that is known.
std::vector<raft::Entry> load_log(Database& database, const NodeExtent& extent) {
  std::vector<raft::Entry> entries;
  raft::Mark before = extent.mark;
  const auto name = [](raft::Index index) { return "log entry " + std::to_string(index); };
  Statement rows(database, "SELECT idx, term, kind, data, sum FROM log ORDER BY idx");
  while (rows.step()) {
    const raft::Index index = rows.number(0);
    if (index <= before.index || index > extent.last)
      damaged(name(index),
              "the log goes from " + std::to_string(extent.mark.index + 1) + " to " + std::to_string(extent.last));
    if (index != before.index + 1)
      damaged(name(before.index + 1), "it is missing, and the next is " + std::to_string(index));
    raft::Entry entry{.index = index,
                      .term = rows.number(1),
                      .kind = static_cast<raft::EntryKind>(rows.number(2)),
                      .data = rows.blob(3)};
    // Over the number that is there for its kind, which may be too large for one.
    require_sum(name(index), rows.number(4),
                sum_of(NodeRecord::entry, {index, entry.term, rows.number(2)}, entry.data));
    if (entry.kind != raft::EntryKind::noop && entry.kind != raft::EntryKind::command)
      damaged(name(index), "its kind " + std::to_string(rows.number(2)) + " is none that is known");
    if (entry.term < before.term)
      damaged(name(index),
              "its term " + std::to_string(entry.term) + " comes after term " + std::to_string(before.term));
    before = {.index = index, .term = entry.term};
    entries.push_back(std::move(entry));
  }
  if (before.index != extent.last)
    damaged(name(before.index + 1), "it is missing, and the log goes up to " + std::to_string(extent.last));
  return entries;
}

struct Applied {
  std::uint64_t index = 0;
  std::uint64_t hash = 0;
};

Applied load_applied(Database& database, const NodeExtent& extent) {
  const Row row(database, "the applied index", "SELECT idx, hash, sum FROM applied WHERE id = 1");
  const Applied found{.index = row->number(0), .hash = row->number(1)};
  require_sum("the applied index", row->number(2), sum_of(NodeRecord::applied, {found.index, found.hash}));
  if (found.index < extent.mark.index || found.index > extent.last)
    damaged("the applied index", "it is " + std::to_string(found.index) + ", and the log goes from " +
                                     std::to_string(extent.mark.index + 1) + " to " + std::to_string(extent.last));
  return found;
}

CellList load_cells(Database& database, std::uint64_t hash) {
  CellList cells;
  Statement rows(database, "SELECT key, value FROM cell ORDER BY key");
  while (rows.step()) {
    std::string key = rows.blob(0);
    if (!cells.empty() && key <= cells.back().first) damaged("the state", "its cells are out of order");
    cells.emplace_back(std::move(key), rows.blob(1));
  }
  if (Cells::hash_of(cells) != hash) damaged("the state", "its cells do not match their hash");
  return cells;
}

}  // namespace

NodeLoaded load_node(Database& database, const NodeIdentity& identity) {
  NodeLoaded loaded;
  require_identity(database, identity);
  loaded.incarnation = load_incarnation(database);
  loaded.extent = load_extent(database);
  loaded.kept.hard_state = load_hard_state(database);
  loaded.kept.start = loaded.extent.mark;
  loaded.kept.entries = load_log(database, loaded.extent);
  const raft::Term last_term = loaded.kept.entries.empty() ? loaded.extent.mark.term : loaded.kept.entries.back().term;
  if (loaded.kept.hard_state.term < last_term)
    damaged("the hard state", "its term " + std::to_string(loaded.kept.hard_state.term) + " is before the log's " +
                                  std::to_string(last_term));
  const Applied applied = load_applied(database, loaded.extent);
  loaded.kept.applied = applied.index;
  loaded.kept.cells = load_cells(database, applied.hash);
  loaded.hash = applied.hash;
  return loaded;
}

}  // namespace plaza
