#pragma once
// The fonts and their sizes. Everything is multiplied by the session's scale, which is 1 on an ordinary monitor.
// Colours and spacing are the screen's (screen/palette.hpp).
//
// Fonts are drawn without oversampling: each glyph covers whole pixels, on the screen as in a picture, so that both
// show the same letters.

struct ImFont;
struct ImFontAtlas;

namespace stillpoint::view {

// Heights of the fonts, in pixels at scale 1.
constexpr float kTextSize = 15;
constexpr float kSmallSize = 12;
constexpr float kHeadingSize = 19;
constexpr float kMonoSize = 14;

// Of the current ImGui context. text_font() is the one that ImGui uses where nobody says otherwise.
ImFont* text_font();     // DejaVu Sans
ImFont* bold_font();     // DejaVu Sans Bold, as high as text_font()
ImFont* small_font();    // DejaVu Sans
ImFont* heading_font();  // DejaVu Sans Bold
ImFont* mono_font();     // DejaVu Sans Mono

// By how much lengths in pixels are to be multiplied.
float scale();

// What can be shown: Latin, Greek and Cyrillic letters, punctuation, arrows, some signs of mathematics, geometric
// shapes, check marks. Anything else shows as U+FFFD.
//
// Throws Error if a font is not installed; the package is fonts-dejavu-core.
void add_fonts(ImFontAtlas& atlas, float scale);

}  // namespace stillpoint::view
