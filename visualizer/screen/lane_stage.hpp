#pragma once
// The lanes as they stand in one frame: which box each has, and where in it an event is drawn. Shared by what draws
// them (lanes.cpp), what draws over them (lane_story.cpp, arrows.cpp) and what the mouse does to them (lane_mouse.cpp).
#include <optional>
#include <vector>

#include "visualizer/model/lanes.hpp"
#include "visualizer/screen/arrows.hpp"
#include "visualizer/screen/layout.hpp"
#include "visualizer/screen/ui.hpp"

namespace stillpoint::view {

// Where a witness or a violation is drawn: beside another one if they would hide each other.
struct Placed {
  EventIndex event;
  ImVec2 at;
};

struct Stage {
  Box area;
  float lane_height = 1;
  std::vector<Placed> story;  // of the lanes in sight

  // Of the n-th of ui.shown_hosts, as far as they are scrolled.
  Box lane(const Ui& ui, std::size_t n) const;
  bool in_sight(Box lane) const { return lane.bottom() >= area.y && lane.y <= area.bottom(); }
};

// Half the size of what stands for a witness or a violation, at scale 1.
constexpr float kBadgeRadius = 12;

const LaneContent& content_of(Ui& ui, HostIndex host);
KindGroup group_at(const Ui& ui, EventIndex event);
float y_in(Box lane, KindGroup group);
// Of a colour: as it is if it is lit, else `dim` of it.
ImU32 shade(ImU32 colour, bool lit, float dim);

// Whether an event is a witness of the violation that the banner tells of, or that violation.
bool is_of_story(const ViolationRow* violation, EventIndex event);
// Those of a lane, from left to right, far enough apart to be read.
std::vector<Placed> place_story(const Ui& ui, Box lane, const std::vector<LaneEvent>& special);
std::optional<ArrowEnd> place_of(const Ui& ui, const Stage& stage, EventIndex event);

// ---- the layers, from below; all draw into the current part ----

// What a mouse over the lane does: it tells of events, selects, zooms and pans.
void let_mouse_touch(Ui& ui, Box lane, HostIndex host);
// The lit events one by one over lanes that show columns, as long as they are few: they are what is being told.
void draw_lit(Ui& ui, const Stage& stage);
// Violations, witnesses, marked events and the cursor, above everything else.
void draw_specials(Ui& ui, const Stage& stage);

}  // namespace stillpoint::view
