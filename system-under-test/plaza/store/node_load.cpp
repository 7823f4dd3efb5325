#include "system-under-test/plaza/store/node_load.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace plaza {
namespace {

// Cells are numbered from 1 on, each once: a number beyond this was never given.
constexpr std::uint64_t kCellNumberMost = std::uint64_t{1} << 62;

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

NodeStanding load_standing(Database& database) {
  const Row row(database, "the node's standing",
                "SELECT term, vote, known_commit, mark_index, mark_term, last_index, applied, hash, sum FROM standing "
                "WHERE id = 1");
  const NodeStanding found{.hard_state = {.term = row->number(0),
                                          .vote = static_cast<raft::NodeId>(row->number(1)),
                                          .commit = row->number(2)},
                           .log = {.mark = {.index = row->number(3), .term = row->number(4)}, .last = row->number(5)},
                           .applied = row->number(6),
                           .hash = row->number(7)};
  require_sum("the node's standing", row->number(8), sum_of(found));
  const auto& [mark, last] = found.log;
  if (last < mark.index) damaged("the log's mark", "it is beyond the log's end");
  if (found.applied < mark.index || found.applied > last)
    damaged("the applied index", "it is " + std::to_string(found.applied) + ", and the log goes from " +
                                     std::to_string(mark.index + 1) + " to " + std::to_string(last));
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

void load_cells(Database& database, std::uint64_t hash, NodeStore::Kept& kept) {
  struct Cell {
    std::string key;
    std::string value;
    std::uint64_t number;
  };
  std::vector<Cell> cells;
  Statement rows(database, "SELECT number, key, value FROM cell");
  while (rows.step()) cells.push_back({.key = rows.blob(1), .value = rows.blob(2), .number = rows.number(0)});
  std::ranges::sort(cells, {}, &Cell::key);
  if (std::ranges::adjacent_find(cells, {}, &Cell::key) != cells.end())
    damaged("the state", "two of its cells have one key");
  for (Cell& cell : cells) {
    if (cell.number == 0 || cell.number > kCellNumberMost)
      damaged("the state", "no cell has the number " + std::to_string(cell.number));
    kept.cells.emplace_back(std::move(cell.key), std::move(cell.value));
    kept.cell_numbers.push_back(cell.number);
  }
  if (Cells::hash_of(kept.cells) != hash) damaged("the state", "its cells do not match their hash");
}

}  // namespace

NodeLoaded load_node(Database& database, const NodeIdentity& identity) {
  require_identity(database, identity);
  NodeLoaded loaded{.kept = {}, .standing = load_standing(database), .incarnation = load_incarnation(database)};
  const auto& [hard_state, extent, applied, hash] = loaded.standing;
  std::vector<raft::Entry> entries = load_log(database, extent);
  const raft::Term last_term = entries.empty() ? extent.mark.term : entries.back().term;
  if (hard_state.term < last_term)
    damaged("the hard state",
            "its term " + std::to_string(hard_state.term) + " is before the log's " + std::to_string(last_term));
  loaded.kept = {.hard_state = hard_state, .start = extent.mark, .entries = std::move(entries), .applied = applied};
  load_cells(database, hash, loaded.kept);
  return loaded;
}

}  // namespace plaza
