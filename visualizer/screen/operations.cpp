// What each user asked for, as bars on the time axis of the lanes.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kRowHeight = 26;
constexpr float kNarrowestText = 34;

std::string outcome_text(const Operation& operation) {
  if (operation.outcome == "ok") return "ok";
  if (operation.outcome == "fail") return "failed: it had no effect";
  if (operation.outcome == "info") return "nobody knows whether it had an effect";
  return operation.outcome.empty() ? "no answer yet when the run ended" : readable(operation.outcome);
}

void tell_of(const Trace& trace, const Operation& operation) {
  const auto events = trace.events();
  const std::int64_t from = events[operation.invoke].at_ns;
  std::string text = readable(fmt::format("{}: {} {}", operation.user, operation.function, operation.arguments));
  text += fmt::format("\n{}\nfrom {}", outcome_text(operation), seconds_text(from));
  if (operation.completion != kNone) {
    text += fmt::format(", {}", length_text(difference(events[operation.completion].at_ns, from)));
  }
  if (!operation.answer.empty()) text += "\n" + readable(operation.answer);
  tooltip(text);
}

// Returns where it ends, so that what lies under the same pixel need not be drawn.
float draw_bar(Ui& ui, std::uint32_t place, Box lane, float drawn_to) {
  const Trace& trace = ui.trace();
  const Operation& operation = trace.operations()[place];
  const auto events = trace.events();
  if (operation.invoke == kNone) return drawn_to;
  const bool pending = operation.completion == kNone;
  const float from = std::max(ui.time.x_of(events[operation.invoke].at_ns), ui.time.left - px(8));
  const float end = pending ? ui.time.right() + px(8) : ui.time.x_of(events[operation.completion].at_ns);
  const float to = std::max(std::min(end, ui.time.right() + px(8)), from + px(2));
  if (to <= drawn_to + 0.5F || from > ui.time.right()) return drawn_to;
  const Box bar{from, lane.y + px(4), to - from, lane.h - px(8)};
  const Box seen{std::max(from, ui.time.left), bar.y, std::min(to, ui.time.right()) - std::max(from, ui.time.left),
                 bar.h};
  const Touch it = touch(fmt::format("operation {}", place + 1), seen);
  const ImU32 colour = palette::of_outcome(operation.outcome);
  const bool current = operation.invoke == ui.view.cursor() || (!pending && operation.completion == ui.view.cursor());
  if (pending) {
    const ImU32 clear = palette::faded(colour, 0.1F);
    ImGui::GetWindowDrawList()->AddRectFilledMultiColor(bar.min(), bar.max(), colour, clear, clear, colour);
  } else {
    fill(bar, it.hovered ? palette::faded(colour, 1) : palette::faded(colour, 0.8F), bar.w > px(8) ? px(3) : 0);
  }
  if (current) outline(bar, palette::kCursor, px(3), px(1.5F));
  const Box text{seen.x + px(6), seen.y, seen.w - px(8), seen.h};
  if (text.w > px(kNarrowestText)) {
    const std::string words = readable(fmt::format("{} {}", operation.function, operation.arguments));
    put_text_in(text, palette::kText, words, Align::left, small_font());
  }
  if (it.hovered) tell_of(trace, operation);
  if (it.clicked) {
    const float middle = (from + to) / 2;
    const bool at_its_end = !pending && ImGui::GetIO().MousePos.x > middle;
    ui.view.go_to(at_its_end ? operation.completion : operation.invoke);
  }
  return to;
}

void draw_user(Ui& ui, std::size_t n, Box lane, EventIndex first, EventIndex last) {
  const UserRow& row = ui.operation_rows.row(n);
  const bool chosen = n < ui.operation_rows.chosen();
  if (n % 2 == 1) fill(lane, palette::kPanel);
  put_text_in({lane.x + pad(), lane.y, ui.time.left - lane.x - 2 * pad(), lane.h},
              chosen ? palette::kText : palette::kMuted, readable(row.user), Align::left,
              chosen ? bold_font() : nullptr);
  ImGui::PushClipRect({ui.time.left, lane.y}, {ui.time.right(), lane.bottom()}, true);
  float drawn_to = -1e9F;
  for (const std::uint32_t place : ui.operation_rows.between(row, first, last)) {
    drawn_to = draw_bar(ui, place, lane, drawn_to);
  }
  ImGui::PopClipRect();
}

}  // namespace

void draw_operations(Ui& ui, Box box) {
  if (ui.operation_rows.size() == 0) {
    put_text_in(box, palette::kFaint, "no user asked for anything in this run", Align::centre);
    return;
  }
  const Trace& trace = ui.trace();
  const TimeRange range = ui.view.range();
  const EventIndex first = trace.at_or_after(range.begin_ns);
  const EventIndex last = trace.at_or_after(range.end_ns);
  if (ui.cursor_moved) ui.operation_list.reveal(0);
  draw_time_grid({ui.time.left, box.y, ui.time.width, box.h}, ui.time);
  ui.operation_list.draw(box, ui.operation_rows.size(), px(kRowHeight),
                         [&](std::size_t row, Box lane) { draw_user(ui, row, lane, first, last); });
  const EventRow* cursor = ui.cursor_row();
  if (cursor == nullptr) return;
  const float x = std::floor(ui.time.x_of(cursor->at_ns)) + 0.5F;
  if (x < ui.time.left || x > ui.time.right()) return;
  ImGui::GetWindowDrawList()->AddLine({x, box.y}, {x, box.bottom()}, palette::faded(palette::kCursor, 0.55F));
}

}  // namespace stillpoint::view
