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

}  // namespace stillpoint::view
