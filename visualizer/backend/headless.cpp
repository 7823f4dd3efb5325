#include "visualizer/backend/headless.hpp"

#include <fmt/format.h>
#include <imgui.h>

#include <stillpoint/error.hpp>

#include "sim-core/base/assert.hpp"
#include "visualizer/backend/raster.hpp"
#include "visualizer/backend/redraw.hpp"

namespace stillpoint::view {
namespace {

// The code points of a text. What is no UTF-8 is a mistake in a test.
std::u32string code_points(std::string_view text) {
  std::u32string points;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    SP_ASSERT(at + length <= text.size());
    char32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    for (std::size_t next = 1; next < length; ++next) {
      point = point << 6 | (static_cast<unsigned char>(text[at + next]) & 0x3f);
    }
    points.push_back(point);
    at += length;
  }
  return points;
}

}  // namespace

Headless::Headless(std::function<void()> draw, Size size) : draw_(std::move(draw)), size_(size) {
  session_.set_clipboard(
      {.write = [this](const std::string& text) { clipboard_ = text; }, .read = [this] { return clipboard_; }});
}

void Headless::frame(double seconds) {
  session_.input().begin_frame_mouse(session_.io());
  session_.begin_frame(size_, seconds);
  items_.clear();
  take_redraw_request();
  {
    const RecordItems record(items_);
    draw_();
  }
  drawn_ = &session_.end_frame();
}

void Headless::frames(int n) {
  for (int drawn = 0; drawn < n; ++drawn) frame();
}

int Headless::settle(int limit) {
  int drawn = 0;
  do {
    frame();
    ++drawn;
  } while (drawn < limit && take_redraw_request());
  return drawn;
}

void Headless::resize(Size size) {
  size_ = size;
  frames(2);
}

void Headless::move_mouse(Point to) {
  session_.input().move_mouse(to);
  frames(2);
}

void Headless::button(MouseButton which, bool down) {
  session_.input().mouse_button(which, down);
  frame();
}

void Headless::hold(Modifiers modifiers) {
  for (const int code : codes_of(modifiers)) session_.input().key(code, KeyAction::press, {});
}

void Headless::let_go(Modifiers modifiers) {
  for (const int code : codes_of(modifiers)) session_.input().key(code, KeyAction::release, {});
}

void Headless::click(Point at, MouseButton which, Modifiers modifiers) {
  move_mouse(at);
  frame(2 * static_cast<double>(session_.io().MouseDoubleClickTime));
  hold(modifiers);
  button(which, true);
  button(which, false);
  let_go(modifiers);
  frame();
}

void Headless::double_click(Point at) {
  click(at);
  button(MouseButton::left, true);
  button(MouseButton::left, false);
  frame();
}

void Headless::drag(Point from, Point to) {
  move_mouse(from);
  frame(2 * static_cast<double>(session_.io().MouseDoubleClickTime));
  button(MouseButton::left, true);
  constexpr int kSteps = 8;
  for (int step = 1; step <= kSteps; ++step) {
    const float share = static_cast<float>(step) / kSteps;
    session_.input().move_mouse({from.x + (to.x - from.x) * share, from.y + (to.y - from.y) * share});
    frame();
  }
  button(MouseButton::left, false);
  frame();
}

void Headless::scroll(Point at, float lines, Modifiers modifiers) {
  move_mouse(at);
  hold(modifiers);
  session_.input().turn_wheel(lines);
  frame();
  let_go(modifiers);
  frame();
}

void Headless::press(Key key, Modifiers modifiers) {
  const Strike strike = how_to_strike(key, modifiers);
  const Modifiers held{.ctrl = modifiers.ctrl, .shift = strike.shift, .alt = modifiers.alt};
  hold(held);
  session_.input().key(strike.code, KeyAction::press, held);
  if (strike.character != 0) session_.input().character(strike.character);
  frame();
  session_.input().key(strike.code, KeyAction::release, held);
  let_go(held);
  frames(2);
}

void Headless::type(std::string_view text) {
  for (const char32_t character : code_points(text)) {
    session_.input().character(character);
    frame();
  }
  frame();
}

Point Headless::centre_of(std::string_view label) const {
  const std::optional<Rect> rect = items_.find(label);
  if (!rect) throw Error(fmt::format("nothing named '{}' is in sight", label));
  return rect->centre();
}

void Headless::click(std::string_view label, MouseButton which, Modifiers modifiers) {
  click(centre_of(label), which, modifiers);
}

void Headless::double_click(std::string_view label) { double_click(centre_of(label)); }

void Headless::hover(std::string_view label) { move_mouse(centre_of(label)); }

const ImDrawData& Headless::draw_data() const {
  SP_ASSERT(drawn_ != nullptr);
  return *drawn_;
}

Picture Headless::picture() {
  SP_ASSERT(drawn_ != nullptr);
  return rasterise(*drawn_, session_.fonts(), rgb(0, 0, 0));
}

}  // namespace stillpoint::view
