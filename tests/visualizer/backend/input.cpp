// Keys, as the screen asks for them, however they come.
#include "visualizer/backend/input.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

#include "visualizer/backend/headless.hpp"

using namespace stillpoint::view;

namespace {

constexpr int kKeys = static_cast<int>(Key::f12) + 1;

// Which keys were struck, with these modifiers, in any frame.
struct Listener {
  Modifiers modifiers;
  std::vector<Key> heard;
  std::vector<Key> heard_with_repeats;
  std::array<char, 32> text{};
  bool with_field = false;
  bool copy_key_down = false;

  void draw() {
    for (int number = 0; number < kKeys; ++number) {
      const Key key = static_cast<Key>(number);
      if (pressed(key, modifiers)) heard.push_back(key);
      if (pressed_or_held(key, modifiers)) heard_with_repeats.push_back(key);
    }
    if (ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_C), false)) copy_key_down = true;
    if (!with_field) return;
    ImGui::Begin("w");
    ImGui::InputText("text", text.data(), text.size());
    mark_item("text");
    ImGui::End();
  }
};

struct Fixture {
  Listener listener;
  Headless headless{[this] { listener.draw(); }, {320, 240}};
  Input& input = headless.session().input();

  std::vector<Key> take() {
    headless.frames(1);
    return std::exchange(listener.heard, {});
  }
};

using Keys = std::vector<Key>;

}  // namespace

TEST_CASE_METHOD(Fixture, "each key is heard once, as itself and as nothing else") {
  for (int number = 0; number < kKeys; ++number) {
    const Key key = static_cast<Key>(number);
    INFO("key " << number);
    headless.press(key);
    CHECK(std::exchange(listener.heard, {}) == Keys{key});
  }
}

TEST_CASE_METHOD(Fixture, "modifiers must be those that were asked for") {
  const Modifiers all[] = {{}, {.ctrl = true}, {.shift = true}, {.alt = true}, {.ctrl = true, .shift = true}};
  // A letter, a key that does not print.
  for (const Key key : {Key::g, Key::right}) {
    for (const Modifiers asked : all) {
      for (const Modifiers held : all) {
        listener.modifiers = asked;
        headless.press(key, held);
        CHECK(std::exchange(listener.heard, {}) == (asked == held ? Keys{key} : Keys{}));
      }
    }
  }
  // Shift is what it may take to type a sign.
  listener.modifiers = {};
  headless.press(Key::slash, {.shift = true});
  CHECK(std::exchange(listener.heard, {}) == Keys{Key::slash});
  listener.modifiers = {.ctrl = true};
  headless.press(Key::plus, {.ctrl = true});
  CHECK(listener.heard == Keys{Key::plus, Key::equals});  // one key, and no character that tells them apart
}

TEST_CASE_METHOD(Fixture, "signs are where the keyboard's layout has them") {
  // A German keyboard: Shift and 7 gives a slash, AltGr and 8 a bracket; the key right of ß is no bracket.
  input.key(GLFW_KEY_7, KeyAction::press, {.shift = true});
  input.character('/');
  CHECK(take() == Keys{Key::slash});
  input.key(GLFW_KEY_7, KeyAction::release, {});
  input.key(GLFW_KEY_8, KeyAction::press, {});
  input.character('[');
  CHECK(take() == Keys{Key::bracket_left});
  input.key(GLFW_KEY_8, KeyAction::release, {});
  input.key(GLFW_KEY_LEFT_BRACKET, KeyAction::press, {});
  input.character(0xfc);
  CHECK(take().empty());
}

TEST_CASE_METHOD(Fixture, "Caps Lock changes no letter's meaning") {
  input.key(GLFW_KEY_G, KeyAction::press, {});
  input.character('G');
  CHECK(take() == Keys{Key::g});
}

TEST_CASE_METHOD(Fixture, "a key that is held repeats for those who ask for it") {
  input.key(GLFW_KEY_RIGHT, KeyAction::press, {});
  headless.frames(1);
  for (int n = 0; n < 3; ++n) {
    input.key(GLFW_KEY_RIGHT, KeyAction::repeat, {});
    headless.frames(1);
  }
  CHECK(listener.heard == Keys{Key::right});
  CHECK(listener.heard_with_repeats == Keys(4, Key::right));
  input.key(GLFW_KEY_RIGHT, KeyAction::release, {});
  headless.frames(3);
  CHECK(listener.heard_with_repeats.size() == 4);
}

TEST_CASE_METHOD(Fixture, "nothing between two frames is lost") {
  // Down and up again; two keys; with a modifier that is up again too.
  input.key(GLFW_KEY_LEFT_CONTROL, KeyAction::press, {});
  input.key(GLFW_KEY_C, KeyAction::press, {.ctrl = true});
  input.key(GLFW_KEY_C, KeyAction::release, {.ctrl = true});
  input.key(GLFW_KEY_LEFT_CONTROL, KeyAction::release, {});
  input.key(GLFW_KEY_RIGHT, KeyAction::press, {});
  input.key(GLFW_KEY_RIGHT, KeyAction::release, {});
  listener.modifiers = {.ctrl = true};
  headless.frames(1);
  CHECK(listener.heard == Keys{Key::c});
  CHECK(listener.copy_key_down);  // ImGui has seen it
  CHECK(headless.session().io().KeysDown[GLFW_KEY_RIGHT]);
  CHECK(headless.session().io().KeyCtrl);
  headless.frames(1);
  CHECK_FALSE(headless.session().io().KeysDown[GLFW_KEY_RIGHT]);
  CHECK_FALSE(headless.session().io().KeyCtrl);
  CHECK(listener.heard == Keys{Key::c});
}

TEST_CASE_METHOD(Fixture, "a window that loses the keyboard holds no keys") {
  input.key(GLFW_KEY_LEFT_SHIFT, KeyAction::press, {});
  headless.frames(1);
  REQUIRE(headless.session().io().KeyShift);
  input.release_keys();
  headless.frames(1);
  CHECK_FALSE(headless.session().io().KeyShift);
}

TEST_CASE_METHOD(Fixture, "numbers that are no key are ignored") {
  for (const int code : {GLFW_KEY_UNKNOWN, 0, GLFW_KEY_LAST + 1, 511, 512, 100'000}) {
    input.key(code, KeyAction::press, {});
    input.key(code, KeyAction::release, {});
  }
  CHECK(take().empty());
}

TEST_CASE_METHOD(Fixture, "the number pad's Enter is Enter") {
  input.key(GLFW_KEY_KP_ENTER, KeyAction::press, {});
  CHECK(take() == Keys{Key::enter});
}

TEST_CASE_METHOD(Fixture, "a text field keeps what is typed into it") {
  listener.with_field = true;
  headless.frames(2);
  headless.click("text");
  headless.press(Key::g);
  headless.press(Key::slash);
  headless.press(Key::space);
  headless.press(Key::left);
  headless.press(Key::backspace);
  CHECK(listener.heard.empty());
  CHECK(std::string(listener.text.data()) == "g ");
  headless.press(Key::down);
  headless.press(Key::f1);
  CHECK(std::exchange(listener.heard, {}) == Keys{Key::down, Key::f1});
  listener.modifiers = {.ctrl = true};
  headless.press(Key::f, {.ctrl = true});
  CHECK(std::exchange(listener.heard, {}) == Keys{Key::f});
  listener.modifiers = {};
  headless.press(Key::escape);
  CHECK(std::exchange(listener.heard, {}) == Keys{Key::escape});
  headless.press(Key::g);
  CHECK(listener.heard == Keys{Key::g});
}
