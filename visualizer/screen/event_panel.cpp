// The panel on the right: the event at the cursor, what led to it, what it led to, what it carried, and its host.
#include <fmt/format.h>

#include <algorithm>

#include "visualizer/backend/items.hpp"
#include "visualizer/screen/column.hpp"
#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/palette.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kMostRows = 12;
constexpr std::size_t kMostLines = 60;
constexpr std::size_t kMostOfList = 6;
constexpr float kGripWidth = 5;
constexpr std::size_t kLongestDetail = 200;  // bytes that a detail shows

void draw_event(Ui& ui, Column& column, EventIndex event, const EventRow& row) {
  const KindGroup group = group_of(row.kind);
  const Box title = column.take(px(26));
  put_text_in(title, palette::of(group), ui.trace().kind_name(event), Align::left, heading_font());
  put_text_in(title, palette::kMuted, event_name(ui.trace(), event), Align::right);
  column.gap(4);
  const std::string boot = row.boot > 1 ? fmt::format("  ·  its boot {}", row.boot) : "";
  const std::string_view user = ui.trace().user(event);
  const std::string of_user = user.empty() ? "" : fmt::format("  ·  {}", readable(user));
  column.line(palette::kMuted, fmt::format("{}  ·  {}{}{}", seconds_text(row.at_ns),
                                           readable(host_name(ui.trace(), row.host)), boot, of_user));
  column.gap(4);
  for (const std::string_view problem : sentences_for_marks(row.marks)) {
    const Box line = column.take(px(4));
    column.text(palette::kMarked, problem);
    mark_item("mark", {{line.x, line.y}, {line.right(), line.bottom() + px(16)}});
  }
  // Of a violation the banner tells everything.
  const ViolationRow* violation = ui.view.violation();
  const bool told = violation != nullptr && violation->event == event;
  const std::string detail = told ? readable(violation->invariant) : ui.details.of(event);
  if (!detail.empty()) column.text(palette::kText, detail);
}

void draw_witnesses(Ui& ui, Column& column, EventIndex event) {
  const ViolationRow* violation = ui.view.violation();
  if (violation == nullptr || violation->event != event || violation->witnesses.empty()) return;
  column.section("Proved by", count_text(violation->witnesses.size(), "event"));
  for (std::size_t i = 0; i < violation->witnesses.size(); ++i) {
    const ViolationWitness& witness = violation->witnesses[i];
    const std::string number = std::to_string(i + 1);
    if (witness.event == kNone) {
      column.line(palette::kMarked, readable(witness.role) + ": not in this trace");
    } else {
      column.event_row(ui, "proof " + number, {witness.event, CauseKind::none}, i < 9 ? number : "");
    }
  }
}

void draw_edges(Ui& ui, Column& column, const std::vector<Edge>& edges, std::string_view label,
                std::array<Do, 2> commands_of_first) {
  for (std::size_t i = 0; i < std::min(edges.size(), kMostRows); ++i) {
    const std::string key = i < 2 ? name_of(*command(commands_of_first[i]).keys[0]) : "";
    column.event_row(ui, fmt::format("{} {}", label, i + 1), edges[i], key);
  }
  column.more(edges.size() - std::min(edges.size(), kMostRows));
}

void draw_both_ways(Ui& ui, Column& column, const CursorFacts& facts, const EventRow& row) {
  column.section("Because of", facts.causes.empty() ? "" : count_text(facts.causes.size(), "cause"));
  if (facts.causes.empty()) {
    const bool dangling = (row.marks & kDanglingCause) != 0;
    column.text(palette::kFaint, dangling ? "what the trace does not have" : "nothing that the trace knows of");
  }
  draw_edges(ui, column, facts.causes, "cause", {Do::first_cause, Do::second_cause});
  column.section("Led to", facts.effects.empty() ? "" : count_text(facts.effects.size(), "event"));
  if (facts.effects.empty()) column.text(palette::kFaint, "nothing");
  draw_edges(ui, column, facts.effects, "effect", {Do::first_effect, Do::second_effect});
}

