#include "visualizer/screen/column.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "visualizer/screen/lane_shapes.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kRowHeight = 44;
constexpr float kFactName = 104;

}  // namespace

Column::Column(Box box)
    : box_(box),
      x_(box.x + pad() + px(2)),
      y_(box.y + px(12) - ImGui::GetScrollY()),
      width_(std::max(box.w - 2 * pad() - px(8), 1.0F)) {}

Column::~Column() {
  ImGui::SetCursorScreenPos({x_, y_});
  ImGui::Dummy({1, px(12)});
}

void Column::gap(float height) { y_ += px(height); }

Box Column::take(float height) {
  const Box box{x_, y_, width_, height};
  y_ += height;
  return box;
}

void Column::section(std::string_view name, std::string_view remark) {
  gap(10);
  ImGui::GetWindowDrawList()->AddLine({box_.x, y_ + 0.5F}, {box_.right(), y_ + 0.5F}, palette::kLine);
  gap(10);
  const Box box = take(px(24));
  put_text_in({box.x, box.y, box.w, px(18)}, palette::kText, name, Align::left, bold_font());
  const float used = text_width(name, bold_font()) + px(10);
  put_text_in({box.x + used, box.y, std::max(box.w - used, 0.0F), px(18)}, palette::kFaint, remark, Align::right,
              small_font());
}

void Column::text(ImU32 colour, std::string_view text, ImFont* font) {
  y_ += put_wrapped({x_, y_}, colour, text, width_, font) + px(3);
}

void Column::line(ImU32 colour, std::string_view text, ImFont* font) {
  put_text({x_, y_}, colour, text, width_, font);
  y_ += text_height(font) + px(4);
}

void Column::fact(std::string_view name, std::string_view value) {
  const float name_width = std::min(px(kFactName), width_ * 0.4F);
  put_text({x_, y_}, palette::kFaint, name, name_width - px(6));
  y_ += put_wrapped({x_ + name_width, y_}, palette::kText, value, width_ - name_width) + px(5);
}

void Column::more(std::size_t n) {
  if (n > 0) line(palette::kFaint, fmt::format("and {} more", count_text(n)), small_font());
}

void Column::event_row(Ui& ui, std::string_view label, Edge edge, std::string_view key) {
  const EventRow& row = ui.trace().events()[edge.event];
  const Box box = take(px(kRowHeight));
  const Box back{box.x - px(6), box.y, box.w + px(12), box.h - px(3)};
  const Touch it = touch(label, back);
  if (it.hovered) fill(back, palette::kHover, px(5));
  const bool tied = edge.kind != CauseKind::none;
  if (tied) fill({back.x, back.y + px(4), px(3), back.h - px(8)}, palette::of(edge.kind), px(1.5F));

  const KindGroup group = group_of(row.kind);
  const float top = box.y + px(3);
  const float first = box.x + px(5);
  draw_glyph(group, {first + px(5), top + px(9)}, palette::of(group));
  const std::string_view kind = ui.trace().kind_name(edge.event);
  const float kind_x = first + px(16);
  const float kind_width = std::min(text_width(kind, bold_font()), width_ * 0.4F);
  put_text({kind_x, top}, palette::of(group), kind, kind_width + 1, bold_font());

  std::string apart;
  if (const EventRow* cursor = ui.cursor_row(); tied && cursor != nullptr) {
    apart = fmt::format("{} · {}", word_for(edge.kind), apart_text(row.at_ns, cursor->at_ns));
  } else {
    apart = seconds_text(row.at_ns);
  }
  const float host_x = kind_x + kind_width + px(8);
  const float apart_width = std::min(text_width(apart, small_font()), std::max(box.right() - host_x, 0.0F));
  put_text({box.right() - apart_width, top + px(2)}, palette::kMuted, apart, apart_width + 1, small_font());
  const float host_width = box.right() - apart_width - host_x - px(8);
  if (host_width > px(40)) {
    put_text({host_x, top}, palette::kMuted, readable(host_name(ui.trace(), row.host)), host_width);
  }

  const float key_width = key.empty() ? 0 : key_cap_width(key) + px(8);
  const std::string detail = fmt::format("{}  {}", count_text(ui.trace().id(edge.event)), ui.details.of(edge.event));
  put_text({kind_x, top + px(19)}, palette::kMuted, detail, box.right() - key_width - kind_x, small_font());
  if (!key.empty()) put_key_cap({box.right() - key_width + px(8), top + px(17)}, key);
  if (it.hovered) {
    tooltip(fmt::format("{}\n{}", ui.details.of(edge.event), tied ? sentence_for(edge.kind) : std::string_view("")));
  }
  if (it.clicked) ui.view.go_to(edge.event);
}

}  // namespace stillpoint::view
