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
inline constexpr std::int64_t kNodeSchemaVersion = 1;

// As SQLite keeps their text, which is compared at every start.
inline constexpr std::array<std::string_view, 7> kNodeTables{
    "CREATE TABLE identity (id INTEGER PRIMARY KEY, cluster TEXT NOT NULL, node INTEGER NOT NULL, sum INTEGER NOT "
    "NULL) "
    "STRICT",
    "CREATE TABLE start (id INTEGER PRIMARY KEY, incarnation INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE hard_state (id INTEGER PRIMARY KEY, term INTEGER NOT NULL, vote INTEGER NOT NULL, "
    "known_commit INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE extent (id INTEGER PRIMARY KEY, mark_index INTEGER NOT NULL, mark_term INTEGER NOT NULL, "
    "last_index INTEGER NOT NULL, sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE log (idx INTEGER PRIMARY KEY, term INTEGER NOT NULL, kind INTEGER NOT NULL, data BLOB NOT NULL, "
    "sum INTEGER NOT NULL) STRICT",
    "CREATE TABLE applied (id INTEGER PRIMARY KEY, idx INTEGER NOT NULL, hash INTEGER NOT NULL, sum INTEGER NOT NULL) "
    "STRICT",
    "CREATE TABLE cell (key BLOB PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID",
};

// From where to where the log goes: after `mark`, up to `last`. Kept beside the log, so that an end of it that went
// missing is missed.
struct NodeExtent {
  raft::Mark mark;
  raft::Index last = 0;
  bool operator==(const NodeExtent&) const = default;
};

// XXH3 over the numbers, which of the records they are of, and bytes after them.
enum class NodeRecord : std::uint64_t { identity = 1, start, hard_state, extent, entry, applied };
std::uint64_t sum_of(NodeRecord record, std::initializer_list<std::uint64_t> numbers, std::string_view bytes = {});

std::uint64_t sum_of(const raft::HardState& hard_state);
std::uint64_t sum_of(const NodeExtent& extent);
std::uint64_t sum_of(const raft::Entry& entry);

}  // namespace plaza
