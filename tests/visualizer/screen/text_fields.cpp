// The filter, and the box to go somewhere.
#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

TEST_CASE("typing into the filter leaves the rows that match, and Enter goes to the next one") {
  ShownStory shown;
  shown.desk.press(view::Key::home);
  shown.desk.press(view::Key::slash);
  shown.desk.type("kind:apply");
  shown.desk.settle();
  CHECK(shown.view.filter() == "kind:apply");
  CHECK(shown.view.row_count() == 3);
  CHECK(shown.shows("row " + std::to_string(shown.story.hold)));
  CHECK_FALSE(shown.shows("row " + std::to_string(shown.story.violation)));
  CHECK(shown.at() == 1);  // what was typed was no command
  for (const EventId expected :
       {shown.story.hold, shown.story.alice_purchase, shown.story.bob_purchase, shown.story.hold}) {
    shown.desk.press(view::Key::enter);
    shown.desk.settle();
    CHECK(shown.at() == expected);
  }
}

TEST_CASE("Escape leaves the filter with its text, and keys are commands again") {
  ShownStory shown;
  shown.desk.press(view::Key::slash);
  shown.desk.type("apply");
  shown.desk.press(view::Key::escape);
  shown.desk.type("n");
  CHECK(shown.view.filter() == "apply");
  CHECK(shown.at() == shown.story.violation + 1);
}

TEST_CASE("a filter that nothing matches shows an empty table") {
  ShownStory shown;
  shown.desk.press(view::Key::slash);
  shown.desk.type("no such thing");
  shown.desk.settle();
  CHECK(shown.view.row_count() == 0);
  shown.desk.press(view::Key::enter);
  CHECK(shown.at() == shown.story.violation);
}

TEST_CASE("go to takes an event or a time") {
  ShownStory shown;
  shown.desk.press(view::Key::g);
  shown.desk.type(std::to_string(shown.story.alice_send));
  shown.desk.press(view::Key::enter);
  CHECK(shown.at() == shown.story.alice_send);
  CHECK_FALSE(shown.shows("go to"));
  shown.desk.press(view::Key::g);
  shown.desk.type("16ms");
  shown.desk.press(view::Key::enter);
  CHECK(shown.at() == shown.story.alice_purchase);
}

TEST_CASE("go to says what is wrong with nonsense, and lets it be mended") {
  ShownStory shown;
  shown.desk.press(view::Key::g);
  shown.desk.type("nonsense");
  CHECK_FALSE(shown.shows("error"));
  shown.desk.press(view::Key::enter);
  CHECK(shown.shows("error"));
  CHECK(shown.shows("go to"));
  CHECK(shown.at() == shown.story.violation);
  shown.desk.frames(3);
  for (int i = 0; i < 8; ++i) shown.desk.press(view::Key::backspace);
  shown.desk.type("1");
  CHECK_FALSE(shown.shows("error"));
  shown.desk.press(view::Key::escape);
  CHECK_FALSE(shown.shows("go to"));
  CHECK(shown.at() == shown.story.violation);
}
