#pragma once
// Everything that a person does to a window, between where it comes from (GLFW, or a test) and ImGui. The only part
// that knows how ImGui 1.86 takes input: an index into io.KeysDown for each key, which is GLFW's code here, as in
// ImGui's own GLFW backend; a KeyMap; a queue of characters; flags for modifiers.
//
// Events are gathered as they come, and take effect together at the next frame. A key that goes down and up between two
// frames is down for one of them: ImGui looks at states, and would miss it. An Input belongs to one ImGui context,
// whose io.UserData points to it.
#include <bitset>
#include <cstddef>
#include <vector>

#include "visualizer/backend/geometry.hpp"
#include "visualizer/backend/keys.hpp"

struct ImGuiIO;

namespace stillpoint::view {

enum class KeyAction { press, repeat, release };
enum class MouseButton { left = 0, right = 1, middle = 2 };

class Input {
 public:
  // How ImGui finds keys. To be called once per context.
  void install(ImGuiIO& io);

  // `code`: GLFW_KEY_…; other numbers are ignored. `modifiers`: what is held down besides the key.
  void key(int code, KeyAction action, Modifiers modifiers);
  // What the last key gave, if it prints. GLFW reports it right after its key.
  void character(char32_t character);
  // The window lost the keyboard: nobody will tell that keys go up.
  void release_keys();

  // The mouse, for tests; a window's is left to ImGui's backend, which polls it.
  void move_mouse(Point to) { mouse_ = to; }
  void mouse_button(MouseButton button, bool down) { buttons_.set(static_cast<std::size_t>(button), down); }
  void turn_wheel(float lines) { wheel_ += lines; }

  // Hands the keyboard to ImGui, right before ImGui::NewFrame.
  void begin_frame(ImGuiIO& io);
  // Hands the mouse to ImGui, right before ImGui::NewFrame.
  void begin_frame_mouse(ImGuiIO& io);

  // As in keys.hpp, but with no regard to text fields.
  enum class Repeats { ignored, counted };
  bool struck(Key key, Modifiers modifiers, Repeats repeats) const;

 private:
  struct Stroke {
    int code;             // 0: only the character is known
    char32_t character;   // 0: none
    Modifiers modifiers;  // as held when it was struck
    bool repeated;
  };
  static constexpr std::size_t kCodes = 512;  // the length of io.KeysDown

  std::bitset<kCodes> down_;
  std::bitset<kCodes> tapped_;    // went down since the last frame, whether or not it went up again
  std::vector<Stroke> gathered_;  // since the last frame
  std::vector<Stroke> strokes_;   // of this frame
  Point mouse_{-1, -1};
  std::bitset<3> buttons_;
  float wheel_ = 0;
};

// How to strike a key on a US keyboard: for tests, which have no keyboard.
struct Strike {
  int code;            // GLFW_KEY_…
  char32_t character;  // 0: it prints nothing
  bool shift;          // it takes Shift
};
Strike how_to_strike(Key key, Modifiers modifiers);

// GLFW's codes for the keys that modifiers are.
std::vector<int> codes_of(Modifiers modifiers);

}  // namespace stillpoint::view
