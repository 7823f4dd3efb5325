// What broke, in plain words, and the events that prove it; or, for a run in which nothing broke, how it ended.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "visualizer/backend/items.hpp"
#include "visualizer/backend/redraw.hpp"
#include "visualizer/screen/commands.hpp"
#include "visualizer/screen/ui.hpp"
#include "visualizer/screen/widgets.hpp"
#include "visualizer/screen/words.hpp"

namespace stillpoint::view {
namespace {

constexpr float kLabelWidth = 84;
constexpr float kTitleHeight = 30;
constexpr float kLineGap = 4;
constexpr float kButtonHeight = 30;
constexpr float kCopiedSeconds = 2;
constexpr float kLowDisplay = 420;  // below it there is one line only

bool is_low(ImVec2 display) { return display.y < px(kLowDisplay); }

struct Line {
  std::string_view label;
  std::string text;
};

std::array<Line, 3> lines_of(const ViolationRow& violation) {
  return {{{"promised", readable(violation.promised)},
           {"found", readable(violation.found)},
           {"because", readable(violation.because)}}};
}

// "plaza-1 · 0.086269 s"
std::string where_and_when(const Trace& trace, EventIndex event) {
  const EventRow& row = trace.events()[event];
  return fmt::format("{} · {} · {}", event_name(trace, event), host_name(trace, row.host), seconds_text(row.at_ns));
}

// A button for an event that proves the violation, or for the violation itself.
struct Proof {
  std::string number;  // "1"; "!" for the violation
  std::string role;
  std::string rest;
  EventIndex event;
  std::string label;
  float width() const { return px(22 + 8 + 8 + 12) + text_width(role, bold_font()) + text_width(rest) + px(10); }
};

float proofs_width(float display_width) { return display_width - 2 * pad() - px(4); }

enum class Wording { full, brief };

std::vector<Proof> worded_proofs(const Trace& trace, const ViolationRow& violation, Wording wording) {
  std::vector<Proof> result;
  const auto add = [&](std::string number, std::string role, EventIndex event, std::string label) {
    const std::string rest = event == kNone              ? "not in this trace"
                             : wording == Wording::brief ? seconds_text(trace.events()[event].at_ns)
                                                         : where_and_when(trace, event);
    result.push_back({std::move(number), std::move(role), rest, event, std::move(label)});
  };
  for (std::size_t i = 0; i < violation.witnesses.size(); ++i) {
    const ViolationWitness& witness = violation.witnesses[i];
    add(std::to_string(i + 1), readable(witness.role), witness.event, fmt::format("witness {}", i + 1));
  }
  add("!", "promise broken", violation.event, "violation");
  return result;
}

// In as many words as fit into one line.
std::vector<Proof> proofs_of(const Trace& trace, const ViolationRow& violation, float width) {
  std::vector<Proof> full = worded_proofs(trace, violation, Wording::full);
  float wanted = 0;
  for (const Proof& proof : full) wanted += proof.width() + px(8);
  return wanted - px(8) <= width ? full : worded_proofs(trace, violation, Wording::brief);
}

// Where buttons of these widths stand, in lines of `width`.
std::vector<ImVec2> flow(const std::vector<Proof>& proofs, float width) {
  std::vector<ImVec2> result;
  ImVec2 at{0, 0};
  for (const Proof& proof : proofs) {
    if (at.x > 0 && at.x + proof.width() > width) at = {0, at.y + px(kButtonHeight + 6)};
    result.push_back(at);
    at.x += proof.width() + px(8);
  }
  return result;
}

void draw_proof(Ui& ui, const Proof& proof, Box box) {
  const bool there = proof.event != kNone;
  const bool current = there && proof.event == ui.view.cursor();
  const Touch it = touch(proof.label, box);
  fill(box, it.hovered && there ? palette::kHover : palette::kRaised, px(6));
  outline(box, current ? palette::kText : palette::kBrokenLine, px(6), current ? px(1.5F) : 1);
  const ImVec2 centre{box.x + px(8 + 10), box.y + box.h / 2};
  ImGui::GetWindowDrawList()->AddCircleFilled(centre, px(9.5F), palette::kBroken, 24);
  put_text_in({centre.x - px(10), box.y, px(20), box.h}, palette::kGround, proof.number, Align::centre, bold_font());
  const float x = box.x + px(8 + 22 + 8);
  const float role_width = text_width(proof.role, bold_font());
  put_text_in({x, box.y, role_width + 1, box.h}, palette::kText, proof.role, Align::left, bold_font());
  put_text_in({x + role_width + px(9), box.y, box.right() - x - role_width - px(16), box.h}, palette::kMuted,
              proof.rest);
  if (it.hovered && there) {
    tooltip_with_key(where_and_when(ui.trace(), proof.event) + "\n" + ui.details.of(proof.event),
                     proof.number == "!" ? "v" : proof.number);
  }
  if (it.clicked && there) ui.view.go_to(proof.event);
}

void draw_copy_button(Ui& ui, Box box) {
  const bool copied = ImGui::GetTime() - ui.copied_at < static_cast<double>(kCopiedSeconds);
  if (copied) request_redraw();
  const Command& copy = command(Do::copy_replay);
  if (text_button("copy replay command", box, copied ? "copied ✓" : "copy replay command")) copy.run(ui);
  if (ImGui::IsItemHovered()) tooltip_with_key(ui.view.replay_command(), keys_of(copy));
}

float copy_width() { return text_width("copy replay command") + px(28); }

std::string title_of(const Ui& ui, const ViolationRow& violation) {
  const auto& all = ui.trace().violations();
  const auto place = static_cast<std::size_t>(&violation - all.data());
  const std::string_view kind = sentence_for_class(violation.liveness);
  return all.size() < 2 ? std::string(kind)
                        : fmt::format("{}   ·   {} of {} broken promises", kind, place + 1, all.size());
}

void draw_violation(Ui& ui, const ViolationRow& violation, Box box, bool low) {
  fill(box, palette::kBrokenGround);
  fill({box.x, box.y, px(4), box.h}, palette::kBroken);
  const float left = box.x + pad() + px(4);
  const float copy = box.w > px(520) ? copy_width() : 0;
  if (copy > 0) draw_copy_button(ui, {box.right() - pad() - copy, box.y + px(9), copy, px(28)});
  float y = box.y + px(8);
  const std::string name = readable(violation.invariant);
  const float room = box.right() - left - copy - 2 * pad();
  const float name_width = std::min(text_width(name, heading_font()), room);
  put_text_in({left, y, name_width + 1, px(kTitleHeight)}, palette::kBroken, name, Align::left, heading_font());
  put_text_in({left + name_width + px(14), y + px(2), room - name_width - px(14), px(kTitleHeight)}, palette::kMuted,
              title_of(ui, violation));
  mark_item("broken promise", {{left, y}, {left + name_width, y + px(kTitleHeight)}});
  if (low) return;
  y += px(kTitleHeight + 4);
  for (const Line& line : lines_of(violation)) {
    if (line.text.empty()) continue;
    put_text({left, y}, palette::kFaint, line.label);
    y += put_wrapped({left + px(kLabelWidth), y}, palette::kText, line.text,
                     box.right() - left - px(kLabelWidth) - pad());
    y += px(kLineGap);
  }
  y += px(6);
  const float width = proofs_width(box.w);
  const std::vector<Proof> proofs = proofs_of(ui.trace(), violation, width);
  const std::vector<ImVec2> places = flow(proofs, width);
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    draw_proof(ui, proofs[i],
               {left + places[i].x, y + places[i].y, std::min(proofs[i].width(), width), px(kButtonHeight)});
  }
}

// How the run ended, and what the last event says of it.
void draw_end(Ui& ui, Box box) {
  const TraceMetadata& metadata = ui.trace().metadata();
  const bool passed = metadata.outcome && metadata.outcome->verdict == "pass";
  fill(box, palette::kPanel);
  const ImU32 colour = palette::of_verdict(metadata.outcome ? metadata.outcome->verdict : "");
  fill({box.x, box.y, px(4), box.h}, colour);
  std::string sentence = ui.trace().events().empty() ? "This trace has no events." : sentence_for_verdict(metadata);
  const float left = box.x + pad() + px(4);
  const float copy = box.w > px(520) ? copy_width() : 0;
  if (copy > 0) draw_copy_button(ui, {box.right() - pad() - copy, box.y + (box.h - px(28)) / 2, copy, px(28)});
  const float room = box.right() - left - copy - 2 * pad();
  const float width = std::min(text_width(sentence, bold_font()), room);
  put_text_in({left, box.y, width + 1, box.h}, passed ? palette::kText : colour, sentence, Align::left, bold_font());
  if (passed || ui.trace().events().empty()) return;
  const auto last = static_cast<EventIndex>(ui.trace().events().size() - 1);
  put_text_in({left + width + px(14), box.y, room - width - px(14), box.h}, palette::kMuted, ui.details.of(last));
}

}  // namespace

float banner_height(const Ui& ui, ImVec2 display) {
  const ViolationRow* violation = ui.view.violation();
  if (violation == nullptr || is_low(display)) return px(46);
  float height = px(8 + kTitleHeight + 4);
  const float text_room = display.x - 2 * pad() - px(4 + kLabelWidth);
  for (const Line& line : lines_of(*violation)) {
    if (!line.text.empty()) height += put_wrapped({}, 0, line.text, text_room) + px(kLineGap);
  }
  const float width = proofs_width(display.x);
  const std::vector<ImVec2> places = flow(proofs_of(ui.trace(), *violation, width), width);
  return height + px(6) + places.back().y + px(kButtonHeight + 10);
}

void draw_banner(Ui& ui, Box box) {
  const Part part("banner", box, palette::kPanel);
  if (!part) return;
  if (const ViolationRow* violation = ui.view.violation()) {
    draw_violation(ui, *violation, box, is_low(ImGui::GetIO().DisplaySize));
  } else {
    draw_end(ui, box);
  }
  ImGui::GetWindowDrawList()->AddLine({box.x, box.bottom() - 0.5F}, {box.right(), box.bottom() - 0.5F}, palette::kLine);
}

}  // namespace stillpoint::view
