// What the hosts wrote to their logs.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kRowHeight = 22;

// The last line that was written by the moment of an event.
std::size_t line_at(const std::vector<LogLine>& log, EventIndex event) {
  const auto after = std::upper_bound(log.begin(), log.end(), event,
                                      [](EventIndex at, const LogLine& line) { return at < line.event; });
  return after == log.begin() ? 0 : static_cast<std::size_t>(after - log.begin()) - 1;
}

void draw_line(Ui& ui, std::size_t n, Box box) {
  const LogLine& line = ui.trace().log()[n];
  const Touch it = touch(fmt::format("log {}", n + 1), box);
  const bool current = line.event != kNone && line.event == ui.view.cursor();
  if (current) {
    fill(box, palette::faded(palette::kAccent, 0.2F));
    fill({box.x, box.y, px(3), box.h}, palette::kCursor);
  } else if (it.hovered) {
    fill(box, palette::kRaised);
  }
  float x = box.x + pad();
  const auto take = [&](float width) {
    const Box column{x, box.y, std::max(0.0F, std::min(px(width), box.right() - x)), box.h};
    x += px(width + 16);
    return column;
  };
  put_text_in(take(104), palette::kMuted, seconds_text(line.at_ns), Align::right);
  put_text_in(take(96), palette::kMuted, readable(host_name(ui.trace(), line.host)));
  const std::string text = readable(line.text);
  const Box column{x, box.y, std::max(0.0F, box.right() - x - px(6)), box.h};
  put_text_in(column, palette::kText, text);
  if (it.hovered) tooltip(fmt::format("{}\nseverity {}", text, line.severity));
  if (it.clicked && line.event != kNone) ui.view.go_to(line.event);
}

}  // namespace

void draw_log(Ui& ui, Box box) {
  const auto& log = ui.trace().log();
  if (log.empty()) {
    put_text_in(box, palette::kFaint, "no host wrote to its log", Align::centre);
    return;
  }
  if (ui.cursor_moved && ui.view.cursor() != kNone) ui.log_list.reveal(line_at(log, ui.view.cursor()));
  ui.log_list.draw(box, log.size(), px(kRowHeight), [&](std::size_t row, Box place) { draw_line(ui, row, place); });
}

}  // namespace stillpoint::view
