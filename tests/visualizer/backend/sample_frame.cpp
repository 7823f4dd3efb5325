#include "tests/visualizer/backend/sample_frame.hpp"

#include <imgui.h>

#include <initializer_list>

#include "visualizer/backend/theme.hpp"

using namespace stillpoint::view;

namespace test {
namespace {

constexpr int kRows = 60;
constexpr int kLanes = 24;

void draw_table() {
  if (!ImGui::BeginTable("events", 4, ImGuiTableFlags_RowBg | ImGuiTableFlags_BordersInnerV)) return;
  for (const char* title : {"event", "at", "host", "what"}) ImGui::TableSetupColumn(title);
  ImGui::TableHeadersRow();
  ImGui::PushFont(mono_font());
  for (int row = 0; row < kRows; ++row) {
    ImGui::TableNextRow();
    ImGui::TableNextColumn();
    ImGui::Text("%d", 7021 + row * 13);
    ImGui::TableNextColumn();
    ImGui::Text("0.%06d s", 89'900 + row * 731);
    ImGui::TableNextColumn();
    ImGui::Text("users-%d", row % 7);
    ImGui::TableNextColumn();
    ImGui::Text("142 bytes of data on connection %d \u2192 its server", row * 3);
  }
  ImGui::PopFont();
  ImGui::EndTable();
}

void draw_lanes(ImVec2 min, ImVec2 max) {
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const float height = (max.y - min.y) / kLanes;
  const float width = max.x - min.x;
  list.PushClipRect(min, max, true);
  for (int lane = 0; lane < kLanes; ++lane) {
    const float y = min.y + (static_cast<float>(lane) + 0.5f) * height;
    list.AddLine({min.x, y}, {max.x, y}, IM_COL32(70, 76, 84, 255));
    for (int tick = 0; tick < 60; ++tick) {
      const float x = min.x + width * static_cast<float>((tick * 37 + lane * 11) % 997) / 997;
      list.AddCircleFilled({x, y}, 3, IM_COL32(120, 176, 235, 180));
      if (tick % 4 == 0) {
        const float to = y + height * static_cast<float>(tick % 5 - 2);
        list.AddBezierCubic({x, y}, {x + 15, y}, {x + 15, to}, {x + 30, to}, IM_COL32(200, 140, 80, 120), 1.3f);
      }
    }
  }
  list.PopClipRect();
}

}  // namespace

void draw_sample_frame() {
  const ImGuiIO& io = ImGui::GetIO();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::Begin("all", nullptr, ImGuiWindowFlags_NoDecoration);
  ImGui::PushFont(heading_font());
  ImGui::TextUnformatted("safety: capacity conserved");
  ImGui::PopFont();
  ImGui::Button("Replay");
  ImGui::SameLine();
  ImGui::TextDisabled("\u25b2 9 \u2026 \u2713 \u00e4\u00f6\u00fc\u00df \u0394");
  const float middle = io.DisplaySize.x / 2;
  const float top = ImGui::GetCursorScreenPos().y;
  ImGui::BeginChild("table", {middle - 20, 0});
  draw_table();
  ImGui::EndChild();
  draw_lanes({middle, top}, {io.DisplaySize.x - 8, io.DisplaySize.y - 8});
  ImGui::End();
}

}  // namespace test
