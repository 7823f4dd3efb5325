#include "visualizer/backend/imgui_session.hpp"

#include <imgui.h>

#include "visualizer/backend/theme.hpp"

namespace stillpoint::view {

ImGuiSession::ImGuiSession(float scale) : fonts_(std::make_unique<ImFontAtlas>()) {
  IMGUI_CHECKVERSION();
  add_fonts(*fonts_, scale);  // throws; the context is made afterwards
  context_ = ImGui::CreateContext(fonts_.get());
  ImGui::SetCurrentContext(context_);
  ImGuiIO& state = ImGui::GetIO();
  state.IniFilename = nullptr;
  state.LogFilename = nullptr;
  state.ConfigInputTextCursorBlink = false;
  state.BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset;
  ImGui::StyleColorsDark();
  ImGui::GetStyle().ScaleAllSizes(scale);
  input_.install(state);

  clipboard_.write = [this](const std::string& text) { own_text_ = text; };
  clipboard_.read = [this] { return own_text_; };
  state.ClipboardUserData = this;
  state.SetClipboardTextFn = write_clipboard;
  state.GetClipboardTextFn = read_clipboard;
}

ImGuiSession::~ImGuiSession() { ImGui::DestroyContext(context_); }

ImGuiIO& ImGuiSession::io() {
  ImGui::SetCurrentContext(context_);
  return ImGui::GetIO();
}

void ImGuiSession::begin_frame(Size size, double seconds) {
  ImGuiIO& state = io();
  state.DisplaySize = {static_cast<float>(size.width), static_cast<float>(size.height)};
  state.DeltaTime = static_cast<float>(seconds);
  input_.begin_frame(state);
  ImGui::NewFrame();
}

const ImDrawData& ImGuiSession::end_frame() {
  ImGui::SetCurrentContext(context_);
  ImGui::Render();
  return *ImGui::GetDrawData();
}

const char* ImGuiSession::read_clipboard(void* session) {
  auto& self = *static_cast<ImGuiSession*>(session);
  self.pasted_ = self.clipboard_.read();
  return self.pasted_.c_str();
}

void ImGuiSession::write_clipboard(void* session, const char* text) {
  static_cast<ImGuiSession*>(session)->clipboard_.write(text);
}

}  // namespace stillpoint::view
