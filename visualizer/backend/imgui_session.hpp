#pragma once
// One ImGui context with its fonts, set up the same way wherever it is shown: the project's fonts and style, no files
// of its own (no imgui.ini, no log), nothing that blinks. Several may exist; each is the current one between
// begin_frame() and end_frame(), and the last one that began a frame stays it.
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "visualizer/backend/geometry.hpp"
#include "visualizer/backend/input.hpp"

struct ImDrawData;
struct ImFontAtlas;
struct ImGuiContext;
struct ImGuiIO;

namespace stillpoint::view {

// Where copied text goes, and where pasted text comes from.
struct Clipboard {
  std::function<void(const std::string& text)> write;
  std::function<std::string()> read;
};

class ImGuiSession {
 public:
  // Throws Error if the fonts are missing. `scale`: see theme.hpp.
  explicit ImGuiSession(float scale = 1);
  ~ImGuiSession();
  ImGuiSession(const ImGuiSession&) = delete;
  ImGuiSession& operator=(const ImGuiSession&) = delete;

  Input& input() { return input_; }
  ImGuiIO& io();
  ImFontAtlas& fonts() { return *fonts_; }

  // At first the clipboard is a text of the session's own, which no other program sees.
  void set_clipboard(Clipboard clipboard) { clipboard_ = std::move(clipboard); }

  // Makes this the current context, and begins a frame. `seconds`: since the last one, more than 0.
  void begin_frame(Size size, double seconds);
  // Ends it. What is returned is valid until the next begin_frame().
  const ImDrawData& end_frame();

 private:
  static const char* read_clipboard(void* session);
  static void write_clipboard(void* session, const char* text);

  std::unique_ptr<ImFontAtlas> fonts_;
  ImGuiContext* context_;
  Input input_;
  Clipboard clipboard_;
  std::string own_text_;  // of the clipboard, at first
  std::string pasted_;    // ImGui keeps a pointer to it for a moment
};

}  // namespace stillpoint::view
