// The tables of a node's database, and the checksums of their records. README.md has what is in them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "system-under-test/plaza/raft/types.hpp"

namespace plaza {

// "plzn", where SQLite keeps whose file a database is; and the version of the tables below.
inline constexpr std::int64_t kNodeApplicationId = 0x706c7a6e;
inline constexpr std::int64_t kNodeSchemaVersion = 2;

// As SQLite keeps their text, which is compared at every start.
inline constexpr std::array<std::string_view, 5> kNodeTables{
    "CREATE TABLE identity (id INTEGER PRIMARY KEY, cluster TEXT NOT NULL, node INTEGER NOT NULL, sum INTEGER NOT "
    "NULL) "
    "STRICT",
    "CREATE TABLE start (id INTEGER PRIMARY KEY, incarnation INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE standing (id INTEGER PRIMARY KEY, term INTEGER NOT NULL, vote INTEGER NOT NULL, known_commit INTEGER "
    "NOT NULL, mark_index INTEGER NOT NULL, mark_term INTEGER NOT NULL, last_index INTEGER NOT NULL, applied INTEGER "
    "NOT NULL, hash INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE log (idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL, data BLOB NOT NULL, "
    "sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE cell (number INTEGER PRIMARY KEY, key BLOB NOT NULL, value BLOB NOT NULL) STRICT",
};

// From where to where the log goes: after `mark`, up to `last`. Kept beside the log, so that an end of it that went
// missing is missed.
struct NodeExtent {
  raft::Mark mark;
  raft::Index last = 0;
  bool operator==(const NodeExtent&) const = default;
};

// What nearly every batch changes: one row, since a commit writes every page that it touches.
struct NodeStanding {
  raft::HardState hard_state;
  NodeExtent log;
  std::uint64_t applied = 0;
  std::uint64_t hash = 0;  // of the cells
  bool operator==(const NodeStanding&) const = default;
};

// XXH3 over the numbers, which of the records they are of, and bytes after them.
enum class NodeRecord : std::uint64_t { identity = 1, start, standing, entry };
std::uint64_t sum_of(NodeRecord record, std::initializer_list<std::uint64_t> numbers, std::string_view bytes = {});

std::uint64_t sum_of(const NodeStanding& standing);
std::uint64_t sum_of(const raft::Entry& entry);

}  // namespace plaza
