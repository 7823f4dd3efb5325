// Reads a node's database, and believes nothing of it that does not match.
#pragma once

#include <cstdint>

#include "system-under-test/plaza/store/node_store.hpp"
#include "system-under-test/plaza/store/node_tables.hpp"
#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {

struct NodeLoaded {
  NodeStore::Kept kept;
  NodeStanding standing;
  std::uint64_t incarnation = 0;
};

// Throws StoreError: it belongs to another, or which record is damaged and how it shows.
NodeLoaded load_node(Database& database, const NodeIdentity& identity);

}  // namespace plaza
