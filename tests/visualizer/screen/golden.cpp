// Pictures of the screen, compared with those in golden/. README.md says how to make them anew.
#include <algorithm>
#include <array>
#include <cstdlib>

#include "tests/support/shell.hpp"
#include "tests/visualizer/screen/shown.hpp"
#include "visualizer/backend/png.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

constexpr double kMostDifferent = 0.005;  // of the pixels
constexpr int kSameWithin = 32;           // in each channel
constexpr view::Size kGoldenSize{960, 600};

int farthest_channel(view::Pixel left, view::Pixel right) {
  int most = 0;
  for (unsigned shift = 0; shift < 24; shift += 8) {
    const int difference = static_cast<int>((left >> shift) & 0xff) - static_cast<int>((right >> shift) & 0xff);
    most = std::max(most, std::abs(difference));
  }
  return most;
}

struct Comparison {
  double different = 1;   // share of the pixels
  view::Picture picture;  // white where they differ
};

Comparison compare(const view::Picture& actual, const view::Picture& expected) {
  if (actual.size != expected.size) return {1, actual};
  Comparison result{0, view::Picture(actual.size, view::rgb(0, 0, 0))};
  std::size_t different = 0;
  for (std::size_t i = 0; i < actual.pixels.size(); ++i) {
    if (farthest_channel(actual.pixels[i], expected.pixels[i]) <= kSameWithin) continue;
    result.picture.pixels[i] = view::rgb(255, 255, 255);
    ++different;
  }
  result.different = static_cast<double>(different) / static_cast<double>(actual.pixels.size());
  return result;
}

void check_golden(Shown& shown, const std::string& name) {
  const std::filesystem::path golden = std::filesystem::path("tests/visualizer/screen/golden") / (name + ".png");
  const view::Picture actual = shown.desk.picture();
  if (std::getenv("STILLPOINT_UPDATE_GOLDEN") != nullptr) {
    view::write_png(golden, actual);
    CHECK(std::filesystem::file_size(golden) < 150'000);
    return;
  }
  INFO("golden picture " << golden << "; scripts/update-golden.sh makes it anew");
  REQUIRE(std::filesystem::exists(golden));
  const Comparison found = compare(actual, view::read_png(golden));
  if (found.different <= kMostDifferent) return;
  const std::filesystem::path folder = ::test::binary("golden");
  std::filesystem::create_directories(folder);
  view::write_png(folder / (name + ".png"), actual);
  view::write_png(folder / (name + ".difference.png"), found.picture);
  FAIL(found.different * 100 << " % of the pixels differ: see " << (folder / name).string()
                             << ".png and .difference.png");
}

}  // namespace

TEST_CASE("the opening screen of a failed run", "[golden]") {
  ShownStory shown(kGoldenSize);
  check_golden(shown, "opening");
}

TEST_CASE("the second purchase, with what led to it", "[golden]") {
  ShownStory shown(kGoldenSize);
  shown.desk.press(view::Key::digit_2);
  shown.desk.press(view::Key::tab);
  check_golden(shown, "second-purchase");
}

TEST_CASE("the keys", "[golden]") {
  ShownStory shown(kGoldenSize);
  shown.desk.press(view::Key::question_mark);
  check_golden(shown, "keys");
}

TEST_CASE("all messages of the whole run, everything lit", "[golden]") {
  ShownStory shown(kGoldenSize);
  for (const view::Key key : {view::Key::a, view::Key::m, view::Key::l, view::Key::l}) shown.desk.press(key);
  check_golden(shown, "all-messages");
}

TEST_CASE("a crash in which no promise was broken", "[golden]") {
  const Folder folder;
  record_crash(folder / "crash.db");
  Shown shown(folder / "crash.db", kGoldenSize);
  check_golden(shown, "crash");
}

TEST_CASE("the comparison of pictures sees what a person would see") {
  ShownStory shown;
  const view::Picture picture = shown.desk.picture();
  CHECK(compare(picture, picture).different == 0);
  shown.desk.press(view::Key::n);
  CHECK(compare(shown.desk.picture(), picture).different > kMostDifferent);
}
