#pragma once
// What the viewer shows, and how it moves: the cursor, its history, the stretch of time in sight, the causal cone, the
// filter. All logic and no drawing: screen/ draws this and turns keys into these calls; tests call them directly.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/model/cone.hpp"
#include "visualizer/model/filter.hpp"
#include "visualizer/model/stepping.hpp"
#include "visualizer/model/time_range.hpp"
#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

class View {
 public:
  // Opens at the first violation, with the cone of it and of its witnesses lit; without one, at the last event of a run
  // that failed, else at the first.
  explicit View(Trace trace);

  const Trace& trace() const { return trace_; }
  // kNone only for an empty trace.
  EventIndex cursor() const { return cursor_; }
  // The violation that the banner tells of: the last one at or before the cursor, else the first; null for none.
  const ViolationRow* violation() const;

  // ---- moving; each successful move is a place in the history, and keeps the cursor in sight ----
  bool go_to(EventIndex event);
  bool go_to_id(EventId id);
  // "812344" or "#812,344": an event; "3.2s", "3204ms", "@3.2": a time (the first event from then on). Returns why not,
  // or nothing. A time after the last event is refused.
  std::optional<std::string> go_to_text(std::string_view text);
  bool step(Along along, Direction direction);
  // To its n-th cause or effect, from 0.
  bool go_to_cause(std::size_t n);
  bool go_to_effect(std::size_t n);
  // To the n-th witness of violation(), from 0.
  bool go_to_witness(std::size_t n);
  // To the first event, to the last.
  bool go_to_start();
  bool go_to_end();
  // As in a browser.
  bool go_back();
  bool go_forward();
  bool can_go_back() const { return place_ > 0; }
  bool can_go_forward() const { return place_ + 1 < places_.size(); }

  // ---- the cone ----
  const Cone& cone() const { return cone_; }
  // Changes whenever cone() does.
  std::uint64_t cone_version() const { return cone_version_; }
  // Lights what the cursor goes back to; what the violation goes back to; everything.
  void light_cursor();
  void light_violation();
  void light_all();
  // Whether a cone also follows the order within a host (everything that its host did before). Off at first.
  bool follows_program_order() const { return program_order_; }
  void set_follows_program_order(bool follow);

  // ---- time in sight ----
  TimeRange whole() const { return whole_; }
  TimeRange range() const { return range_; }
  // Clamped to whole(), and to at least 100 ns.
  void set_range(TimeRange range);
  // Makes the range `factor` times as long (0.5: nearer), around a moment that stays where it is.
  void zoom(double factor, std::int64_t around_ns);
  void pan(double share_of_range);
  void show_all() { set_range(whole_); }
  // The cone, with a margin.
  void show_lit();
  // Moves the range so that the cursor is well inside of it, and leaves its length.
  void show_cursor();

  // ---- the event table ----
  // Words that must all match: plain text (in host, kind or detail, any case), or host:NAME, kind:NAME, user:NAME,
  // conn:N, lit, marked; -word excludes. Empty: all events. A NAME that is nobody's stands for all that begin with it.
  void set_filter(std::string filter);
  const std::string& filter() const { return filter_.text(); }
  // Works on the filter for about `events` events; true when it is complete. Call once a frame.
  bool filter_some(std::size_t events);
  bool filter_complete() const;
  double filter_progress() const;  // 0 to 1
  // What matches so far: how many rows, and each of them.
  std::size_t row_count() const;
  EventIndex row(std::size_t n) const;
  // The row of the event, or the nearest row before it; 0 if there is none.
  std::size_t row_of(EventIndex event) const;

  // ---- text ----
  // "stillpoint replay /path/t.db", ready for a shell.
  std::string replay_command() const;

 private:
  void open_at_violation();
  void visit(EventIndex event);
  void bring_into_sight();
  void light(std::vector<EventIndex> seeds);
  void refresh_cone();
  // The violation with what led to its proof: what the viewer opens with.
  TimeRange range_of_violation() const;

  Trace trace_;
  EventIndex cursor_ = kNone;
  std::vector<EventIndex> places_;
  std::size_t place_ = 0;
  Cone cone_;
  std::vector<EventIndex> cone_seeds_;
  std::uint64_t cone_version_ = 0;
  bool program_order_ = false;
  TimeRange whole_;
  TimeRange range_;
  Filter filter_;
};

}  // namespace stillpoint::view
