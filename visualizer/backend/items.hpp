#pragma once
// Where things are on the screen, by name, so that a test can click on "Replay" as a person would, wherever it was
// drawn. The screen names what it draws; unless somebody records, that does nothing.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "visualizer/backend/geometry.hpp"

namespace stillpoint::view {

// Names the item that ImGui drew last in this frame. Only what is in sight is recorded: the part of it within the
// present clip rectangle.
void mark_item(std::string_view label);
// Names a part of the screen that is no item of ImGui's.
void mark_item(std::string_view label, Rect rect);

// What was named in one frame, in the order of drawing.
class Items {
 public:
  // The first of that name; nullopt if there is none in sight.
  std::optional<Rect> find(std::string_view label) const;
  std::size_t count(std::string_view label) const;
  const std::vector<std::pair<std::string, Rect>>& all() const { return items_; }
  void clear() { items_.clear(); }
  void add(std::string_view label, Rect rect) { items_.emplace_back(label, rect); }

 private:
  std::vector<std::pair<std::string, Rect>> items_;
};

// While it lives, mark_item() writes into `items`. There is one at a time.
class RecordItems {
 public:
  explicit RecordItems(Items& items);
  ~RecordItems();
  RecordItems(const RecordItems&) = delete;
  RecordItems& operator=(const RecordItems&) = delete;
};

}  // namespace stillpoint::view
