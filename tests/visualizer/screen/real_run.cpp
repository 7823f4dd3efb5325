// From a failed run of the real scenario to its cause, as a developer goes.
#include "tests/support/shell.hpp"
#include "tests/visualizer/screen/shown.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

std::string oversell_trace() {
  const ::test::Ran ran = ::test::shell(::test::binary("stillpoint") +
                                        " run last-ticket --bug oversell --seed 7 --trace oversell.db --force");
  CAPTURE(ran.out, ran.err);
  REQUIRE(ran.exit_code == 10);
  return ::test::scratch() + "/oversell.db";
}

bool is_purchase(const Shown& shown) {
  return shown.view.trace().kind_name(shown.view.cursor()) == "apply" &&
         shown.view.trace().detail(shown.view.cursor()).starts_with("purchase of ticket");
}

}  // namespace

TEST_CASE("from the opening screen to the second of the two conflicting purchases in at most six keys") {
  Shown shown(oversell_trace(), {1440, 900});
  REQUIRE(shown.view.violation() != nullptr);
  REQUIRE(shown.view.violation()->witnesses.size() == 2);
  const view::EventIndex second = shown.view.violation()->witnesses[1].event;
  CHECK(shown.view.cursor() == shown.view.violation()->event);
  int keys = 0;
  while (shown.view.cursor() != second && keys < 6) {
    shown.desk.press(view::Key::w);
    ++keys;
  }
  CHECK(shown.view.cursor() == second);
  CHECK(is_purchase(shown));
  // Or by its number.
  Shown again(oversell_trace(), {1440, 900});
  again.desk.press(view::Key::digit_2);
  CHECK(again.view.cursor() == second);
}

TEST_CASE("from a purchase back to the user's decision, along causes") {
  Shown shown(oversell_trace(), {1440, 900});
  shown.desk.press(view::Key::digit_2);
  std::vector<std::string> kinds;
  for (int i = 0; i < 5; ++i) {
    shown.desk.press(view::Key::c);
    kinds.emplace_back(shown.view.trace().kind_name(shown.view.cursor()));
  }
  CHECK(kinds == std::vector<std::string>{"receive", "deliver", "send", "invoke", "step"});
}

TEST_CASE("each of the keys to the witnesses takes less than a tenth of a second") {
  Shown shown(oversell_trace(), {1440, 900});
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) shown.desk.press(view::Key::w);
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
}
