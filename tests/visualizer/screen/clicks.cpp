// What the mouse does.
#include <cmath>

#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

// Where an event is in its host's lane; `share` of the lane's height from the top.
view::Point in_lane(const Shown& shown, EventId id, float share) {
  const auto& trace = shown.view.trace();
  const view::EventRow& row = trace.events()[trace.find(id)];
  const std::string name = row.host == 0 ? "harness" : trace.hosts()[row.host].name;
  const auto lane = shown.desk.rect_of("lane " + name);
  REQUIRE(lane);
  const view::TimeRange range = shown.view.range();
  const double part = static_cast<double>(row.at_ns - range.begin_ns) / static_cast<double>(range.length());
  const float width = lane->max.x - lane->min.x;
  return {lane->min.x + static_cast<float>(part) * width, lane->min.y + share * (lane->max.y - lane->min.y)};
}

constexpr float kUsers = 0.27F;
constexpr float kNetwork = 0.5F;

}  // namespace

TEST_CASE("the buttons of the banner go to the witnesses and to the violation") {
  ShownStory shown;
  shown.desk.click("witness 2");
  CHECK(shown.at() == shown.story.bob_purchase);
  shown.desk.click("witness 1");
  CHECK(shown.at() == shown.story.alice_purchase);
  shown.desk.click("violation");
  CHECK(shown.at() == shown.story.violation);
}

TEST_CASE("the replay command lands in the clipboard") {
  ShownStory shown;
  shown.desk.click("copy replay command");
  CHECK(shown.desk.clipboard() == "stillpoint replay " + story_file().path().string());
}

TEST_CASE("a click in a lane selects the event under the pointer, of several at one moment the one at its height") {
  ShownStory shown;
  shown.desk.click(in_lane(shown, shown.story.bob_send, kNetwork));
  CHECK(shown.at() == shown.story.bob_send);
  shown.desk.click(in_lane(shown, shown.story.bob_deliver, kNetwork));
  CHECK(shown.at() == shown.story.bob_deliver);
  shown.desk.click(in_lane(shown, shown.story.alice_invoke, kUsers));
  CHECK(shown.view.trace().kind_name(shown.view.cursor()) != "send");
}

TEST_CASE("a click on a witness's number selects it, although the violation is at the same moment") {
  ShownStory shown;
  view::Point at = in_lane(shown, shown.story.bob_purchase, kUsers);
  at.x -= 24;  // beside the violation
  shown.desk.click(at);
  CHECK(shown.at() == shown.story.bob_purchase);
}

TEST_CASE("a click where nothing happened selects nothing") {
  ShownStory shown;
  shown.desk.press(view::Key::a);
  const auto plaza = shown.desk.rect_of("lane plaza-1");
  REQUIRE(plaza);
  shown.desk.click(view::Point{plaza->min.x + 0.17F * (plaza->max.x - plaza->min.x), plaza->centre().y});
  CHECK(shown.at() == shown.story.violation);
}

TEST_CASE("arrows join an event with its causes, in the colour of what ties them") {
  ShownStory shown({1440, 900});
  shown.desk.press(view::Key::digit_2);
  const view::Point from = in_lane(shown, shown.story.bob_invoke, kUsers);
  const view::Point purchase = in_lane(shown, shown.story.bob_purchase, kUsers);
  const view::Point middle{(from.x + purchase.x - 24) / 2, (from.y + purchase.y) / 2};  // the violation is in its place
  const view::Picture picture = shown.desk.picture();
  const auto is_green = [](view::Pixel pixel) {
    return (pixel >> 8 & 0xff) > 150 && (pixel & 0xff) < 140 && (pixel >> 16 & 0xff) < 180;
  };
  int green = 0;
  for (int y = -6; y <= 6; ++y) {
    for (int x = -6; x <= 6; ++x) {
      if (is_green(picture.at(static_cast<int>(middle.x) + x, static_cast<int>(middle.y) + y))) ++green;
    }
  }
  CHECK(green > 8);
}

TEST_CASE("the wheel zooms around the pointer") {
  ShownStory shown;
  const view::TimeRange before = shown.view.range();
  const view::Point at = in_lane(shown, shown.story.alice_send, kNetwork);
  shown.desk.scroll(at, 3);
  CHECK(shown.view.range().length() < before.length());
  CHECK(std::abs(in_lane(shown, shown.story.alice_send, kNetwork).x - at.x) < 2);
  shown.desk.scroll(at, -3);
  CHECK(std::abs(static_cast<double>(shown.view.range().length() - before.length())) <
        0.01 * static_cast<double>(before.length()));
}

TEST_CASE("dragging a lane moves the time with the pointer, and selects nothing") {
  ShownStory shown;
  shown.desk.press(view::Key::plus);
  shown.desk.press(view::Key::plus);
  const EventId before = shown.at();
  const view::Point from = in_lane(shown, shown.story.alice_purchase, kUsers);  // it is under the pointer all the time
  const std::int64_t begin = shown.view.range().begin_ns;
  const std::int64_t length = shown.view.range().length();
  shown.desk.drag(from, {from.x + 60, from.y});
  CHECK(shown.view.range().begin_ns < begin);
  CHECK(shown.view.range().length() == length);
  CHECK(shown.at() == before);
}

