#include "visualizer/backend/window.hpp"

#define GLFW_INCLUDE_GLCOREARB
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_opengl3.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <memory>

#include <stillpoint/error.hpp>

#include "visualizer/backend/imgui_session.hpp"
#include "visualizer/backend/redraw.hpp"

namespace stillpoint::view {
namespace {

// ImGui settles within so many frames after the last event: what opens in one is measured in the next.
constexpr int kFramesToSettle = 3;
constexpr Size kSmallest{320, 240};
constexpr double kRestSeconds = 1;  // how long to sleep at once; nothing is drawn when it is over
// The shortest time between two frames that ImGui is told: it refuses none at all.
constexpr double kShortestSeconds = 1e-5;

std::string last_error() {
  const char* text = nullptr;
  glfwGetError(&text);
  return text == nullptr ? "unknown error" : text;
}

// GLFW itself; one per process at a time.
struct Glfw {
  Glfw() {
    if (glfwInit() != GLFW_TRUE) {
      throw Error(fmt::format("no display: set DISPLAY, or use --render FILE ({})", last_error()));
    }
  }
  ~Glfw() { glfwTerminate(); }
};

using WindowHandle = std::unique_ptr<GLFWwindow, void (*)(GLFWwindow*)>;

WindowHandle open_window(const std::string& title, Size size) {
  glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
  glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 2);
  glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
  glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
  glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_TRUE);
  WindowHandle window(glfwCreateWindow(size.width, size.height, title.c_str(), nullptr, nullptr), glfwDestroyWindow);
  if (!window) throw Error(fmt::format("no window with OpenGL 3.2: {}; use --render FILE", last_error()));
  glfwSetWindowSizeLimits(window.get(), kSmallest.width, kSmallest.height, GLFW_DONT_CARE, GLFW_DONT_CARE);
  glfwMakeContextCurrent(window.get());
  glfwSwapInterval(1);
  return window;
}

float content_scale(GLFWwindow* window) {
  float x = 1;
  float y = 1;
  glfwGetWindowContentScale(window, &x, &y);
  return std::clamp(x, 1.0f, 4.0f);
}

// What GLFW's callbacks work on: it knows only functions, and one pointer per window.
struct Events {
  Input& input;
  bool any = true;
};

Events& events_of(GLFWwindow* window) {
  auto& events = *static_cast<Events*>(glfwGetWindowUserPointer(window));
  events.any = true;
  return events;
}

Modifiers modifiers_of(int bits) {
  return {
      .ctrl = (bits & GLFW_MOD_CONTROL) != 0, .shift = (bits & GLFW_MOD_SHIFT) != 0, .alt = (bits & GLFW_MOD_ALT) != 0};
}

// GLFW numbers keys by their place on a US keyboard. Ctrl+A is the key that says A, wherever it is.
int code_by_layout(int code, int scancode) {
  const char* name = code >= GLFW_KEY_A && code <= GLFW_KEY_Z ? glfwGetKeyName(code, scancode) : nullptr;
  if (name == nullptr || name[0] < 'a' || name[0] > 'z' || name[1] != '\0') return code;
  return GLFW_KEY_A + (name[0] - 'a');
}

void on_key(GLFWwindow* window, int code, int scancode, int action, int modifiers) {
  const KeyAction what = action == GLFW_PRESS    ? KeyAction::press
                         : action == GLFW_REPEAT ? KeyAction::repeat
                                                 : KeyAction::release;
  events_of(window).input.key(code_by_layout(code, scancode), what, modifiers_of(modifiers));
}

void on_focus(GLFWwindow* window, int focused) {
  Events& events = events_of(window);
  if (focused == GLFW_FALSE) events.input.release_keys();
  ImGui_ImplGlfw_WindowFocusCallback(window, focused);
}

// The keyboard goes through Input, as in tests; the mouse through ImGui's own backend, which polls it.
void listen(GLFWwindow* window, Events& events) {
  glfwSetWindowUserPointer(window, &events);
  glfwSetKeyCallback(window, on_key);
  glfwSetCharCallback(window, [](GLFWwindow* on, unsigned character) { events_of(on).input.character(character); });
  glfwSetWindowFocusCallback(window, on_focus);
  glfwSetMouseButtonCallback(window, [](GLFWwindow* on, int button, int action, int modifiers) {
    events_of(on);
    ImGui_ImplGlfw_MouseButtonCallback(on, button, action, modifiers);
  });
  glfwSetScrollCallback(window, [](GLFWwindow* on, double x, double y) {
    events_of(on);
    ImGui_ImplGlfw_ScrollCallback(on, x, y);
  });
  glfwSetCursorEnterCallback(window, [](GLFWwindow* on, int entered) {
    events_of(on);
    ImGui_ImplGlfw_CursorEnterCallback(on, entered);
  });
  glfwSetCursorPosCallback(window, [](GLFWwindow* on, double, double) { events_of(on); });
  glfwSetWindowRefreshCallback(window, [](GLFWwindow* on) { events_of(on); });
  glfwSetFramebufferSizeCallback(window, [](GLFWwindow* on, int, int) { events_of(on); });
}

