// The driver without a window: a person's hands on a small window of ImGui's.
#include "visualizer/backend/headless.hpp"

#include <imgui.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>

#include <stillpoint/error.hpp>

#include "visualizer/backend/redraw.hpp"

using namespace stillpoint;
using namespace stillpoint::view;

namespace {

// A window with one of each.
struct Sample {
  int clicks = 0;
  int right_clicks = 0;
  int ctrl_clicks = 0;
  int double_clicks = 0;
  bool open = false;
  float slid = 0;
  std::array<char, 64> text{};
  int frames = 0;
  bool focus_field = false;

  void draw() {
    ++frames;
    ImGui::SetNextWindowPos({0, 0});
    ImGui::SetNextWindowSize({400, 300});
    ImGui::Begin("sample");
    if (ImGui::Button("Count")) ++(held_modifiers().ctrl ? ctrl_clicks : clicks);
    mark_item("count");
    if (ImGui::IsItemClicked(ImGuiMouseButton_Right)) ++right_clicks;
    if (ImGui::IsItemHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) ++double_clicks;
    ImGui::Checkbox("open", &open);
    mark_item("open");
    if (open) {
      ImGui::TextUnformatted("inside");
      mark_item("inside");
    }
    ImGui::SliderFloat("slide", &slid, 0, 100);
    mark_item("slide");
    if (focus_field) ImGui::SetKeyboardFocusHere();
    focus_field = false;
    ImGui::InputText("text", text.data(), text.size());
    mark_item("text");
    ImGui::BeginChild("list", {200, 80});
    for (int row = 0; row < 40; ++row) {
      ImGui::Text("row %d", row);
      mark_item("row " + std::to_string(row));
    }
    ImGui::EndChild();
    ImGui::End();
  }
};

struct Fixture {
  Sample sample;
  Headless headless{[this] { sample.draw(); }, {400, 300}};
  Fixture() { headless.frames(2); }
};

}  // namespace

TEST_CASE_METHOD(Fixture, "a click on a name does what a click there would do") {
  headless.click("count");
  CHECK(sample.clicks == 1);
  headless.click(headless.rect_of("count")->centre());
  CHECK(sample.clicks == 2);
  headless.click("count", MouseButton::right);
  CHECK(sample.right_clicks == 1);
  headless.click("count", MouseButton::left, {.ctrl = true});
  CHECK(sample.ctrl_clicks == 1);
  CHECK(sample.clicks == 2);
  headless.click(Point{390, 290});
  CHECK(sample.clicks == 2);
  CHECK(sample.double_clicks == 0);  // all the clicks on the button were single ones
  headless.double_click("count");
  CHECK(sample.double_clicks == 1);
}

TEST_CASE_METHOD(Fixture, "names are those of the last frame") {
  CHECK_FALSE(headless.rect_of("inside"));
  headless.click("open");
  CHECK(sample.open);
  REQUIRE(headless.rect_of("inside"));
  CHECK(headless.items().count("inside") == 1);
  headless.click("open");
  CHECK_FALSE(headless.rect_of("inside"));
  CHECK_THROWS_WITH(headless.click("inside"), "nothing named 'inside' is in sight");
}

TEST_CASE_METHOD(Fixture, "what is scrolled out of sight has no place") {
  REQUIRE(headless.rect_of("row 0"));
  CHECK_FALSE(headless.rect_of("row 39"));
  const Point over_list = headless.rect_of("row 1")->centre();
  headless.scroll(over_list, -100);
  CHECK_FALSE(headless.rect_of("row 0"));
  REQUIRE(headless.rect_of("row 39"));
  headless.scroll(over_list, 100);
  CHECK(headless.rect_of("row 0"));
}

TEST_CASE_METHOD(Fixture, "text is typed where the cursor is, edited, copied and pasted") {
  headless.type("lost");
  CHECK(std::string(sample.text.data()).empty());
  headless.click("text");
  headless.type("users-7 \u2192 \u00e4");
  CHECK(std::string(sample.text.data()) == "users-7 \u2192 \u00e4");
  headless.press(Key::backspace);
  headless.press(Key::home);
  headless.press(Key::del);
  CHECK(std::string(sample.text.data()) == "sers-7 \u2192 ");
  headless.press(Key::a, {.ctrl = true});
  headless.press(Key::c, {.ctrl = true});
  CHECK(headless.clipboard() == "sers-7 \u2192 ");
  headless.set_clipboard("pasted");
  headless.press(Key::v, {.ctrl = true});
  CHECK(std::string(sample.text.data()) == "pasted");
  headless.press(Key::escape);
  CHECK_FALSE(headless.session().io().WantTextInput);
}

TEST_CASE_METHOD(Fixture, "the mouse can be dragged") {
  const Rect slider = *headless.rect_of("slide");
  headless.drag({slider.min.x + 20, slider.centre().y}, {slider.min.x + 5000, slider.centre().y});
  CHECK(sample.slid == 100);
}

TEST_CASE_METHOD(Fixture, "a size is what the screen gets") {
  CHECK(headless.picture().size == Size{400, 300});
  headless.resize({320, 240});
  CHECK(headless.picture().size == Size{320, 240});
}

TEST_CASE("work that goes on for some frames is waited for") {
  int left = 5;
  Headless headless([&] {
    if (--left > 0) request_redraw();
  });
  CHECK(headless.settle() == 5);
  CHECK(headless.settle() == 1);
  left = 1'000;
  CHECK(headless.settle(10) == 10);
}

TEST_CASE("two sessions do not disturb each other") {
  Sample one;
  Sample two;
  Headless first([&] { one.draw(); });
  Headless second([&] { two.draw(); });
  first.frames(2);
  second.frames(2);
  first.click("count");
  second.click("open");
  first.click("text");
  first.type("a");
  second.click("text");
  second.type("b");
  first.type("a");
  CHECK(one.clicks == 1);
  CHECK(two.clicks == 0);
  CHECK(two.open);
  CHECK(std::string(one.text.data()) == "aa");
  CHECK(std::string(two.text.data()) == "b");
}