TEST_CASE("the minimap's window can be dragged, and drawn anew when everything is in sight") {
  ShownStory shown;
  const auto map = shown.desk.rect_of("minimap");
  REQUIRE(map);
  const auto point = [&](double share) {
    return view::Point{map->min.x + static_cast<float>(share) * (map->max.x - map->min.x), map->centre().y};
  };
  shown.desk.press(view::Key::a);
  shown.desk.drag(point(0.2), point(0.4));
  const double whole = static_cast<double>(shown.view.whole().length());
  const auto share = [&](std::int64_t ns) { return static_cast<double>(ns - shown.view.whole().begin_ns) / whole; };
  CHECK(share(shown.view.range().begin_ns) == Approx(0.2).margin(0.01));
  CHECK(share(shown.view.range().end_ns) == Approx(0.4).margin(0.01));
  shown.desk.drag(point(0.3), point(0.6));
  CHECK(share(shown.view.range().begin_ns) == Approx(0.5).margin(0.01));
  CHECK(share(shown.view.range().end_ns) == Approx(0.7).margin(0.01));
  shown.desk.click(point(0.1));  // beside the window: it comes to the pointer
  CHECK(share(shown.view.range().begin_ns) == Approx(0.0).margin(0.01));
  CHECK(share(shown.view.range().end_ns) == Approx(0.2).margin(0.01));
}

TEST_CASE("rows of the table, causes and effects go to their events") {
  ShownStory shown;
  shown.desk.click("row " + std::to_string(shown.story.bob_purchase));
  CHECK(shown.at() == shown.story.bob_purchase);
  shown.desk.click("cause 2");
  CHECK(shown.at() == shown.story.hold);
  shown.put_cursor(shown.story.bob_send);
  shown.desk.click("effect 1");
  CHECK(shown.at() == shown.story.bob_deliver);
  shown.put_cursor(shown.story.violation);
  shown.desk.click("proof 1");
  CHECK(shown.at() == shown.story.alice_purchase);
}

TEST_CASE("a click on an operation goes to its nearer end; a line of the log to where it was written") {
  ShownStory shown;
  shown.desk.press(view::Key::a);
  shown.desk.click("tab Operations");
  const auto bar = [&] {  // carol's; it moves to the top when it is the cursor's
    const auto found = shown.desk.rect_of("operation 1");
    REQUIRE(found);
    return *found;
  };
  shown.desk.click(view::Point{bar().min.x + 2, bar().centre().y});
  CHECK(shown.view.trace().kind_name(shown.view.cursor()) == "invoke");
  shown.desk.click(view::Point{bar().max.x - 2, bar().centre().y});
  CHECK(shown.view.trace().kind_name(shown.view.cursor()) == "ok");
  shown.desk.click("tab Log");
  shown.desk.click("log 2");
  CHECK(shown.at() == shown.story.bob_purchase);
}

TEST_CASE("buttons of the header step, and rest where there is nowhere to go") {
  ShownStory shown;
  shown.desk.click("back to where you were");
  CHECK(shown.at() == shown.story.violation);
  shown.desk.click("previous event");
  CHECK(shown.at() == shown.story.violation - 1);
  shown.desk.click("back to where you were");
  CHECK(shown.at() == shown.story.violation);
  shown.desk.click("forward again");
  CHECK(shown.at() == shown.story.violation - 1);
  shown.desk.click("next broken promise");
  CHECK(shown.at() == shown.story.violation);
}

TEST_CASE("the edge between lanes and tabs can be dragged") {
  ShownStory shown;
  const auto before = shown.desk.rect_of("tab Events");
  const auto edge = shown.desk.rect_of("height of the tabs");
  REQUIRE((before && edge));
  shown.desk.drag(edge->centre(), {edge->centre().x, edge->centre().y - 80});
  const auto after = shown.desk.rect_of("tab Events");
  REQUIRE(after);
  CHECK(after->min.y == Approx(before->min.y - 80).margin(8));
}

TEST_CASE("the edge of the panel can be dragged") {
  ShownStory shown({1440, 900});
  const auto edge = shown.desk.rect_of("width of the panel");
  REQUIRE(edge);
  shown.desk.drag(edge->centre(), {edge->centre().x - 100, edge->centre().y});
  const auto after = shown.desk.rect_of("width of the panel");
  REQUIRE(after);
  CHECK(after->min.x == Approx(edge->min.x - 100).margin(6));
}

TEST_CASE("the table follows the cursor") {
  ShownStory shown;
  shown.desk.press(view::Key::home);
  CHECK(shown.shows("row 1"));
  CHECK_FALSE(shown.shows("row " + std::to_string(shown.story.stop)));
  shown.desk.press(view::Key::end);
  CHECK(shown.shows("row " + std::to_string(shown.story.stop)));
}

TEST_CASE("the wheel and the scrollbar move the table, and leave the cursor where it is") {
  ShownStory shown({1440, 900});
  shown.desk.press(view::Key::home);
  const auto row = shown.desk.rect_of("row 1");
  REQUIRE(row);
  shown.desk.scroll(row->centre(), -2);
  CHECK_FALSE(shown.shows("row 1"));
  CHECK(shown.shows("row 7"));
  shown.desk.scroll(row->centre(), 2);
  CHECK(shown.shows("row 1"));
  const auto bar = shown.desk.rect_of("scrollbar");
  REQUIRE(bar);
  shown.desk.drag({bar->centre().x, bar->min.y + 4}, {bar->centre().x, bar->max.y});
  CHECK(shown.shows("row " + std::to_string(shown.story.stop)));
  CHECK(shown.at() == 1);
}
