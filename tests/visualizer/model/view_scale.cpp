// How the model does with a million events: what opening takes, and what a frame of the viewer takes of it.
#include <fmt/format.h>
#include <time.h>

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <string>

#include "tests/record/synthetic.hpp"
#include "tests/visualizer/model/make_big_trace.hpp"
#include "visualizer/model/host_state.hpp"
#include "visualizer/model/lanes.hpp"
#include "visualizer/model/view.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using namespace stillpoint::view;

namespace {

constexpr std::uint64_t kEvents = 1'000'000;
constexpr int kWidth = 1600;
constexpr HostIndex kLanes = 20;

double cpu_milliseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// Milliseconds of work that a call takes: of CPU time, so that others on a busy machine do not count.
template <typename Call>
double milliseconds(Call&& call) {
  const double start = cpu_milliseconds();
  call();
  return cpu_milliseconds() - start;
}

// Memory of this process in MiB, as proc(5) tells of it.
double resident_mib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024;
  }
  return 0;
}

void report(std::string_view what, double ms) { fmt::print("  {:<58} {:8.2f} ms\n", what, ms); }

}  // namespace

TEST_CASE("a million events open soon and are drawn quickly", "[view_scale]") {
  const Folder folder;
  make_big_trace(folder / "big.db", kEvents);
  const double before = resident_mib();

  std::optional<Trace> trace;
  const double load = milliseconds([&] { trace.emplace(folder / "big.db"); });
  REQUIRE(trace->events().size() >= kEvents);
  REQUIRE(trace->marked().empty());
  std::optional<View> view;
  const double open = milliseconds([&] { view.emplace(std::move(*trace)); });
  report("reading the trace", load);
  report("opening the view at its violation, with its cone", open);
  fmt::print("  {:<58} {:8.0f} MiB\n", "memory of it", resident_mib() - before);
  CHECK(load + open < 3000);
  REQUIRE(view->violation() != nullptr);
  CHECK(view->violation()->witnesses.size() == 2);

  Lanes lanes(*view);
  const auto draw_lanes = [&] {
    for (HostIndex host = 0; host < kLanes; ++host) lanes.lane(host, kWidth);
  };
  const auto frame = [&] {
    draw_lanes();
    lanes.arrows_of_selection();
    lanes.density(kWidth);
    for (std::size_t row = 0; row < 50; ++row) (void)view->trace().detail(view->row(row * 1000));
    view->filter_some(10'000);
  };
  report("the first frame", milliseconds(frame));

  double worst_lanes = 0;
  double worst_frame = 0;
  for (const double share : {1.0, 0.3, 0.01, 0.0001}) {
    const TimeRange whole = view->whole();
    view->set_range(
        {.begin_ns = whole.length() / 3,
         .end_ns = whole.length() / 3 + static_cast<std::int64_t>(static_cast<double>(whole.length()) * share)});
    for (int i = 0; i < 20; ++i) {
      view->pan(0.01);
      if (view->range() == view->whole()) view->set_range({.begin_ns = i, .end_ns = whole.end_ns - 100});
      worst_lanes = std::max(worst_lanes, milliseconds(draw_lanes));
      worst_frame = std::max(worst_frame, milliseconds(frame));
    }
  }
  report("20 lanes while panning, the slowest", worst_lanes);
  CHECK(worst_lanes < 20);

  view->show_all();
  report("all messages, 4,000 of them, the first time", milliseconds([&] { lanes.all_messages(4000); }));
  double worst_messages = 0;
  for (std::size_t most = 3990; most < 4000; ++most) {
    worst_messages = std::max(worst_messages, milliseconds([&] { lanes.all_messages(most); }));
  }
  fmt::print("  {} of {} messages\n", lanes.all_messages(4000).size(), lanes.total_messages());
  report("all messages again", worst_messages);
  CHECK(worst_messages < 50);

  double worst_move = 0;
  for (int i = 0; i < 50; ++i) {
    worst_move = std::max(worst_move, milliseconds([&] {
                            if (!view->step(Along::message, Direction::forward)) view->go_to_start();
                            frame();
                          }));
    view->go_to(static_cast<EventIndex>(static_cast<std::size_t>(i) * 19'997));
  }
  worst_frame = std::max(worst_frame, worst_move);
  view->go_to(view->trace().hosts()[1].events.back());  // which goes back to every purchase
  for (const bool order : {false, true}) {
    view->set_follows_program_order(order);
    worst_frame = std::max(worst_frame, milliseconds([&] {
                             view->light_cursor();
                             frame();
                           }));
  }
  CHECK(view->cone().members.size() > kEvents / 2);
  report("a frame's work, moving and lighting included, the slowest", worst_frame);
  CHECK(worst_frame < 50);

  double worst_state = 0;
  double worst_state_again = 0;
  for (HostIndex host = 0; host < kLanes; ++host) {
    worst_state = std::max(worst_state, milliseconds([&] { state_of(view->trace(), host, view->cursor()); }));
    worst_state_again = std::max(worst_state_again, milliseconds([&] { state_of(view->trace(), host, 600'000); }));
  }
  report("a host's state, the first time", worst_state);
  report("a host's state again", worst_state_again);
  CHECK(worst_state_again < 20);

  view->set_filter("ticket 77");
  double worst_filter = 0;
  double all_filter = 0;
  for (bool done = false; !done;) {
    const double piece = milliseconds([&] { done = view->filter_some(10'000); });
    worst_filter = std::max(worst_filter, piece);
    all_filter += piece;
  }
  report("filtering by text, 10,000 events a frame, the slowest", worst_filter);
  report("filtering by text, all events", all_filter);
  CHECK(view->row_count() > 0);
  CHECK(worst_filter < 50);
  fmt::print("  {:<58} {:8.0f} MiB\n", "memory of all", resident_mib() - before);
}