// What a segment carried; texts of other events that are too long for their detail.
void draw_payload(const Ui& ui, Column& column, const EventRow& row) {
  const std::vector<DecodedPayload>& payload = ui.facts.payload;
  const bool told = group_of(row.kind) != KindGroup::network && ui.facts.payload_bytes <= kLongestDetail;
  if (payload.empty() || told || row.kind == EventKind::violation) return;
  column.section("It carried");
  std::size_t lines = 0;
  for (const DecodedPayload& part : payload) {
    column.line(palette::kMuted, part.what);
    for (const std::string& line : part.lines) {
      if (++lines > kMostLines) return column.line(palette::kFaint, "and more");
      column.text(palette::kText, line, mono_font());
    }
    column.gap(3);
  }
}

void draw_list(Column& column, std::string_view name, const std::vector<std::string>& lines, std::size_t more) {
  if (lines.empty()) return;
  column.gap(3);
  column.line(palette::kFaint, name);
  const std::size_t shown = std::min(lines.size(), kMostOfList);
  for (std::size_t i = 0; i < shown; ++i) column.line(palette::kText, lines[i], small_font());
  column.more(more + lines.size() - shown);
}

void draw_host(Ui& ui, Column& column, const EventRow& row) {
  const HostState& state = ui.facts.host;
  if (row.host == 0 || row.host >= ui.trace().hosts().size()) return;
  const Host& host = ui.trace().hosts()[row.host];
  column.section(readable(host.name), "just after this event");
  column.fact("address", readable(host.address));
  column.fact("ran", state.slices == 0
                         ? "not yet"
                         : fmt::format("{}, {} in all", count_text(state.slices, "slice"), length_text(state.busy_ns)));
  for (const std::string& endpoint : state.listening) column.fact("listens on", endpoint);
  draw_list(column, "connections", state.connections, state.more_connections);
  draw_list(column, "timers set", state.timers, state.more_timers);
  const auto& operations = ui.trace().operations();
  std::vector<std::string> waiting;
  for (const std::uint32_t place : state.pending) {
    if (place >= operations.size()) continue;
    const Operation& operation = operations[place];
    waiting.push_back(readable(fmt::format("{}: {} {}", operation.user, operation.function, operation.arguments)));
  }
  draw_list(column, "what its users wait for", waiting, state.more_pending);
  if (state.applied.empty()) return;
  column.gap(4);
  column.line(palette::kFaint, "last changes of its state");
  for (std::size_t i = 0; i < state.applied.size(); ++i) {
    column.event_row(ui, fmt::format("change {}", i + 1), {state.applied[i], CauseKind::none}, "");
  }
}

// The left edge can be dragged.
void draw_grip(Ui& ui, Box box) {
  const Touch it = touch("width of the panel", {box.x, box.y, px(kGripWidth), box.h});
  if (it.hovered || it.held) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
    fill({box.x, box.y, px(2), box.h}, palette::faded(palette::kAccent, 0.7F));
  }
  if (!it.held) return;
  const float width = std::max(ImGui::GetIO().DisplaySize.x, 1.0F);
  ui.proportions.panel = std::clamp((width - ImGui::GetIO().MousePos.x) / width, 0.1F, 0.6F);
}

}  // namespace

void draw_panel(Ui& ui, Box box) {
  const Part part("panel", box, palette::kPanel, Part::Scrolls::yes);
  if (!part) return;
  ImGui::GetWindowDrawList()->AddLine({box.x + 0.5F, box.y}, {box.x + 0.5F, box.bottom()}, palette::kLine);
  draw_grip(ui, box);
  const EventRow* row = ui.cursor_row();
  if (row == nullptr) {
    put_text_in(box, palette::kFaint, "there is no event to show", Align::centre);
    return;
  }
  if (ui.cursor_moved) ImGui::SetScrollY(0);
  Column column(box);
  const CursorFacts facts = ui.facts;  // a click on a row changes them
  draw_event(ui, column, facts.event, *row);
  draw_witnesses(ui, column, facts.event);
  // What is proved has no cause of its own.
  const bool speaks_for_itself = row->kind == EventKind::violation && facts.causes.empty() && facts.effects.empty();
  if (!speaks_for_itself) draw_both_ways(ui, column, facts, *row);
  draw_payload(ui, column, *row);
  draw_host(ui, column, *row);
}

}  // namespace stillpoint::view
