#pragma once
// A frame as the viewer draws them: windows, widgets, a table, much text, lines and curves. For tests of drivers.

namespace test {

// Fills the display. To be called between ImGui::NewFrame and ImGui::Render.
void draw_sample_frame();

}  // namespace test
