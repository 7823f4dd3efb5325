#pragma once
// The viewer in a window: GLFW and OpenGL 3. It draws when something happens to the window and sleeps otherwise.
#include <functional>
#include <optional>
#include <string>

#include "visualizer/backend/picture.hpp"

namespace stillpoint::view {

struct WindowOptions {
  Size size{1600, 1000};
  // For tests: closes by itself after so many frames, and draws them without waiting.
  std::optional<int> frames{};
  // For tests: gets the pixels of the last frame.
  std::function<void(const Picture& pixels)> last_frame{};
};

// Opens a window, calls `draw` for each frame, and returns when the user closes it. Throws Error if there is no
// display, or if it cannot do OpenGL 3.2.
void run_window(const std::string& title, const std::function<void()>& draw, const WindowOptions& options = {});

}  // namespace stillpoint::view
