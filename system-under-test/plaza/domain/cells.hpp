// The state of a node's machine as cells: a key and a value, both bytes.
//
// What is kept on the disk, sent in a snapshot, hashed and compared between nodes is this and nothing else. Domains
// have whatever structures they like beside it, and rebuild them from here.
//
// The hash is kept up to date with every change: it is the sum of the hashes of the cells, so it does not hang on the
// order in which they came to be. The changes since the last take_changes() are remembered by key: a cell that was
// changed a hundred times is written once. A value that is put where it is already is no change, and neither is a cell
// that came and went in between: whoever takes the changes has never heard of it.
//
// Whoever keeps the changes on a disk finds a cell by its number there: the first change of the cell tells it, and it
// is the cell's for as long as that is there. Numbers grow, so new cells go where the last ones went, however their
// keys are spread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "system-under-test/plaza/domain/name_hash.hpp"

namespace plaza {

struct CellChange {
  std::uint64_t number = 0;
  std::string key;
  std::optional<std::string> value;  // none: it is gone
  bool is_new = false;               // no earlier change has told of it, nor was it there from the beginning
  bool operator==(const CellChange&) const = default;
};

using CellList = std::vector<std::pair<std::string, std::string>>;  // sorted by key, each once

class Cells {
 public:
  Cells() = default;
  Cells(Cells&&) = default;
  Cells& operator=(Cells&&) = default;
  // As they were kept; nothing of it counts as a change. Their numbers are in the same order, or they are 1, 2, 3, ....
  explicit Cells(CellList kept, const std::vector<std::uint64_t>& numbers = {});

  const std::string* find(std::string_view key) const;
  void put(std::string key, std::string value);
  void erase(std::string_view key);
  // All whose key begins with this, in order.
  void each(std::string_view prefix,
            const std::function<void(std::string_view key, std::string_view value)>& visit) const;

  std::uint64_t hash() const { return hash_; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

  // How many cells were touched since; take_changes() may have fewer.
  std::size_t changes() const { return changed_.size(); }
  // In the order in which the cells were first touched.
  std::vector<CellChange> take_changes();
  CellList all() const;

  // As hash() would be of these.
  static std::uint64_t hash_of(const CellList& cells);

  // Of one cell, as hash() sums them up.
  static std::uint64_t hash_of(std::string_view key, std::string_view value);

 private:
  // Found by hash, since that is what happens most; brought into the order of the keys where that matters. Nothing
  // hangs on the order in which they lie here.
  struct Cell {
    std::optional<std::string> value;  // none: it is gone, and that is a change that was not taken yet
    std::uint64_t hash = 0;
    std::uint64_t number = 0;  // 0: whoever takes the changes does not know of it
    bool changed = false;
  };
  using Map = std::unordered_map<std::string, Cell, NameHash, std::equal_to<>>;

  void set(Map::value_type& at, std::optional<std::string> value);
  void note_change(Map::value_type& at);
  std::vector<const Map::value_type*> in_order(std::string_view prefix) const;

  Map cells_;
  std::vector<Map::value_type*> changed_;  // they stay where they are
  std::uint64_t last_number_ = 0;
  std::uint64_t hash_ = 0;
  std::size_t bytes_ = 0;
  std::size_t size_ = 0;
};

}  // namespace plaza
