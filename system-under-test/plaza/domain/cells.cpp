#define XXH_STATIC_LINKING_ONLY  // the size of a state
#include "system-under-test/plaza/domain/cells.hpp"

#include <xxhash.h>

#include <array>

namespace plaza {

Cells::Cells(CellList kept) {
  for (auto& [key, value] : kept) place(key, std::move(value));
}

const std::string* Cells::find(std::string_view key) const {
  const auto found = cells_.find(key);
  return found == cells_.end() ? nullptr : &found->second;
}

void Cells::put(std::string_view key, std::string value) {
  if (place(key, std::move(value))) changed_.emplace(key);
}

bool Cells::place(std::string_view key, std::string value) {
  auto at = cells_.lower_bound(key);
  if (at != cells_.end() && at->first == key) {
    if (at->second == value) return false;
    hash_ -= hash_of(key, at->second);
    bytes_ -= at->second.size();
  } else {
    at = cells_.emplace_hint(at, key, std::string());
    bytes_ += key.size();
  }
  hash_ += hash_of(key, value);
  bytes_ += value.size();
  at->second = std::move(value);
  return true;
}

void Cells::erase(std::string_view key) {
  const auto found = cells_.find(key);
  if (found == cells_.end()) return;
  changed_.emplace(key);  // first: the key may be a part of what goes now
  hash_ -= hash_of(found->first, found->second);
  bytes_ -= found->first.size() + found->second.size();
  cells_.erase(found);
}

void Cells::each(std::string_view prefix,
                 const std::function<void(std::string_view key, std::string_view value)>& visit) const {
  for (auto at = cells_.lower_bound(prefix); at != cells_.end() && at->first.starts_with(prefix); ++at)
    visit(at->first, at->second);
}

std::vector<CellChange> Cells::take_changes() {
  std::vector<CellChange> changes;
  changes.reserve(changed_.size());
  while (!changed_.empty()) {
    CellChange change{.key = std::move(changed_.extract(changed_.begin()).value()), .value = std::nullopt};
    if (const std::string* value = find(change.key)) change.value = *value;
    changes.push_back(std::move(change));
  }
  return changes;
}

CellList Cells::all() const { return {cells_.begin(), cells_.end()}; }

std::uint64_t Cells::hash_of(const CellList& cells) {
  std::uint64_t hash = 0;
  for (const auto& [key, value] : cells) hash += hash_of(key, value);
  return hash;
}

// With the length of the key in front, so that no part of a key passes for one of the value. Nodes compare these hashes
// and disks keep them: they never change.
std::uint64_t Cells::hash_of(std::string_view key, std::string_view value) {
  std::array<char, 8> length{};
  for (std::size_t i = 0; i < length.size(); ++i)
    length[i] = static_cast<char>(static_cast<std::uint64_t>(key.size()) >> (8 * i));
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, length.data(), length.size());
  XXH3_64bits_update(&state, key.data(), key.size());
  XXH3_64bits_update(&state, value.data(), value.size());
  return XXH3_64bits_digest(&state);
}

}  // namespace plaza
