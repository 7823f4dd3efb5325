#include "visualizer/backend/theme.hpp"

#include <fmt/format.h>
#include <imgui.h>
#include <unistd.h>

#include <string>

#include <stillpoint/error.hpp>

namespace stillpoint::view {
namespace {

constexpr const char* kFontFolder = "/usr/share/fonts/truetype/dejavu";

constexpr ImWchar kGlyphs[] = {
    0x0020, 0x024f,  // Latin
    0x0370, 0x04ff,  // Greek, Cyrillic
    0x2010, 0x2027,  // dashes, quotes, bullet, ellipsis
    0x2030, 0x205e,  // per mille, primes, angle quotes
    0x2070, 0x2094,  // superscripts and subscripts
    0x2190, 0x21ff,  // arrows
    0x2200, 0x2265,  // mathematics, up to less and greater or equal
    0x2500, 0x25ff,  // box drawing, blocks, geometric shapes
    0x2605, 0x2606,  // stars
    0x2690, 0x2691,  // flags
    0x26a0, 0x26a1,  // warning, lightning
    0x2713, 0x2718,  // check marks and crosses
    0x27f2, 0x27f7,  // circle and long arrows
    0xfffd, 0xfffd,  // what cannot be shown
    0,
};

struct FontFile {
  const char* name;
  float size;
};
// In the order of the functions that return them.
enum FontIndex { kText, kBold, kSmall, kHeading, kMono };
constexpr FontFile kFonts[] = {
    {"DejaVuSans.ttf", kTextSize},         {"DejaVuSans-Bold.ttf", kTextSize}, {"DejaVuSans.ttf", kSmallSize},
    {"DejaVuSans-Bold.ttf", kHeadingSize}, {"DejaVuSansMono.ttf", kMonoSize},
};

ImFont* font(FontIndex index) { return ImGui::GetIO().Fonts->Fonts[index]; }

}  // namespace

ImFont* text_font() { return font(kText); }
ImFont* bold_font() { return font(kBold); }
ImFont* small_font() { return font(kSmall); }
ImFont* heading_font() { return font(kHeading); }
ImFont* mono_font() { return font(kMono); }

float scale() { return text_font()->FontSize / kTextSize; }

void add_fonts(ImFontAtlas& atlas, float scale) {
  for (const FontFile& file : kFonts) {
    const std::string path = fmt::format("{}/{}", kFontFolder, file.name);
    // ImGui would abort on a font that it cannot read.
    if (access(path.c_str(), R_OK) != 0) {
      throw Error(fmt::format("no font {}: install the package fonts-dejavu-core", path));
    }
    ImFontConfig config;
    config.OversampleH = 1;
    config.PixelSnapH = true;
    if (atlas.AddFontFromFileTTF(path.c_str(), static_cast<float>(static_cast<int>(file.size * scale + 0.5f)), &config,
                                 kGlyphs) == nullptr) {
      throw Error(fmt::format("cannot read the font {}: reinstall the package fonts-dejavu-core", path));
    }
  }
  atlas.Build();
}

void apply_style(ImGuiStyle& style, float scale) {
  ImGui::StyleColorsDark(&style);
  style.WindowPadding = {8, 8};
  style.FramePadding = {7, 3};
  style.ItemSpacing = {8, 5};
  style.CellPadding = {6, 2};
  style.ScrollbarSize = 12;
  style.WindowRounding = 4;
  style.ChildRounding = 4;
  style.FrameRounding = 3;
  style.PopupRounding = 4;
  style.ScrollbarRounding = 6;
  style.GrabRounding = 3;
  style.TabRounding = 3;
  style.WindowBorderSize = 1;
  style.FrameBorderSize = 0;

  const auto set = [&](ImGuiCol which, float red, float green, float blue, float alpha = 1) {
    style.Colors[which] = {red, green, blue, alpha};
  };
  set(ImGuiCol_Text, 0.86f, 0.87f, 0.88f);
  set(ImGuiCol_TextDisabled, 0.52f, 0.55f, 0.58f);
  set(ImGuiCol_WindowBg, 0.086f, 0.094f, 0.106f);
  set(ImGuiCol_ChildBg, 0, 0, 0, 0);
  set(ImGuiCol_PopupBg, 0.118f, 0.129f, 0.145f, 0.98f);
  set(ImGuiCol_Border, 0.22f, 0.24f, 0.27f);
  set(ImGuiCol_FrameBg, 0.141f, 0.153f, 0.173f);
  set(ImGuiCol_FrameBgHovered, 0.18f, 0.2f, 0.227f);
  set(ImGuiCol_FrameBgActive, 0.2f, 0.227f, 0.263f);
  set(ImGuiCol_TitleBg, 0.118f, 0.129f, 0.145f);
  set(ImGuiCol_TitleBgActive, 0.141f, 0.157f, 0.18f);
  set(ImGuiCol_ScrollbarBg, 0, 0, 0, 0);
  set(ImGuiCol_ScrollbarGrab, 0.25f, 0.27f, 0.3f);
  set(ImGuiCol_ScrollbarGrabHovered, 0.32f, 0.35f, 0.39f);
  set(ImGuiCol_ScrollbarGrabActive, 0.38f, 0.42f, 0.47f);
  set(ImGuiCol_CheckMark, 0.47f, 0.69f, 0.92f);
  set(ImGuiCol_SliderGrab, 0.34f, 0.49f, 0.65f);
  set(ImGuiCol_SliderGrabActive, 0.47f, 0.69f, 0.92f);
  set(ImGuiCol_Button, 0.161f, 0.18f, 0.204f);
  set(ImGuiCol_ButtonHovered, 0.212f, 0.243f, 0.282f);
  set(ImGuiCol_ButtonActive, 0.247f, 0.31f, 0.376f);
  set(ImGuiCol_Header, 0.165f, 0.22f, 0.282f);
  set(ImGuiCol_HeaderHovered, 0.192f, 0.255f, 0.322f);
  set(ImGuiCol_HeaderActive, 0.22f, 0.298f, 0.384f);
  set(ImGuiCol_Separator, 0.2f, 0.22f, 0.25f);
  set(ImGuiCol_SeparatorHovered, 0.3f, 0.42f, 0.55f);
  set(ImGuiCol_SeparatorActive, 0.47f, 0.69f, 0.92f);
  set(ImGuiCol_ResizeGrip, 0, 0, 0, 0);
  set(ImGuiCol_Tab, 0.118f, 0.129f, 0.145f);
  set(ImGuiCol_TabHovered, 0.22f, 0.298f, 0.384f);
  set(ImGuiCol_TabActive, 0.18f, 0.235f, 0.298f);
  set(ImGuiCol_TableHeaderBg, 0.125f, 0.137f, 0.153f);
  set(ImGuiCol_TableBorderStrong, 0.2f, 0.22f, 0.25f);
  set(ImGuiCol_TableBorderLight, 0.157f, 0.173f, 0.192f);
  set(ImGuiCol_TableRowBgAlt, 1, 1, 1, 0.02f);
  set(ImGuiCol_TextSelectedBg, 0.22f, 0.38f, 0.55f, 0.8f);
  set(ImGuiCol_NavHighlight, 0.47f, 0.69f, 0.92f);
  style.ScaleAllSizes(scale);
}

}  // namespace stillpoint::view
