#pragma once
// Draws what ImGui wants drawn, without a graphics card: textured, coloured, clipped, blended triangles into a Picture.
// The same draw data gives the same bytes whatever the compiler and its optimisation: positions become fixed-point
// numbers once, and which pixels a triangle covers is decided by integers alone. Colours and texture positions are
// interpolated in doubles, one rounded operation at a time (the file is compiled without contraction).
//
// A pixel belongs to a triangle if its centre is inside; if it lies on an edge, to the triangle of which that is a top
// or left edge: triangles that share an edge cover each pixel once, and leave none out. Blending is ImGui's own: source
// alpha over the picture.
//
// Not modelled: textures other than the font atlas (their texels count as white), user callbacks, coordinates beyond
// a million pixels (they are moved nearer).
#include "visualizer/backend/picture.hpp"

struct ImDrawData;
struct ImFontAtlas;

namespace stillpoint::view {

// The picture is as large as the display, times the draw data's framebuffer scale.
Picture rasterise(const ImDrawData& data, ImFontAtlas& atlas, Pixel background);

}  // namespace stillpoint::view
