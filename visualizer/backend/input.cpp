#include "visualizer/backend/input.hpp"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <imgui.h>

#include <algorithm>
#include <array>
#include <string>

#include "sim-core/base/assert.hpp"

namespace stillpoint::view {
namespace {

// What a key is for, which decides who gets it while a text field has the keyboard.
enum class Role { letter, sign, edits, commands };

struct KeyEntry {
  Key key;
  int code;            // on a US keyboard
  char32_t character;  // 0: it prints nothing
  Role role;
  bool shift = false;  // on a US keyboard it takes Shift
};

constexpr KeyEntry kSpecialKeys[] = {
    {Key::space, GLFW_KEY_SPACE, U' ', Role::sign},
    {Key::slash, GLFW_KEY_SLASH, U'/', Role::sign},
    {Key::question_mark, GLFW_KEY_SLASH, U'?', Role::sign, true},
    {Key::bracket_left, GLFW_KEY_LEFT_BRACKET, U'[', Role::sign},
    {Key::bracket_right, GLFW_KEY_RIGHT_BRACKET, U']', Role::sign},
    {Key::plus, GLFW_KEY_EQUAL, U'+', Role::sign, true},
    {Key::minus, GLFW_KEY_MINUS, U'-', Role::sign},
    {Key::equals, GLFW_KEY_EQUAL, U'=', Role::sign},
    {Key::comma, GLFW_KEY_COMMA, U',', Role::sign},
    {Key::period, GLFW_KEY_PERIOD, U'.', Role::sign},
    {Key::colon, GLFW_KEY_SEMICOLON, U':', Role::sign, true},
    {Key::less, GLFW_KEY_COMMA, U'<', Role::sign, true},
    {Key::greater, GLFW_KEY_PERIOD, U'>', Role::sign, true},
    {Key::left, GLFW_KEY_LEFT, 0, Role::edits},
    {Key::right, GLFW_KEY_RIGHT, 0, Role::edits},
    {Key::up, GLFW_KEY_UP, 0, Role::commands},
    {Key::down, GLFW_KEY_DOWN, 0, Role::commands},
    {Key::page_up, GLFW_KEY_PAGE_UP, 0, Role::commands},
    {Key::page_down, GLFW_KEY_PAGE_DOWN, 0, Role::commands},
    {Key::home, GLFW_KEY_HOME, 0, Role::edits},
    {Key::end, GLFW_KEY_END, 0, Role::edits},
    {Key::enter, GLFW_KEY_ENTER, 0, Role::commands},
    {Key::escape, GLFW_KEY_ESCAPE, 0, Role::commands},
    {Key::tab, GLFW_KEY_TAB, 0, Role::commands},
    {Key::backspace, GLFW_KEY_BACKSPACE, 0, Role::edits},
    {Key::insert, GLFW_KEY_INSERT, 0, Role::edits},
    {Key::del, GLFW_KEY_DELETE, 0, Role::edits},
};

KeyEntry entry_of(Key key) {
  // Letters, digits and function keys stand in order, in Key as in GLFW's codes.
  const auto offset_from = [&](Key first) { return static_cast<int>(key) - static_cast<int>(first); };
  if (key <= Key::z) {
    const int letter = offset_from(Key::a);
    return {key, GLFW_KEY_A + letter, U'a' + static_cast<char32_t>(letter), Role::letter};
  }
  if (key <= Key::digit_9) {
    const int digit = offset_from(Key::digit_0);
    return {key, GLFW_KEY_0 + digit, U'0' + static_cast<char32_t>(digit), Role::sign};
  }
  if (key >= Key::f1) return {key, GLFW_KEY_F1 + offset_from(Key::f1), 0, Role::commands};
  const auto found = std::find_if(std::begin(kSpecialKeys), std::end(kSpecialKeys),
                                  [&](const KeyEntry& entry) { return entry.key == key; });
  SP_ASSERT(found != std::end(kSpecialKeys));
  return *found;
}

char32_t lower_case(char32_t character) {
  return character >= U'A' && character <= U'Z' ? character - U'A' + U'a' : character;
}

const Input& current_input() {
  const void* input = ImGui::GetIO().UserData;
  SP_ASSERT(input != nullptr);
  return *static_cast<const Input*>(input);
}

// Whether the key belongs to the text field that has the keyboard, if one has.
bool taken_by_text_field(Key key, Modifiers modifiers) {
  if (!typing() || modifiers.ctrl || modifiers.alt) return false;
  return entry_of(key).role != Role::commands;
}

}  // namespace

bool pressed(Key key, Modifiers modifiers) {
  return !taken_by_text_field(key, modifiers) && current_input().struck(key, modifiers, Input::Repeats::ignored);
}

bool pressed_or_held(Key key, Modifiers modifiers) {
  return !taken_by_text_field(key, modifiers) && current_input().struck(key, modifiers, Input::Repeats::counted);
}

Modifiers held_modifiers() {
  const ImGuiIO& io = ImGui::GetIO();
  return {.ctrl = io.KeyCtrl, .shift = io.KeyShift, .alt = io.KeyAlt};
}

bool typing() { return ImGui::GetIO().WantTextInput; }

void Input::install(ImGuiIO& io) {
  static_assert(kCodes == IM_ARRAYSIZE(io.KeysDown) && GLFW_KEY_LAST < kCodes);
  constexpr std::array<std::pair<ImGuiKey, int>, ImGuiKey_COUNT> kMap{{
      {ImGuiKey_Tab, GLFW_KEY_TAB},
      {ImGuiKey_LeftArrow, GLFW_KEY_LEFT},
      {ImGuiKey_RightArrow, GLFW_KEY_RIGHT},
      {ImGuiKey_UpArrow, GLFW_KEY_UP},
      {ImGuiKey_DownArrow, GLFW_KEY_DOWN},
      {ImGuiKey_PageUp, GLFW_KEY_PAGE_UP},
      {ImGuiKey_PageDown, GLFW_KEY_PAGE_DOWN},
      {ImGuiKey_Home, GLFW_KEY_HOME},
      {ImGuiKey_End, GLFW_KEY_END},
      {ImGuiKey_Insert, GLFW_KEY_INSERT},
      {ImGuiKey_Delete, GLFW_KEY_DELETE},
      {ImGuiKey_Backspace, GLFW_KEY_BACKSPACE},
      {ImGuiKey_Space, GLFW_KEY_SPACE},
      {ImGuiKey_Enter, GLFW_KEY_ENTER},
      {ImGuiKey_Escape, GLFW_KEY_ESCAPE},
      {ImGuiKey_KeyPadEnter, GLFW_KEY_KP_ENTER},
      {ImGuiKey_A, GLFW_KEY_A},
      {ImGuiKey_C, GLFW_KEY_C},
      {ImGuiKey_V, GLFW_KEY_V},
      {ImGuiKey_X, GLFW_KEY_X},
      {ImGuiKey_Y, GLFW_KEY_Y},
      {ImGuiKey_Z, GLFW_KEY_Z},
  }};
  for (const auto& [key, code] : kMap) io.KeyMap[key] = code;
  io.UserData = this;
}

void Input::key(int code, KeyAction action, Modifiers modifiers) {
  if (code <= 0 || code > GLFW_KEY_LAST) return;
  const auto index = static_cast<std::size_t>(code);
  if (action == KeyAction::release) {
    down_.reset(index);
    return;
  }
  down_.set(index);
  tapped_.set(index);
  gathered_.push_back({code, 0, modifiers, action == KeyAction::repeat});
}

void Input::character(char32_t character) {
  if (gathered_.empty() || gathered_.back().character != 0) {
    gathered_.push_back({0, character, {.shift = character >= U'A' && character <= U'Z'}, false});
  } else {
    gathered_.back().character = character;
  }
}

void Input::release_keys() {
  down_.reset();
  tapped_.reset();
  gathered_.clear();
}

void Input::begin_frame(ImGuiIO& io) {
  strokes_ = std::move(gathered_);
  gathered_.clear();
  const std::bitset<kCodes> seen = down_ | tapped_;
  tapped_.reset();
  for (std::size_t code = 0; code < kCodes; ++code) io.KeysDown[code] = seen[code];
  io.KeyCtrl = seen[GLFW_KEY_LEFT_CONTROL] || seen[GLFW_KEY_RIGHT_CONTROL];
  io.KeyShift = seen[GLFW_KEY_LEFT_SHIFT] || seen[GLFW_KEY_RIGHT_SHIFT];
  io.KeyAlt = seen[GLFW_KEY_LEFT_ALT] || seen[GLFW_KEY_RIGHT_ALT];
  io.KeySuper = seen[GLFW_KEY_LEFT_SUPER] || seen[GLFW_KEY_RIGHT_SUPER];
  for (const Stroke& stroke : strokes_) {
    if (stroke.character != 0) io.AddInputCharacter(stroke.character);
  }
}

void Input::begin_frame_mouse(ImGuiIO& io) {
  io.MousePos = ImVec2(mouse_.x, mouse_.y);
  for (std::size_t button = 0; button < buttons_.size(); ++button) io.MouseDown[button] = buttons_[button];
  io.MouseWheel = wheel_;
  wheel_ = 0;
}

bool Input::struck(Key key, Modifiers modifiers, Repeats repeats) const {
  const KeyEntry wanted = entry_of(key);
  const bool by_character = wanted.character != 0 && !modifiers.ctrl && !modifiers.alt;
  const auto is_it = [&](const Stroke& stroke) {
    if (stroke.repeated && repeats == Repeats::ignored) return false;
    Modifiers held = stroke.modifiers;
    if (by_character) {
      if (wanted.role == Role::sign) return stroke.character == wanted.character;
      return lower_case(stroke.character) == wanted.character && held == modifiers;
    }
    Modifiers sought = modifiers;
    if (wanted.role == Role::sign) held.shift = sought.shift = false;
    const int code = stroke.code == GLFW_KEY_KP_ENTER ? GLFW_KEY_ENTER : stroke.code;
    return code == wanted.code && held == sought;
  };
  return std::any_of(strokes_.begin(), strokes_.end(), is_it);
}

Strike how_to_strike(Key key, Modifiers modifiers) {
  const KeyEntry entry = entry_of(key);
  Strike strike{entry.code, entry.character, modifiers.shift || entry.shift};
  if (modifiers.ctrl || modifiers.alt) strike.character = 0;
  if (entry.role == Role::letter && strike.shift && strike.character != 0) strike.character -= U'a' - U'A';
  return strike;
}

std::vector<int> codes_of(Modifiers modifiers) {
  std::vector<int> codes;
  if (modifiers.ctrl) codes.push_back(GLFW_KEY_LEFT_CONTROL);
  if (modifiers.shift) codes.push_back(GLFW_KEY_LEFT_SHIFT);
  if (modifiers.alt) codes.push_back(GLFW_KEY_LEFT_ALT);
  return codes;
}

}  // namespace stillpoint::view
