#pragma once
// The viewer without a window: draws frames of 1/60 s of its own time, and does what a person would do with mouse and
// keyboard. For tests, and for pictures. What it draws depends on what was done, and on nothing else.
//
// Every action takes effect before it returns, and one more frame is drawn so that the whole screen shows it.
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "visualizer/backend/geometry.hpp"
#include "visualizer/backend/imgui_session.hpp"
#include "visualizer/backend/items.hpp"
#include "visualizer/backend/keys.hpp"
#include "visualizer/backend/picture.hpp"

namespace stillpoint::view {

class Headless {
 public:
  static constexpr Size kDefaultSize{1600, 1000};

  // `draw` is called once a frame, and must outlive nothing: it is copied. No frame is drawn yet.
  explicit Headless(std::function<void()> draw, Size size = kDefaultSize);

  // Draws n frames in which nobody does anything.
  void frames(int n = 1);
  // Draws frames until nobody asks for another one (redraw.hpp), at most `limit`; returns how many it were.
  int settle(int limit = 10'000);
  void resize(Size size);

  // ---- the mouse ----
  void move_mouse(Point to);
  // Two clicks on the same point are two clicks, however soon one follows the other: between them, time passes.
  void click(Point at, MouseButton button = MouseButton::left, Modifiers modifiers = {});
  void double_click(Point at);
  void drag(Point from, Point to);
  // Positive: up, away from the user.
  void scroll(Point at, float lines, Modifiers modifiers = {});

  // ---- the keyboard, a US one ----
  void press(Key key, Modifiers modifiers = {});
  // Characters as they come from a keyboard, one a frame. UTF-8.
  void type(std::string_view text);

  // ---- by name (items.hpp), as last drawn. Each throws Error if there is nothing of that name in sight. ----
  void click(std::string_view label, MouseButton button = MouseButton::left, Modifiers modifiers = {});
  void double_click(std::string_view label);
  void hover(std::string_view label);
  // nullopt: nothing of that name is in sight.
  std::optional<Rect> rect_of(std::string_view label) const { return items_.find(label); }
  const Items& items() const { return items_; }

  // ---- what came of it ----
  // Of the last frame; a frame must have been drawn.
  Picture picture();
  const ImDrawData& draw_data() const;
  const std::string& clipboard() const { return clipboard_; }
  void set_clipboard(std::string text) { clipboard_ = std::move(text); }
  ImGuiSession& session() { return session_; }

 private:
  void frame(double seconds = kFrameSeconds);
  void button(MouseButton which, bool down);
  void hold(Modifiers modifiers);
  void let_go(Modifiers modifiers);
  Point centre_of(std::string_view label) const;

  static constexpr double kFrameSeconds = 1.0 / 60;

  std::function<void()> draw_;
  Size size_;
  ImGuiSession session_;
  Items items_;
  std::string clipboard_;
  const ImDrawData* drawn_ = nullptr;
};

}  // namespace stillpoint::view
