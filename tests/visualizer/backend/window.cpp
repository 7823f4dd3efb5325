// The window, on a display of the X server that draws into memory. Without xvfb-run (scripts/install.sh) these fail.
#include "visualizer/backend/window.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

#include "tests/support/shell.hpp"
#include "tests/visualizer/backend/sample_frame.hpp"
#include "visualizer/backend/headless.hpp"
#include "visualizer/backend/png.hpp"

using namespace stillpoint::view;

namespace {

test::Ran on_a_display(const std::string& arguments) {
  return test::shell("LIBGL_ALWAYS_SOFTWARE=1 timeout 120 xvfb-run -a -s '-screen 0 1280x1024x24' " +
                     test::binary("view_window_sample") + " " + arguments);
}

// The largest difference between two pixels' channels.
int apart(Pixel a, Pixel b) {
  int most = 0;
  for (int shift = 0; shift < 24; shift += 8) {
    most = std::max(most, std::abs(static_cast<int>(a >> shift & 0xff) - static_cast<int>(b >> shift & 0xff)));
  }
  return most;
}

}  // namespace

TEST_CASE("a window shows what a picture shows") {
  const std::string file = test::scratch() + "/window.png";
  const test::Ran ran = on_a_display("picture " + file);
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  const Picture window = read_png(file);

  Headless headless(test::draw_sample_frame, {800, 500});
  headless.frames(4);
  const Picture drawn = headless.picture();
  REQUIRE(window.size == drawn.size);
  int different = 0;
  int very_different = 0;
  for (int y = 0; y < drawn.size.height; ++y) {
    for (int x = 0; x < drawn.size.width; ++x) {
      const int difference = apart(window.at(x, y), drawn.at(x, y));
      if (difference > 8) ++different;
      if (difference > 64) ++very_different;
    }
  }
  // Soft edges of curves may be weighed in another way; text, lines and areas may not.
  const int pixels = drawn.size.width * drawn.size.height;
  INFO(different << " and " << very_different << " of " << pixels << " pixels differ");
  CHECK(different < pixels / 1000);
  CHECK(very_different < pixels / 10'000);
}

TEST_CASE("keys, wheel and clipboard reach the screen through the window") {
  const test::Ran ran = on_a_display("input");
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  CHECK(ran.out ==
        "frame 3: g\nframe 4: question mark\nframe 4: right\nwheel: -2\nframe 5: left held\nclipboard: copied \u2192 "
        "text\n");
}

TEST_CASE("a window to which nothing happens is not drawn") {
  const test::Ran ran = on_a_display("idle");
  INFO(ran.err);
  REQUIRE(ran.exit_code == 0);
  const int frames = std::atoi(ran.out.c_str());
  CHECK(frames >= 3);
  CHECK(frames <= 20);  // 240 if it were drawn all the time
}

TEST_CASE("no display is said in one line") {
  const test::Ran none =
      test::shell("env -u DISPLAY -u WAYLAND_DISPLAY " + test::binary("view_window_sample") + " idle");
  CHECK(none.exit_code == 2);
  CHECK(none.err.find("no display: set DISPLAY, or use --render FILE") == 0);
  CHECK(std::count(none.err.begin(), none.err.end(), '\n') == 1);
  const test::Ran wrong = test::shell("DISPLAY=:4711 " + test::binary("view_window_sample") + " idle");
  CHECK(wrong.exit_code == 2);
  CHECK(wrong.err.find("no display: set DISPLAY, or use --render FILE") == 0);
}
