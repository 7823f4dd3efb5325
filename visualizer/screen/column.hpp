#pragma once
// A column of text and rows that scrolls: what the panel on the right is written in.
#include <cstddef>
#include <string_view>

#include "visualizer/screen/ui.hpp"

namespace stillpoint::view {

class Column {
 public:
  // In the current part, from its top, as far as it is scrolled.
  explicit Column(Box box);
  // Makes room for what was written, so that it can be scrolled.
  ~Column();
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  void gap(float height);
  // A line between sections, and the name of the next one, with a remark at the right.
  void section(std::string_view name, std::string_view remark = {});
  void text(ImU32 colour, std::string_view text, ImFont* font = nullptr);  // wrapped
  void line(ImU32 colour, std::string_view text, ImFont* font = nullptr);  // cut
  // A name in the left half, a value in the right one, wrapped.
  void fact(std::string_view name, std::string_view value);
  // "and 23 more", unless it is none.
  void more(std::size_t n);
  // A row that goes to an event; `link` is what ties it to the cursor, and `key` goes there too.
  void event_row(Ui& ui, std::string_view label, Edge edge, std::string_view key);
  // The next `height` pixels.
  Box take(float height);

 private:
  Box box_;
  float x_;
  float y_;
  float width_;
};

}  // namespace stillpoint::view
