#include "visualizer/screen/widgets.hpp"

#include <algorithm>
#include <cmath>

#include "visualizer/backend/items.hpp"

namespace stillpoint::view {
namespace {

constexpr std::string_view kEllipsis = "…";
constexpr float kEndless = 1e30F;

ImFont& font_or_default(ImFont* font) { return font != nullptr ? *font : *text_font(); }

ImVec2 whole(ImVec2 at) { return {std::floor(at.x), std::floor(at.y)}; }

void add_text(ImFont& font, ImVec2 at, ImU32 colour, std::string_view text) {
  if (text.empty()) return;
  ImGui::GetWindowDrawList()->AddText(&font, font.FontSize, whole(at), colour, text.data(), text.data() + text.size());
}

}  // namespace

float text_width(std::string_view text, ImFont* font) {
  if (text.empty()) return 0;  // ImGui takes a null end for "up to the null byte"
  ImFont& used = font_or_default(font);
  return std::ceil(used.CalcTextSizeA(used.FontSize, kEndless, 0, text.data(), text.data() + text.size()).x);
}

float text_height(ImFont* font) { return font_or_default(font).FontSize; }

void put_text(ImVec2 at, ImU32 colour, std::string_view text, float width, ImFont* font) {
  if (width <= 0 || text.empty()) return;
  ImFont& used = font_or_default(font);
  const char* const end = text.data() + text.size();
  const char* fits = end;
  // ImGui cuts text that is exactly as wide as it may be.
  used.CalcTextSizeA(used.FontSize, width + 1, 0, text.data(), end, &fits);
  if (fits == end) {
    add_text(used, at, colour, text);
    return;
  }
  const float for_text = width - text_width(kEllipsis, font);
  if (for_text <= 0) return;
  const float used_width = used.CalcTextSizeA(used.FontSize, for_text, 0, text.data(), end, &fits).x;
  add_text(used, at, colour, {text.data(), static_cast<std::size_t>(fits - text.data())});
  add_text(used, {at.x + used_width, at.y}, colour, kEllipsis);
}

void put_text_in(Box box, ImU32 colour, std::string_view text, Align align, ImFont* font) {
  const float y = box.y + (box.h - text_height(font)) / 2;
  const float room = box.w - text_width(text, font);
  const float shift = room <= 0 || align == Align::left ? 0 : align == Align::centre ? room / 2 : room;
  put_text({box.x + shift, y}, colour, text, box.w, font);
}

float put_wrapped(ImVec2 at, ImU32 colour, std::string_view text, float width, ImFont* font) {
  if (text.empty()) return 0;
  ImFont& used = font_or_default(font);
  const float wrap = std::max(width, px(20));
  const char* const end = text.data() + text.size();
  if ((colour & IM_COL32_A_MASK) != 0) {
    ImGui::GetWindowDrawList()->AddText(&used, used.FontSize, whole(at), colour, text.data(), end, wrap);
  }
  return used.CalcTextSizeA(used.FontSize, kEndless, wrap, text.data(), end).y;
}

void fill(Box box, ImU32 colour, float rounding) {
  ImGui::GetWindowDrawList()->AddRectFilled(box.min(), box.max(), colour, rounding);
}

void outline(Box box, ImU32 colour, float rounding, float thickness) {
  ImGui::GetWindowDrawList()->AddRect(box.min(), box.max(), colour, rounding, 0, thickness);
}

float key_cap_width(std::string_view key) { return std::max(text_width(key, small_font()) + px(10), px(18)); }

float put_key_cap(ImVec2 at, std::string_view key) {
  const Box cap{std::floor(at.x), std::floor(at.y), key_cap_width(key), px(17)};
  fill(cap, palette::kRaised, px(4));
  outline(cap, palette::kStrongLine, px(4));
  put_text_in(cap, palette::kMuted, key, Align::centre, small_font());
  return cap.w;
}

float put_chip(ImVec2 at, ImU32 colour, std::string_view text) {
  const Box chip{std::floor(at.x), std::floor(at.y), text_width(text, bold_font()) + px(18), px(24)};
  fill(chip, palette::faded(colour, 0.16F), px(12));
  outline(chip, palette::faded(colour, 0.55F), px(12));
  put_text_in(chip, colour, text, Align::centre, bold_font());
  return chip.w;
}

Part::Part(const char* id, Box box, ImU32 ground, Scrolls scrolls) {
  if (box.empty()) return;
  ImGui::SetCursorScreenPos(box.min());
  ImGuiWindowFlags flags = ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoNav;
  if (scrolls == Scrolls::no) flags |= ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
  begun_ = true;
  visible_ = ImGui::BeginChild(id, box.size(), false, flags);
  if (visible_) fill(box, ground);
}

Part::~Part() {
  if (begun_) ImGui::EndChild();
}

Touch touch(std::string_view label, Box box) {
  if (box.w < 1 || box.h < 1) return {};
  ImGui::SetCursorScreenPos(box.min());
  ImGui::PushID(label.data(), label.data() + label.size());
  Touch result;
  result.clicked = ImGui::InvisibleButton("", box.size());
  result.hovered = ImGui::IsItemHovered();
  result.held = ImGui::IsItemActive();
  mark_item(label);
  ImGui::PopID();
  return result;
}

bool text_button(std::string_view label, Box box, std::string_view text, Enabled enabled) {
  const Touch it = touch(label, box);
  const bool can = enabled == Enabled::yes;
  fill(box, can && it.hovered ? palette::kHover : palette::kRaised, px(5));
  outline(box, palette::kStrongLine, px(5));
  put_text_in(box.inset(px(6), 0), can ? palette::kText : palette::kFaint, text, Align::centre);
  return can && it.clicked;
}

void tooltip(std::string_view text) { tooltip_with_key(text, {}); }

void tooltip_with_key(std::string_view text, std::string_view keys) {
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(10), px(7)});
  ImGui::BeginTooltip();
  ImGui::PushTextWrapPos(px(460));
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  if (!keys.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, palette::kMuted);
    ImGui::TextUnformatted(keys.data(), keys.data() + keys.size());
    ImGui::PopStyleColor();
  }
  ImGui::PopTextWrapPos();
  ImGui::EndTooltip();
  ImGui::PopStyleVar();
}

}  // namespace stillpoint::view
