#pragma once
// The few things that the screen is drawn with: text that knows its box, parts with a clip rectangle, places to click.
// Lengths are in pixels at scale 1 and go through px().
#include <imgui.h>

#include <string>
#include <string_view>

#include "visualizer/backend/theme.hpp"
#include "visualizer/screen/layout.hpp"
#include "visualizer/screen/palette.hpp"

namespace stillpoint::view {

inline float px(float length) { return length * scale(); }
inline float pad() { return px(12); }

// ---- text, on the draw list of the current window ----

float text_width(std::string_view text, ImFont* font = nullptr);
float text_height(ImFont* font = nullptr);
// On one line from `at`; what is wider than `width` ends in "…".
void put_text(ImVec2 at, ImU32 colour, std::string_view text, float width = 1e9F, ImFont* font = nullptr);
enum class Align { left, centre, right };
// On one line in the middle of the box's height.
void put_text_in(Box box, ImU32 colour, std::string_view text, Align align = Align::left, ImFont* font = nullptr);
// Wrapped at `width`, at most `lines`; returns its height. Draws nothing if `colour` is transparent.
float put_wrapped(ImVec2 at, ImU32 colour, std::string_view text, float width, ImFont* font = nullptr);

// ---- shapes ----

void fill(Box box, ImU32 colour, float rounding = 0);
void outline(Box box, ImU32 colour, float rounding = 0, float thickness = 1);
// The cap of a key with its name; returns its width. The other one only measures.
float put_key_cap(ImVec2 at, std::string_view key);
float key_cap_width(std::string_view key);
// A rounded label; returns its width.
float put_chip(ImVec2 at, ImU32 colour, std::string_view text);

// ---- parts ----

// A child window that covers a box, with its own clip rectangle; false if the box has no room. Its content may be
// larger than it if it scrolls.
class Part {
 public:
  enum class Scrolls { no, yes };
  Part(const char* id, Box box, ImU32 ground, Scrolls scrolls = Scrolls::no);
  ~Part();
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;
  explicit operator bool() const { return visible_; }

 private:
  bool begun_ = false;
  bool visible_ = false;
};

// ---- places to click ----

struct Touch {
  bool hovered = false;
  bool held = false;
  bool clicked = false;
};
// An invisible button, known to tests by its label. `id` tells it from others in the same part.
Touch touch(std::string_view label, Box box);
// A quiet button with a text. What has no use at the moment is `enabled = no`.
enum class Enabled { no, yes };
bool text_button(std::string_view label, Box box, std::string_view text, Enabled enabled = Enabled::yes);
// Shown under the pointer, wrapped.
void tooltip(std::string_view text);
// A tooltip whose first line names something, and whose second line has a key.
void tooltip_with_key(std::string_view text, std::string_view keys);

}  // namespace stillpoint::view
