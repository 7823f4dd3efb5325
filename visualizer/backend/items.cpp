#include "visualizer/backend/items.hpp"

#include <imgui.h>

#include <algorithm>

#include "sim-core/base/assert.hpp"

namespace stillpoint::view {
namespace {
Items* recording = nullptr;
}

void mark_item(std::string_view label) {
  if (recording == nullptr) return;
  const ImVec2 min = ImGui::GetItemRectMin();
  const ImVec2 max = ImGui::GetItemRectMax();
  mark_item(label, {{min.x, min.y}, {max.x, max.y}});
}

void mark_item(std::string_view label, Rect rect) {
  if (recording == nullptr) return;
  const ImVec2 clip_min = ImGui::GetWindowDrawList()->GetClipRectMin();
  const ImVec2 clip_max = ImGui::GetWindowDrawList()->GetClipRectMax();
  const Rect in_sight{{std::max(rect.min.x, clip_min.x), std::max(rect.min.y, clip_min.y)},
                      {std::min(rect.max.x, clip_max.x), std::min(rect.max.y, clip_max.y)}};
  if (!in_sight.empty()) recording->add(label, in_sight);
}

std::optional<Rect> Items::find(std::string_view label) const {
  const auto found = std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == label; });
  if (found == items_.end()) return std::nullopt;
  return found->second;
}

std::size_t Items::count(std::string_view label) const {
  return static_cast<std::size_t>(
      std::count_if(items_.begin(), items_.end(), [&](const auto& item) { return item.first == label; }));
}

RecordItems::RecordItems(Items& items) {
  SP_ASSERT(recording == nullptr);
  recording = &items;
}

RecordItems::~RecordItems() { recording = nullptr; }

}  // namespace stillpoint::view
