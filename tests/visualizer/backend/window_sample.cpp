// A program with a window, for the tests of the window: window_sample WHAT [FILE]
//   picture FILE   draws some frames and writes the last one, as the screen has it, to a PNG file
//   input          feeds the window's own callbacks, as the window system would, and prints what the screen hears
//   idle           lets nothing happen for four seconds, and prints how often it was drawn
#include <signal.h>
#include <unistd.h>

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <cstdio>
#include <string>

#include <stillpoint/error.hpp>

#include "tests/visualizer/backend/sample_frame.hpp"
#include "visualizer/backend/keys.hpp"
#include "visualizer/backend/png.hpp"
#include "visualizer/backend/window.hpp"

using namespace stillpoint::view;

namespace {

void picture(const std::string& path) {
  run_window("picture", test::draw_sample_frame,
             {.size = {800, 500}, .frames = 4, .last_frame = [&](const Picture& pixels) { write_png(path, pixels); }});
}

// Calls what run_window() has installed.
void strike(GLFWwindow* window, int code, unsigned character, int action = GLFW_PRESS) {
  const GLFWkeyfun on_key = glfwSetKeyCallback(window, nullptr);
  const GLFWcharfun on_character = glfwSetCharCallback(window, nullptr);
  glfwSetKeyCallback(window, on_key);
  glfwSetCharCallback(window, on_character);
  on_key(window, code, glfwGetKeyScancode(code), action, 0);
  if (character != 0) on_character(window, character);
  on_key(window, code, glfwGetKeyScancode(code), GLFW_RELEASE, 0);
}

void scroll(GLFWwindow* window, double lines) {
  const GLFWscrollfun on_scroll = glfwSetScrollCallback(window, nullptr);
  glfwSetScrollCallback(window, on_scroll);
  on_scroll(window, 0, lines);
}

void input() {
  int frame = 0;
  const auto draw = [&] {
    GLFWwindow* window = glfwGetCurrentContext();
    ++frame;
    if (pressed(Key::g)) fmt::print("frame {}: g\n", frame);
    if (pressed(Key::question_mark)) fmt::print("frame {}: question mark\n", frame);
    if (pressed(Key::right)) fmt::print("frame {}: right\n", frame);
    if (pressed_or_held(Key::left)) fmt::print("frame {}: left held\n", frame);
    if (frame == 2) strike(window, GLFW_KEY_G, 'g');
    if (frame == 3) {
      strike(window, GLFW_KEY_RIGHT, 0);
      strike(window, GLFW_KEY_SLASH, '?');
    }
    if (frame == 4) strike(window, GLFW_KEY_LEFT, 0, GLFW_REPEAT);
    if (frame == 4) {
      scroll(window, -2);  // which ImGui forgets at the end of a frame: a real one comes between two
      fmt::print("wheel: {}\n", ImGui::GetIO().MouseWheel);
    }
    if (frame == 5) ImGui::SetClipboardText("copied \u2192 text");
    if (frame == 6) fmt::print("clipboard: {}\n", ImGui::GetClipboardText());
  };
  run_window("input", draw, {.size = {320, 240}, .frames = 7});
}

int frames_drawn = 0;

[[noreturn]] void on_alarm(int) {
  fmt::print("{}\n", frames_drawn);
  std::fflush(stdout);
  _exit(0);
}

void idle() {
  const auto draw = [] {
    test::draw_sample_frame();
    ++frames_drawn;
  };
  signal(SIGALRM, on_alarm);
  alarm(4);
  run_window("idle", draw, {.size = {320, 240}});
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  try {
    if (what == "picture") picture(argv[2]);
    if (what == "input") input();
    if (what == "idle") idle();
  } catch (const stillpoint::Error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 2;
  }
  return 0;
}
