#include "system-under-test/plaza/domain/cells.hpp"

#include <xxhash.h>

#include <algorithm>

namespace plaza {

Cells::Cells(CellList kept, const std::vector<std::uint64_t>& numbers) {
  cells_.reserve(kept.size());
  for (std::size_t i = 0; i < kept.size(); ++i) {
    Map::value_type& at = *cells_.try_emplace(std::move(kept[i].first)).first;
    set(at, std::move(kept[i].second));
    at.second.number = numbers.empty() ? i + 1 : numbers[i];
    last_number_ = std::max(last_number_, at.second.number);
  }
}

const std::string* Cells::find(std::string_view key) const {
  const auto found = cells_.find(key);
  return found == cells_.end() || !found->second.value ? nullptr : &*found->second.value;
}

void Cells::put(std::string key, std::string value) {
  const auto at = cells_.try_emplace(std::move(key)).first;
  if (at->second.value == value) return;
  set(*at, std::move(value));
  note_change(*at);
}

// It stays, without a value, until the change was taken.
void Cells::erase(std::string_view key) {
  const auto at = cells_.find(key);
  if (at == cells_.end() || !at->second.value) return;
  set(*at, std::nullopt);
  note_change(*at);
}

void Cells::set(Map::value_type& at, std::optional<std::string> value) {
  auto& [key, cell] = at;
  if (cell.value) {
    hash_ -= cell.hash;
    bytes_ -= key.size() + cell.value->size();
    --size_;
  }
  cell.value = std::move(value);
  if (!cell.value) return;
  cell.hash = hash_of(key, *cell.value);
  hash_ += cell.hash;
  bytes_ += key.size() + cell.value->size();
  ++size_;
}

void Cells::note_change(Map::value_type& at) {
  if (std::exchange(at.second.changed, true)) return;
  changed_.push_back(&at);
}

std::vector<const Cells::Map::value_type*> Cells::in_order(std::string_view prefix) const {
  std::vector<const Map::value_type*> found;
  for (const Map::value_type& at : cells_) {
    if (at.second.value && at.first.starts_with(prefix)) found.push_back(&at);
  }
  std::ranges::sort(found, {}, [](const Map::value_type* at) -> const std::string& { return at->first; });
  return found;
}

void Cells::each(std::string_view prefix,
                 const std::function<void(std::string_view key, std::string_view value)>& visit) const {
  for (const Map::value_type* at : in_order(prefix)) visit(at->first, *at->second.value);
}

std::vector<CellChange> Cells::take_changes() {
  std::vector<CellChange> changes;
  changes.reserve(changed_.size());
  for (Map::value_type* at : std::exchange(changed_, {})) {
    Cell& cell = at->second;
    cell.changed = false;
    const bool is_new = cell.number == 0;
    if (is_new && cell.value) cell.number = ++last_number_;
    if (cell.number != 0)
      changes.push_back({.number = cell.number, .key = at->first, .value = cell.value, .is_new = is_new});
    if (!cell.value) cells_.erase(cells_.find(at->first));
  }
  return changes;
}

CellList Cells::all() const {
  CellList all;
  all.reserve(size_);
  for (const Map::value_type* at : in_order("")) all.emplace_back(at->first, *at->second.value);
  return all;
}

std::uint64_t Cells::hash_of(const CellList& cells) {
  std::uint64_t hash = 0;
  for (const auto& [key, value] : cells) hash += hash_of(key, value);
  return hash;
}

// Of the value, under the key as its seed: so no part of a key passes for one of the value. Nodes compare these hashes
// and disks keep them: they never change.
std::uint64_t Cells::hash_of(std::string_view key, std::string_view value) {
  return XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(key.data(), key.size()));
}

}  // namespace plaza
