#pragma once
// Draw data made by hand, for tests of what draws it.
#include <imgui.h>

#include <vector>

#include "visualizer/backend/imgui_session.hpp"
#include "visualizer/backend/raster.hpp"

namespace test {

constexpr stillpoint::view::Pixel kBlack = stillpoint::view::rgb(0, 0, 0);
constexpr stillpoint::view::Pixel kWhite = stillpoint::view::rgb(255, 255, 255);

// Corners of triangles with no texture but the atlas's white.
struct Corner {
  float x, y;
  ImU32 colour;
};

class Canvas {
 public:
  explicit Canvas(stillpoint::view::Size size) : size_(size), list_(ImGui::GetDrawListSharedData()) {
    session_.begin_frame(size, 1.0 / 60);
    session_.end_frame();
    restart();
  }

  ImDrawList& list() { return list_; }
  ImFontAtlas& fonts() { return session_.fonts(); }
  void set_scale(float scale) { scale_ = scale; }

  // Empties the list.
  void restart() {
    list_._ResetForNewFrame();
    list_.PushTextureID(session_.fonts().TexID);
    list_.PushClipRect({0, 0}, {static_cast<float>(size_.width), static_cast<float>(size_.height)});
  }

  // Triangles of three corners each. In their own order, never as a rectangle.
  void triangles(const std::vector<Corner>& corners) {
    const ImVec2 white = session_.fonts().TexUvWhitePixel;
    list_.PrimReserve(static_cast<int>(corners.size()), static_cast<int>(corners.size()));
    for (const Corner& corner : corners) list_.PrimVtx({corner.x, corner.y}, white, corner.colour);
  }

  stillpoint::view::Picture draw(stillpoint::view::Pixel background = kBlack) {
    ImDrawList* lists[] = {&list_};
    ImDrawData data;
    data.Valid = true;
    data.CmdLists = lists;
    data.CmdListsCount = 1;
    data.TotalVtxCount = list_.VtxBuffer.Size;
    data.TotalIdxCount = list_.IdxBuffer.Size;
    data.DisplaySize = {static_cast<float>(size_.width), static_cast<float>(size_.height)};
    data.FramebufferScale = {scale_, scale_};
    return stillpoint::view::rasterise(data, session_.fonts(), background);
  }

 private:
  stillpoint::view::Size size_;
  float scale_ = 1;
  stillpoint::view::ImGuiSession session_;
  ImDrawList list_;
};

}  // namespace test
