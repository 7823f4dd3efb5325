#include "visualizer/screen/palette.hpp"

namespace stillpoint::view::palette {

ImU32 of(KindGroup group) {
  switch (group) {
    case KindGroup::slice:
      return rgb(0x566579);
    case KindGroup::network:
      return rgb(0x5ea9ee);
    case KindGroup::timer:
      return rgb(0x8d93bd);
    case KindGroup::user:
      return rgb(0x63c98f);
    case KindGroup::service:
      return rgb(0xc79bf2);
    case KindGroup::violation:
      return kBroken;
    case KindGroup::other:
      return rgb(0xa7b1bd);
  }
  return kMuted;
}

ImU32 of(CauseKind kind) {
  switch (kind) {
    case CauseKind::message:
      return of(KindGroup::network);
    case CauseKind::arming:
      return of(KindGroup::timer);
    case CauseKind::wakeup:
      return rgb(0x75869b);
    case CauseKind::fault:
      return kMarked;
    case CauseKind::user:
      return of(KindGroup::user);
    case CauseKind::state:
      return of(KindGroup::service);
    case CauseKind::none:
      break;
  }
  return kMuted;
}

ImU32 of_verdict(std::string_view verdict) {
  if (verdict == "pass") return kGood;
  if (verdict.empty()) return kMarked;
  return kBroken;
}

ImU32 of_outcome(std::string_view outcome) {
  if (outcome == "ok") return rgb(0x3f8f63);
  if (outcome == "fail") return rgb(0x7b6a72);
  if (outcome == "info") return rgb(0xa9803c);
  return rgb(0x4a617c);
}

void apply() {
  ImGuiStyle& style = ImGui::GetStyle();
  style.WindowPadding = {0, 0};
  style.FramePadding = {8, 4};
  style.ItemSpacing = {8, 4};
  style.FrameRounding = 5;
  style.ChildRounding = 0;
  style.PopupRounding = 6;
  style.WindowRounding = 0;
  style.WindowBorderSize = 0;
  style.ChildBorderSize = 0;
  style.PopupBorderSize = 1;
  style.ScrollbarSize = 11;
  style.ScrollbarRounding = 6;
  style.GrabRounding = 6;
  const auto set = [&style](ImGuiCol which, ImU32 colour) {
    style.Colors[which] = ImGui::ColorConvertU32ToFloat4(colour);
  };
  set(ImGuiCol_Text, kText);
  set(ImGuiCol_TextDisabled, kFaint);
  set(ImGuiCol_WindowBg, kGround);
  set(ImGuiCol_ChildBg, faded(kGround, 0));
  set(ImGuiCol_PopupBg, rgb(0x1a212a));
  set(ImGuiCol_Border, kStrongLine);
  set(ImGuiCol_FrameBg, kRaised);
  set(ImGuiCol_FrameBgHovered, kHover);
  set(ImGuiCol_FrameBgActive, kHover);
  set(ImGuiCol_ScrollbarBg, faded(kGround, 0));
  set(ImGuiCol_ScrollbarGrab, kStrongLine);
  set(ImGuiCol_ScrollbarGrabHovered, kFaint);
  set(ImGuiCol_ScrollbarGrabActive, kMuted);
  set(ImGuiCol_TextSelectedBg, faded(kAccent, 0.35F));
  set(ImGuiCol_NavHighlight, faded(kAccent, 0));
}

}  // namespace stillpoint::view::palette