// ImGui's two backends, for as long as the window is there.
struct Backends {
  explicit Backends(GLFWwindow* window) {
    ImGui_ImplGlfw_InitForOpenGL(window, false);
    ImGui_ImplOpenGL3_Init("#version 150");
  }
  ~Backends() {
    ImGui_ImplOpenGL3_Shutdown();
    ImGui_ImplGlfw_Shutdown();
  }
};

// OpenGL's functions that are called here; ImGui's backend has a loader of its own.
struct OpenGl {
  PFNGLVIEWPORTPROC viewport = load<PFNGLVIEWPORTPROC>("glViewport");
  PFNGLCLEARCOLORPROC clear_colour = load<PFNGLCLEARCOLORPROC>("glClearColor");
  PFNGLCLEARPROC clear = load<PFNGLCLEARPROC>("glClear");
  PFNGLREADPIXELSPROC read_pixels = load<PFNGLREADPIXELSPROC>("glReadPixels");

  template <typename Function>
  static Function load(const char* name) {
    return reinterpret_cast<Function>(glfwGetProcAddress(name));
  }
};

Size framebuffer_size(GLFWwindow* window) {
  Size size;
  glfwGetFramebufferSize(window, &size.width, &size.height);
  return size;
}

Picture read_back(const OpenGl& gl, Size size) {
  Picture upside_down(size, 0);
  gl.read_pixels(0, 0, size.width, size.height, GL_RGBA, GL_UNSIGNED_BYTE, upside_down.pixels.data());
  Picture picture(size, 0);
  for (int y = 0; y < size.height; ++y) {
    std::copy_n(upside_down.row(size.height - 1 - y), size.width, picture.row(y));
  }
  return picture;
}

// Makes whatever was drawn visible.
void show(const OpenGl& gl, GLFWwindow* window, const ImDrawData& data) {
  const Size size = framebuffer_size(window);
  gl.viewport(0, 0, size.width, size.height);
  gl.clear_colour(0, 0, 0, 1);
  gl.clear(GL_COLOR_BUFFER_BIT);
  ImGui_ImplOpenGL3_RenderDrawData(const_cast<ImDrawData*>(&data));
}

void draw_frame(GLFWwindow* window, ImGuiSession& session, const std::function<void()>& draw) {
  ImGui_ImplOpenGL3_NewFrame();
  ImGui_ImplGlfw_NewFrame();
  Size size;
  glfwGetWindowSize(window, &size.width, &size.height);
  session.begin_frame(size, std::max<double>(session.io().DeltaTime, kShortestSeconds));
  draw();
}

bool any_mouse_button_down(const ImGuiIO& io) {
  return std::any_of(std::begin(io.MouseDown), std::end(io.MouseDown), [](bool down) { return down; });
}

}  // namespace

void run_window(const std::string& title, const std::function<void()>& draw, const WindowOptions& options) {
  const Glfw glfw;
  const WindowHandle window = open_window(title, options.size);
  ImGuiSession session(content_scale(window.get()));
  Events events{session.input()};
  const Backends backends(window.get());
  listen(window.get(), events);
  const OpenGl gl;

  int still_to_draw = kFramesToSettle;
  for (int frame = 1; glfwWindowShouldClose(window.get()) == GLFW_FALSE; ++frame) {
    draw_frame(window.get(), session, draw);
    show(gl, window.get(), session.end_frame());
    if (options.frames && frame >= *options.frames) {
      if (options.last_frame) options.last_frame(read_back(gl, framebuffer_size(window.get())));
      return;
    }
    glfwSwapBuffers(window.get());

    events.any = take_redraw_request() || any_mouse_button_down(session.io());
    glfwPollEvents();
    if (events.any) still_to_draw = kFramesToSettle;
    const bool resting = --still_to_draw <= 0 && !options.frames;
    while (resting && !events.any && glfwWindowShouldClose(window.get()) == GLFW_FALSE) {
      glfwWaitEventsTimeout(kRestSeconds);
    }
    if (resting) still_to_draw = kFramesToSettle;
  }
}

}  // namespace stillpoint::view
