// A million events: one frame, from ImGui to pixels, is soon done wherever one looks.
#include "tests/visualizer/model/make_big_trace.hpp"

#include <algorithm>
#include <chrono>

#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

using Clock = std::chrono::steady_clock;

// The slowest of a few frames with their pictures, so that the first, which works things out, is among them.
std::chrono::milliseconds slowest_frame(Shown& shown) {
  Clock::duration slowest{0};
  for (int i = 0; i < 3; ++i) {
    const auto begin = Clock::now();
    shown.desk.frames(1);
    shown.desk.picture();
    slowest = std::max(slowest, Clock::now() - begin);
  }
  return std::chrono::duration_cast<std::chrono::milliseconds>(slowest);
}

}  // namespace

TEST_CASE("a frame of a trace with a million events takes less than a second, in every view of it") {
  const Folder folder;
  make_big_trace(folder / "big.db", 1'000'000);
  Shown shown(folder / "big.db", {1600, 1000});
  const auto in_time = [&](std::string_view what) {
    const auto taken = slowest_frame(shown);
    INFO(what << ": " << taken.count() << " ms");
    CHECK(taken < 1s);
    std::printf("%s: %d ms\n", std::string(what).c_str(), static_cast<int>(taken.count()));
  };
  in_time("opening");
  shown.view.show_all();
  in_time("the whole run");
  shown.view.light_all();
  in_time("everything lit");
  shown.view.light_violation();
  shown.desk.press(view::Key::m);
  in_time("all messages");
  shown.view.go_to_start();
  in_time("at the start");
  shown.view.go_to_end();
  in_time("at the end");
  shown.desk.press(view::Key::tab);
  in_time("operations");
  shown.desk.press(view::Key::tab);
  in_time("log");
  shown.view.set_filter("purchase -lit");
  shown.desk.press(view::Key::slash);
  in_time("filtering");
  shown.desk.settle();
  in_time("filtered");
}
