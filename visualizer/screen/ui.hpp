#pragma once
// What the parts of the screen share: the View, and what belongs to the look and to nothing else. Screen owns one.
#include <imgui.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "visualizer/model/host_state.hpp"
#include "visualizer/model/lanes.hpp"
#include "visualizer/model/payload.hpp"
#include "visualizer/model/view.hpp"
#include "visualizer/screen/layout.hpp"
#include "visualizer/screen/operation_rows.hpp"
#include "visualizer/screen/row_list.hpp"
#include "visualizer/screen/time_axis.hpp"

namespace stillpoint::view {

enum class Tab { events, operations, log };
constexpr int kTabs = 3;
// What the cone is of.
enum class Lighting { violation, cursor, everything };

// What events say of themselves, for those in sight: reading it from the file for each of them in each frame would be
// slow.
class Details {
 public:
  explicit Details(const Trace& trace) : trace_(trace) {}
  const std::string& of(EventIndex event);

 private:
  const Trace& trace_;
  std::map<EventIndex, std::string> texts_;
};

// What the panel on the right shows of the cursor, worked out once when it moves there.
struct CursorFacts {
  EventIndex event = kNone;
  std::vector<Edge> causes;
  std::vector<Edge> effects;
  std::vector<DecodedPayload> payload;
  std::size_t payload_bytes = 0;
  HostState host;
};

struct Ui {
  explicit Ui(View& of);

  View& view;
  Lanes lanes;
  Details details;
  CursorFacts facts;
  OperationRows operation_rows;

  Proportions proportions;
  Tab tab = Tab::events;
  Lighting lighting;
  bool all_messages = false;
  bool overlay_open = false;
  bool go_to_open = false;
  bool go_to_opened_now = false;
  std::string go_to_text;
  std::string go_to_error;
  bool focus_filter = false;
  double copied_at = -1e9;  // ImGui's time of the last copy of the replay command

  RowList event_list;
  RowList operation_list;
  RowList log_list;
  RowList lane_list{RowList::Wheel::ignored};

  std::vector<HostIndex> shown_hosts;  // those with a lane: the harness only if something happened there

  // Of this frame.
  TimeScale time;            // of the lanes
  bool cursor_moved = true;  // since the last frame
  EventIndex cursor_before = kNone;
  bool follow_in_table = true;  // the table has yet to bring the cursor's row into sight
  float top_of_lanes = 0;

  // Its place in shown_hosts.
  std::optional<std::size_t> lane_of(HostIndex host) const;
  // Works out `facts`, if they are not the cursor's.
  void look_at_cursor();
  const Trace& trace() const { return view.trace(); }
  const EventRow* cursor_row() const {
    return view.cursor() == kNone ? nullptr : &view.trace().events()[view.cursor()];
  }
};

// The parts, in the order in which they stand on the screen. Each draws itself into its box.
void draw_header(Ui& ui, Box box);
float banner_height(const Ui& ui, ImVec2 display);
void draw_banner(Ui& ui, Box box);
void draw_minimap(Ui& ui, Box box);
void draw_lanes(Ui& ui, Box box);
void draw_legend(Ui& ui, Box box);
void draw_tabs(Ui& ui, Box box);
void draw_event_table(Ui& ui, Box box);
void draw_operations(Ui& ui, Box box);
void draw_log(Ui& ui, Box box);
void draw_panel(Ui& ui, Box box);
void draw_overlay(Ui& ui, ImVec2 display);
// How many messages are drawn at once, if all are wanted.
constexpr std::size_t kMostMessages = 4000;

void draw_go_to(Ui& ui, ImVec2 display);

}  // namespace stillpoint::view
