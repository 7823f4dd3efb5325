#pragma once
// The keyboard as the screen sees it: keys by what they mean, and whether one was struck. Nothing here depends on the
// window system or on ImGui's numbers for keys; visualizer/backend/input.hpp knows those.

namespace stillpoint::view {

// clang-format off
enum class Key {
  a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z,
  digit_0, digit_1, digit_2, digit_3, digit_4, digit_5, digit_6, digit_7, digit_8, digit_9,
  space, slash, question_mark, bracket_left, bracket_right, plus, minus, equals, comma, period, colon, less, greater,
  left, right, up, down, page_up, page_down, home, end,
  enter, escape, tab, backspace, insert, del,
  f1, f2, f3, f4, f5, f6, f7, f8, f9, f10, f11, f12,
};
// clang-format on

struct Modifiers {
  bool ctrl = false;
  bool shift = false;
  bool alt = false;
  bool operator==(const Modifiers&) const = default;
};

// Whether the key was struck since the last frame, with these modifiers and no others. To be called between
// ImGui::NewFrame and ImGui::Render.
//
// Keys that print (letters, digits, signs, space) go by the character that the keyboard's layout makes of them: `slash`
// is the sign, wherever it is. For signs and digits Shift does not count, because it may be what it takes to type them;
// `g` with Shift is "G". With Ctrl or Alt they go by the key, as there is no character then:
// Ctrl and `plus` is Ctrl and `equals`, which are one key on a US keyboard.
//
// While a text field has the keyboard, keys that print, edit or move within its line are never struck: they are the
// field's. Enter, Escape, Tab, up, down, Page Up, Page Down and what is held with Ctrl or Alt are for both.
bool pressed(Key key, Modifiers modifiers = {});

// As pressed(), and again as often as the keyboard repeats a key that is held down.
bool pressed_or_held(Key key, Modifiers modifiers = {});

// The modifiers that are held down now, for clicks.
Modifiers held_modifiers();

// Whether a text field has the keyboard.
bool typing();

}  // namespace stillpoint::view
