#include "sim-core/base/nearest.hpp"

#include <algorithm>
#include <numeric>

namespace stillpoint {
namespace {

// Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t substituted = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({substituted, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string nearest_name(std::string_view wrong, std::span<const std::string> names) {
  constexpr std::size_t kLongestName = 200;  // the distance is quadratic
  if (wrong.size() > kLongestName) return {};
  const std::string* best = nullptr;
  std::size_t best_distance = 0;
  for (const std::string& name : names) {
    const std::size_t distance = edit_distance(wrong, name);
    if (best == nullptr || distance < best_distance) {
      best = &name;
      best_distance = distance;
    }
  }
  if (best == nullptr || best_distance > std::max<std::size_t>(2, best->size() / 3)) return {};
  return *best;
}

std::string did_you_mean(std::string_view wrong, std::span<const std::string> names) {
  const std::string name = nearest_name(wrong, names);
  return name.empty() ? "" : " Did you mean '" + name + "'?";
}

}  // namespace stillpoint
