#pragma once
// A picture in memory: what the rasteriser makes, what a PNG file holds, what is read back from a window.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "visualizer/backend/geometry.hpp"

namespace stillpoint::view {

// One pixel: red, green, blue, alpha from the lowest byte up, so that memory holds R G B A, as PNG has it and as
// ImGui's IM_COL32 packs it.
using Pixel = std::uint32_t;
static_assert(std::endian::native == std::endian::little);

constexpr Pixel rgb(unsigned red, unsigned green, unsigned blue) { return red | green << 8 | blue << 16 | 0xff000000u; }

struct Picture {
  Size size;
  std::vector<Pixel> pixels;  // row by row from the top, size.width * size.height of them

  Picture() = default;
  Picture(Size of, Pixel colour)
      : size(of), pixels(static_cast<std::size_t>(of.width) * static_cast<std::size_t>(of.height), colour) {}

  Pixel* row(int y) { return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width); }
  Pixel at(int x, int y) const {
    return pixels.at(static_cast<std::size_t>(y) * static_cast<std::size_t>(size.width) + static_cast<std::size_t>(x));
  }
  bool operator==(const Picture&) const = default;
};

}  // namespace stillpoint::view
