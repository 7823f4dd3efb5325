// All events that pass the filter, one a row; the cursor's row stays in sight.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kRowHeight = 22;
constexpr float kHeadHeight = 22;

// Where the columns begin and how wide they are; narrow ones first lose their detail.
struct Columns {
  Box event;  // only x and w count
  Box time;
  Box host;
  Box kind;
  Box detail;
};

Columns columns_of(Box row, std::size_t most_digits) {
  Columns columns;
  float x = row.x + pad();
  const auto take = [&](float width) {
    const Box box{x, row.y, std::max(0.0F, std::min(width, row.right() - x)), row.h};
    x += width + px(16);
    return box;
  };
  columns.event = take(px(std::max(46.0F, 10.0F * static_cast<float>(most_digits))));
  columns.time = take(px(104));
  columns.host = take(px(row.w < px(600) ? 70 : 96));
  columns.kind = take(px(70));
  columns.detail = {x, row.y, std::max(0.0F, row.right() - x - px(6)), row.h};
  return columns;
}

void draw_head(const Columns& columns) {
  const auto name = [](Box box, std::string_view text, Align align = Align::left) {
    put_text_in(box, palette::kFaint, text, align, small_font());
  };
  name(columns.event, "event", Align::right);
  name(columns.time, "time", Align::right);
  name(columns.host, "host");
  name(columns.kind, "kind");
  name(columns.detail, "what happened");
}

void draw_row(Ui& ui, EventIndex event, Box box, std::size_t digits) {
  const Trace& trace = ui.trace();
  const EventRow& row = trace.events()[event];
  const bool current = event == ui.view.cursor();
  const Touch it = touch(fmt::format("row {}", trace.id(event)), box);
  if (current) {
    fill(box, palette::faded(palette::kAccent, 0.2F));
    fill({box.x, box.y, px(3), box.h}, palette::kCursor);
  } else if (it.hovered) {
    fill(box, palette::kRaised);
  }
  const bool lit = ui.view.cone().contains(event) || current;
  const auto shade = [lit](ImU32 colour) { return lit ? colour : palette::faded(colour, 0.5F); };
  const ImU32 plain = shade(row.marks != 0 ? palette::kMarked : palette::kText);
  const Columns columns = columns_of(box, digits);
  put_text_in(columns.event, shade(palette::kMuted), count_text(trace.id(event)), Align::right);
  put_text_in(columns.time, shade(palette::kMuted), seconds_text(row.at_ns), Align::right);
  put_text_in(columns.host, plain, readable(host_name(trace, row.host)));
  put_text_in(columns.kind, shade(palette::of(group_of(row.kind))), trace.kind_name(event));
  const std::string& detail = ui.details.of(event);
  if (columns.detail.w > px(20)) put_text_in(columns.detail, plain, detail);
  if (it.hovered && columns.detail.w < text_width(detail)) tooltip(detail);
  if (it.clicked) ui.view.go_to(event);
}

}  // namespace

void draw_event_table(Ui& ui, Box box) {
  const std::size_t rows = ui.view.row_count();
  if (rows == 0) {
    const bool searching = !ui.view.filter_complete();
    put_text_in(box, palette::kFaint,
                searching                  ? "looking…"
                : ui.view.filter().empty() ? "no events"
                                           : "no event matches the filter",
                Align::centre);
    return;
  }
  const auto events = ui.trace().events();
  const std::size_t digits = count_text(ui.trace().id(static_cast<EventIndex>(events.size() - 1))).size();
  const float head = box.h > px(3 * kRowHeight) ? px(kHeadHeight) : 0;
  if (head > 0) draw_head(columns_of({box.x, box.y, box.w - px(12), head}, digits));
  if (ui.follow_in_table && ui.view.cursor() != kNone) ui.event_list.reveal(ui.view.row_of(ui.view.cursor()));
  ui.follow_in_table = ui.follow_in_table && !ui.view.filter_complete();
  ui.event_list.draw({box.x, box.y + head, box.w, box.h - head}, rows, px(kRowHeight),
                     [&](std::size_t row, Box place) { draw_row(ui, ui.view.row(row), place, digits); });
}

}  // namespace stillpoint::view
