#include "visualizer/screen/time_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kTickDistance = 92;
constexpr std::int64_t kLargestPower = 1'000'000'000'000'000'000;

// later - earlier without overflow.
double distance(std::int64_t later, std::int64_t earlier) {
  return later >= earlier
             ? static_cast<double>(static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier))
             : -static_cast<double>(static_cast<std::uint64_t>(earlier) - static_cast<std::uint64_t>(later));
}

std::int64_t nice_step(double at_least_ns) {
  std::int64_t power = 1;
  while (static_cast<double>(power) * 10 < at_least_ns && power < kLargestPower) power *= 10;
  for (const std::int64_t digit : {1, 2, 5}) {
    if (static_cast<double>(power * digit) >= at_least_ns) return power * digit;
  }
  return power < kLargestPower ? power * 10 : power * 5;
}

// In a unit in which the step is readable: "86.2 ms", "3 s", "412.5 us".
std::string tick_label(std::int64_t at_ns, std::int64_t step_ns) {
  struct Unit {
    std::int64_t ns;
    const char* name;
  };
  const Unit unit = step_ns >= 100'000'000 || at_ns >= 100'000'000'000 ? Unit{1'000'000'000, "s"}
                    : step_ns >= 1'000 || at_ns >= 10'000'000          ? Unit{1'000'000, "ms"}
                                                                       : Unit{1'000, "us"};
  int decimals = 0;
  for (std::int64_t part = unit.ns; part > step_ns; part /= 10) ++decimals;
  return fmt::format("{:.{}f} {}", static_cast<double>(at_ns) / static_cast<double>(unit.ns), decimals, unit.name);
}

// The cursor's time, on the axis; empty if it is not in sight.
Box flag_of(const Ui& ui, Box area, const TimeScale& scale) {
  const EventRow* row = ui.cursor_row();
  if (row == nullptr) return {};
  const float x = scale.x_of(row->at_ns);
  if (x < scale.left - 1 || x > scale.right() + 1) return {};
  const float width = text_width(seconds_text(row->at_ns)) + px(14);
  const float left = std::clamp(x - width / 2, scale.left, std::max(scale.left, scale.right() - width));
  return {left, area.y + px(3), width, area.h - px(6)};
}

}  // namespace

double TimeScale::exact_x_of(std::int64_t at_ns) const {
  const auto length = static_cast<double>(std::max<std::int64_t>(range.length(), 1));
  return static_cast<double>(left) + distance(at_ns, range.begin_ns) / length * static_cast<double>(width);
}

float TimeScale::x_of(std::int64_t at_ns) const {
  return static_cast<float>(std::clamp(exact_x_of(at_ns), static_cast<double>(left) - kBeyondScale,
                                       static_cast<double>(right()) + kBeyondScale));
}

std::int64_t TimeScale::time_at(float x) const {
  const double share = std::clamp(static_cast<double>(x - left) / static_cast<double>(std::max(width, 1.0F)), 0.0, 1.0);
  const auto length = static_cast<double>(std::max<std::int64_t>(range.length(), 1));
  return std::min(range.begin_ns + static_cast<std::int64_t>(share * length), range.end_ns);
}

std::vector<Tick> ticks(TimeRange range, int most) {
  std::vector<Tick> result;
  if (range.length() <= 0 || most < 1) return result;
  const std::int64_t step = nice_step(static_cast<double>(range.length()) / most);
  std::int64_t at = range.begin_ns / step * step;
  if (at < range.begin_ns) at += step;
  for (; at <= range.end_ns && result.size() <= static_cast<std::size_t>(most); at += step) {
    result.push_back({at, tick_label(at, step)});
    if (at > range.end_ns - step) break;  // the next one might not fit into 64 bits
  }
  return result;
}

void draw_time_grid(Box area, const TimeScale& scale) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  for (const Tick& tick : ticks(scale.range, static_cast<int>(scale.width / px(kTickDistance)))) {
    const float x = std::floor(scale.x_of(tick.at_ns)) + 0.5F;
    draw.AddLine({x, area.y}, {x, area.bottom()}, palette::faded(palette::kStrongLine, 0.45F));
  }
}

void draw_time_axis(Ui& ui, Box area, const TimeScale& scale) {
  const Part part("axis", area, palette::kPanel);
  if (!part) return;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float y = area.y + (area.h - ImGui::GetFontSize()) / 2;
  draw.AddLine({area.x, area.bottom() - 0.5F}, {area.right(), area.bottom() - 0.5F}, palette::kLine);
  put_text_in({area.x + pad(), area.y, scale.left - area.x - pad() - px(6), area.h}, palette::kFaint,
              rough_length_text(scale.range.length()) + " in sight", Align::left, small_font());
  const Box flag = flag_of(ui, area, scale);
  for (const Tick& tick : ticks(scale.range, static_cast<int>(scale.width / px(kTickDistance)))) {
    const float x = std::floor(scale.x_of(tick.at_ns)) + 0.5F;
    draw.AddLine({x, area.bottom() - px(5)}, {x, area.bottom()}, palette::kFaint);
    const float width = text_width(tick.label);
    const float left = std::clamp(x - width / 2, scale.left, std::max(scale.left, scale.right() - width - 2));
    const bool covered = left < flag.right() + px(4) && left + width > flag.x - px(4);
    if (!covered) put_text({left, y - 1}, palette::kMuted, tick.label);
  }
  if (flag.empty()) return;
  fill(flag, palette::kCursor, px(4));
  put_text_in(flag, palette::kGround, seconds_text(ui.cursor_row()->at_ns), Align::centre);
}

}  // namespace stillpoint::view
