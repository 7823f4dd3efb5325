#pragma once
// What a host's lane shows for a stretch of time at a width in pixels: single events where there is room for them,
// columns of counts where there is not. A violation, a witness, the cursor and a marked event are never lost in a
// column: they are given one by one at every level. Only where a damaged trace has thousands of them in one lane, each
// pixel has one.
#include <cstdint>
#include <memory>
#include <vector>

#include "visualizer/model/view.hpp"

namespace stillpoint::view {

// Kinds as the screen colours them.
enum class KindGroup : std::uint8_t { slice, network, timer, user, service, violation, other };
KindGroup group_of(EventKind kind);

// All events of a lane in one column of pixels.
struct LaneColumn {
  std::uint16_t x;      // from the left
  KindGroup group;      // the most frequent one among (a sample of) them
  std::uint32_t count;  // at least 1
  bool lit;             // one of them is
};

struct LaneEvent {
  EventIndex event;
  float x;
  bool lit;
};

// A slice: virtual CPU time that a host spent, paid before it ran.
struct LaneSlice {
  float x_begin;
  float x_end;
  EventIndex event;
  bool lit;
};

struct LaneContent {
  bool single = true;               // `events` are all of them; else `columns` are
  std::vector<LaneColumn> columns;  // if !single
  std::vector<LaneEvent> events;    // if single
  std::vector<LaneSlice> slices;    // if single; merged where they touch at less than a pixel
  std::vector<LaneEvent> special;   // violations, witnesses, the cursor, marked events: always
};

// One line of a message or of another cause, between lanes.
struct Arrow {
  EventIndex from;
  EventIndex to;
  CauseKind kind;
  bool lit;
};

// Works out lanes and arrows, and keeps what it worked out until range, width, cone or cursor change. One for a view,
// which must outlive it. What a call returned stays until the same call has to work anew.
class Lanes {
 public:
  explicit Lanes(const View& view);
  ~Lanes();
  const LaneContent& lane(HostIndex host, int width_px);
  // Arrows of the cursor: from its causes and to its effects, two steps far, and the lit messages in sight.
  const std::vector<Arrow>& arrows_of_selection();
  // All messages that touch the range, from an interval index; no more than `most`, spread evenly where there are more.
  // `total` of the last call tells how many there were.
  const std::vector<Arrow>& all_messages(std::size_t most);
  std::size_t total_messages() const;
  // Counts of events of the whole trace in `columns` columns of time, for the minimap.
  const std::vector<std::uint32_t>& density(int columns);
  // The event of a lane that is nearest to x, at most `reach_px` away; kNone for none. Of those that are within a pixel
  // of each other: a violation, a witness, a marked one, a lit one, in this order.
  EventIndex nearest(HostIndex host, int width_px, float x, float reach_px);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace stillpoint::view
