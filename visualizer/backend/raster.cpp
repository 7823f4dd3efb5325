#include "visualizer/backend/raster.hpp"

#include <imgui.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>
#include <vector>

namespace stillpoint::view {
namespace {

// ---- fixed point ----

constexpr int kPixelBits = 8;  // positions: 1/256 pixel
constexpr std::int64_t kPixelSize = 1 << kPixelBits;
constexpr std::int64_t kCentre = kPixelSize / 2;
constexpr double kFarthest = 1 << 20;  // pixels; keeps products of two differences within 60 bits

constexpr int kTexelBits = 16;  // places in the texture: 1/65536 texel
constexpr std::int64_t kTexelSize = 1 << kTexelBits;

constexpr int kSlopeBits = 20;  // further bits of what is stepped along a row

std::int64_t rounded(double value) { return static_cast<std::int64_t>(std::floor(value + 0.5)); }

// Division that rounds towards minus infinity; b > 0.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
std::int64_t ceil_divide(std::int64_t a, std::int64_t b) { return -floor_divide(-a, b); }

// The first pixel whose centre is at or after a position. As an end it is the first pixel no longer inside.
std::int64_t first_pixel(std::int64_t position) { return (position + kCentre - 1) >> kPixelBits; }

// ---- colours ----

constexpr unsigned kOpaque = 255;

// a * b / 255, rounded to nearest; exact for bytes.
constexpr unsigned scaled(unsigned a, unsigned b) {
  const unsigned product = a * b + 128;
  return (product + (product >> 8)) >> 8;
}

constexpr unsigned alpha_of(Pixel colour) { return colour >> 24; }

// `over` with its alpha replaced, on `under`; two channels at a time, each rounded to nearest.
constexpr Pixel blended(Pixel under, Pixel over, unsigned alpha) {
  constexpr Pixel kChannels = 0x00ff00ff;
  const unsigned rest = kOpaque - alpha;
  const auto mix = [&](Pixel a, Pixel b) {
    const Pixel sum = a * alpha + b * rest + 0x00800080;
    return ((sum + ((sum >> 8) & kChannels)) >> 8) & kChannels;
  };
  const Pixel red_blue = mix(over & kChannels, under & kChannels);
  // The alpha that results is alpha + under's * (1 - alpha): as if the source were opaque.
  const Pixel green_alpha = mix(((over >> 8) & 0xff) | 0x00ff0000, (under >> 8) & kChannels);
  return red_blue | green_alpha << 8;
}
static_assert(blended(0xff000000, 0x00ffffff, 255) == 0xffffffff);
static_assert(blended(0xff123456, 0x00ffffff, 0) == 0xff123456);
static_assert(blended(0xff000000, 0x000000ff, 128) == 0xff000080);

// ---- what is drawn on, and with ----

struct Clip {
  std::int64_t left, top, right, bottom;  // right and bottom are just outside
};

struct Vertex {
  std::int64_t x, y;  // 1/256 pixel
  std::int64_t u, v;  // 1/65536 texel
  Pixel colour;
};

struct Texture {
  const std::uint8_t* alpha;  // nullptr: white everywhere
  int width;
  int height;

  unsigned texel(std::int64_t x, std::int64_t y) const {
    x = std::clamp<std::int64_t>(x, 0, width - 1);
    y = std::clamp<std::int64_t>(y, 0, height - 1);
    return alpha[y * width + x];
  }

  // Between the four texels around, with weights of 8 bits.
  unsigned sample(std::int64_t u, std::int64_t v) const {
    if (alpha == nullptr) return kOpaque;
    u -= kTexelSize / 2;
    v -= kTexelSize / 2;
    const std::int64_t x = u >> kTexelBits;
    const std::int64_t y = v >> kTexelBits;
    const auto right = static_cast<unsigned>(u >> (kTexelBits - 8) & 0xff);
    const auto lower = static_cast<unsigned>(v >> (kTexelBits - 8) & 0xff);
    const unsigned above = texel(x, y) * (256 - right) + texel(x + 1, y) * right;
    const unsigned below = texel(x, y + 1) * (256 - right) + texel(x + 1, y + 1) * right;
    return (above * (256 - lower) + below * lower + 0x8000) >> 16;
  }
};

void fill(Pixel* from, Pixel* to, Pixel colour, unsigned alpha) {
  if (alpha == 0) return;
  if (alpha == kOpaque) {
    std::fill(from, to, colour | 0xff000000);
  } else {
    for (; from != to; ++from) *from = blended(*from, colour, alpha);
  }
}

void put(Pixel& pixel, Pixel colour, unsigned alpha) {
  if (alpha == 0) return;
  pixel = alpha == kOpaque ? colour | 0xff000000 : blended(pixel, colour, alpha);
}

// ---- rectangles ----

struct Area {
  std::int64_t left, top, right, bottom;
};

std::optional<Area> covered(const Vertex& min, const Vertex& max, const Clip& clip) {
  const Area area{std::max(first_pixel(min.x), clip.left), std::max(first_pixel(min.y), clip.top),
                  std::min(first_pixel(max.x), clip.right), std::min(first_pixel(max.y), clip.bottom)};
  if (area.left >= area.right || area.top >= area.bottom) return std::nullopt;
  return area;
}

bool same_texel(std::span<const Vertex> corners) {
  return std::all_of(corners.begin(), corners.end(),
                     [&](const Vertex& corner) { return corner.u == corners[0].u && corner.v == corners[0].v; });
}

// Whether a position in the texture, stepped by one texel a pixel, hits the middle of texels. ImGui computes texture
// positions in floats: close is meant to be equal.
constexpr std::int64_t kCloseTexels = kTexelSize / 256;
bool close(std::int64_t a, std::int64_t b) { return std::abs(a - b) <= kCloseTexels; }

// What ImGui draws most: rectangles of one colour, and letters. Returns false if it is something else, for which
// triangles have to do. `corners`: from top left clockwise, as ImDrawList::PrimRect and PrimRectUV have them.
bool draw_rectangle(Picture& picture, const std::array<Vertex, 4>& corners, const Texture& texture, const Clip& clip) {
  const auto& [a, b, c, d] = corners;
  if (a.x != d.x || b.x != c.x || a.y != b.y || c.y != d.y || a.x >= c.x || a.y >= c.y) return false;
  if (a.colour != b.colour || a.colour != c.colour || a.colour != d.colour) return false;

  const bool plain = same_texel(corners);
  // Of a letter: the texel of the first pixel, and one more for each further pixel.
  const std::int64_t left = first_pixel(a.x);
  const std::int64_t top = first_pixel(a.y);
  const std::int64_t u = a.u + ((left * kPixelSize + kCentre - a.x) << (kTexelBits - kPixelBits));
  const std::int64_t v = a.v + ((top * kPixelSize + kCentre - a.y) << (kTexelBits - kPixelBits));
  const std::int64_t column = u >> kTexelBits;
  const std::int64_t line = v >> kTexelBits;
  if (!plain) {
    if (texture.alpha == nullptr || a.u != d.u || b.u != c.u || a.v != b.v || c.v != d.v) return false;
    if (!close(c.u - a.u, (c.x - a.x) << (kTexelBits - kPixelBits))) return false;
    if (!close(c.v - a.v, (c.y - a.y) << (kTexelBits - kPixelBits))) return false;
    if (!close(u & (kTexelSize - 1), kTexelSize / 2) || !close(v & (kTexelSize - 1), kTexelSize / 2)) return false;
  }
  const std::optional<Area> area = covered(a, c, clip);
  if (!area) return true;
  if (!plain) {
    const std::int64_t last_column = column + area->right - 1 - left;
    const std::int64_t last_line = line + area->bottom - 1 - top;
    if (column < 0 || line < 0 || last_column >= texture.width || last_line >= texture.height) return false;
  }

  const unsigned alpha = alpha_of(a.colour);
  if (plain) {
    const unsigned faded = scaled(alpha, texture.sample(a.u, a.v));
    for (std::int64_t y = area->top; y < area->bottom; ++y) {
      Pixel* row = picture.row(static_cast<int>(y));
      fill(row + area->left, row + area->right, a.colour, faded);
    }
    return true;
  }
  for (std::int64_t y = area->top; y < area->bottom; ++y) {
    Pixel* row = picture.row(static_cast<int>(y));
    const std::uint8_t* texels = texture.alpha + (line + y - top) * texture.width + column - left;
    for (std::int64_t x = area->left; x < area->right; ++x) put(row[x], a.colour, scaled(alpha, texels[x]));
  }
  return true;
}

// ---- triangles ----

// One side of a triangle, as a function that is not negative at pixel centres inside: (x, y) -> at + x*dx + y*dy.
struct Edge {
  std::int64_t at, dx, dy;

  Edge(const Vertex& from, const Vertex& to) {
    const std::int64_t across = to.x - from.x;
    const std::int64_t down = to.y - from.y;
    const bool top_or_left = down < 0 || (down == 0 && across > 0);
    dx = -down * kPixelSize;
    dy = across * kPixelSize;
    at = across * (kCentre - from.y) - down * (kCentre - from.x) - (top_or_left ? 0 : 1);
  }

  // Narrows [left, right) to what is inside in row y.
  void narrow(std::int64_t y, std::int64_t& left, std::int64_t& right) const {
    const std::int64_t start = at + y * dy;
    if (dx > 0) {
      left = std::max(left, ceil_divide(-start, dx));
    } else if (dx < 0) {
      right = std::min(right, floor_divide(start, -dx) + 1);
    } else if (start < 0) {
      right = left;
    }
  }
};

// A number that varies over a triangle: one channel of its colours, or a direction in the texture.
class Gradient {
 public:
  Gradient(const std::array<const Vertex*, 3>& corners, std::array<std::int64_t, 3> values, double area)
      : first_(static_cast<double>(values[0])) {
    const auto [low, high] = std::minmax({values[0], values[1], values[2]});
    low_ = low;
    high_ = high;
    origin_x_ = static_cast<double>(corners[0]->x);
    origin_y_ = static_cast<double>(corners[0]->y);
    const auto rise1 = static_cast<double>(values[1] - values[0]);
    const auto rise2 = static_cast<double>(values[2] - values[0]);
    const auto x1 = static_cast<double>(corners[1]->x - corners[0]->x);
    const auto y1 = static_cast<double>(corners[1]->y - corners[0]->y);
    const auto x2 = static_cast<double>(corners[2]->x - corners[0]->x);
    const auto y2 = static_cast<double>(corners[2]->y - corners[0]->y);
    slope_x_ = (rise1 * y2 - rise2 * y1) / area;
    slope_y_ = (rise2 * x1 - rise1 * x2) / area;
    step_ = fixed(slope_x_ * static_cast<double>(kPixelSize));
  }

  void begin_row(std::int64_t x, std::int64_t y) {
    const double across = static_cast<double>(x * kPixelSize + kCentre) - origin_x_;
    const double down = static_cast<double>(y * kPixelSize + kCentre) - origin_y_;
    now_ = fixed(first_ + across * slope_x_ + down * slope_y_);
  }
  // At the present pixel; then goes on to the next one.
  std::int64_t next() {
    const std::int64_t value = (now_ + (std::int64_t{1} << (kSlopeBits - 1))) >> kSlopeBits;
    now_ += step_;
    return std::clamp(value, low_, high_);
  }

 private:
  // Slopes of slivers can be anything: what they cover is a pixel here and there, so their steps do not matter.
  static std::int64_t fixed(double value) {
    constexpr double kLargest = 1LL << 61;
    return rounded(std::clamp(value * (1 << kSlopeBits), -kLargest, kLargest));
  }

  double first_, origin_x_, origin_y_, slope_x_, slope_y_;
  std::int64_t low_, high_;
  std::int64_t step_, now_ = 0;
};

// Each draws one row of a triangle: pixels [left, right) of row y.
struct Plain {
  Pixel colour;
  unsigned alpha;
  void operator()(Pixel* row, std::int64_t, std::int64_t left, std::int64_t right) const {
    fill(row + left, row + right, colour, alpha);
  }
};

// One colour, and an alpha that varies: the soft edge of a shape.
struct Fading {
  Pixel colour;
  unsigned texel;
  Gradient alpha;
  void operator()(Pixel* row, std::int64_t y, std::int64_t left, std::int64_t right) {
    alpha.begin_row(left, y);
    for (std::int64_t x = left; x < right; ++x) {
      put(row[x], colour, scaled(static_cast<unsigned>(alpha.next()), texel));
    }
  }
};

// Everything varies.
struct Shaded {
  std::array<Gradient, 4> channels;
  Gradient u, v;
  const Texture& texture;
  void operator()(Pixel* row, std::int64_t y, std::int64_t left, std::int64_t right) {
    for (Gradient& channel : channels) channel.begin_row(left, y);
    u.begin_row(left, y);
    v.begin_row(left, y);
    for (std::int64_t x = left; x < right; ++x) {
      Pixel colour = 0;
      for (unsigned channel = 0; channel < 3; ++channel) {
        colour |= static_cast<Pixel>(channels[channel].next()) << (8 * channel);
      }
      const auto alpha = static_cast<unsigned>(channels[3].next());
      const std::int64_t at_u = u.next();
      const std::int64_t at_v = v.next();
      put(row[x], colour, scaled(alpha, texture.sample(at_u, at_v)));
    }
  }
};

template <typename Row>
void for_each_row(Picture& picture, const std::array<const Vertex*, 3>& corners, const Clip& clip, Row draw) {
  const auto& [a, b, c] = corners;
  const auto [leftmost, rightmost] = std::minmax({a->x, b->x, c->x});
  const auto [highest, lowest] = std::minmax({a->y, b->y, c->y});
  const std::int64_t left_end = std::max(first_pixel(leftmost), clip.left);
  const std::int64_t right_end = std::min(first_pixel(rightmost) + 1, clip.right);
  const std::int64_t top = std::max(first_pixel(highest), clip.top);
  const std::int64_t bottom = std::min(first_pixel(lowest) + 1, clip.bottom);
  if (left_end >= right_end || top >= bottom) return;
  const Edge edges[] = {Edge(*a, *b), Edge(*b, *c), Edge(*c, *a)};
  for (std::int64_t y = top; y < bottom; ++y) {
    std::int64_t left = left_end;
    std::int64_t right = right_end;
    for (const Edge& edge : edges) edge.narrow(y, left, right);
    if (left < right) draw(picture.row(static_cast<int>(y)), y, left, right);
  }
}

void draw_triangle(Picture& picture, std::array<const Vertex*, 3> corners, const Texture& texture, const Clip& clip) {
  const auto twice_area = [&] {
    return (corners[1]->x - corners[0]->x) * (corners[2]->y - corners[0]->y) -
           (corners[1]->y - corners[0]->y) * (corners[2]->x - corners[0]->x);
  };
  if (twice_area() == 0) return;
  if (twice_area() < 0) std::swap(corners[1], corners[2]);
  const auto area = static_cast<double>(twice_area());
  const auto gradient = [&](auto&& value_of) {
    return Gradient(corners, {value_of(*corners[0]), value_of(*corners[1]), value_of(*corners[2])}, area);
  };
  const auto channel = [&](int index) {
    return gradient([index](const Vertex& corner) { return std::int64_t{corner.colour >> (8 * index) & 0xff}; });
  };

  const auto& [a, b, c] = corners;
  const bool one_texel = a->u == b->u && a->u == c->u && a->v == b->v && a->v == c->v;
  if (one_texel && ((a->colour ^ b->colour) & 0xffffff) == 0 && ((a->colour ^ c->colour) & 0xffffff) == 0) {
    const unsigned texel = texture.sample(a->u, a->v);
    if (a->colour == b->colour && a->colour == c->colour) {
      for_each_row(picture, corners, clip, Plain{a->colour, scaled(alpha_of(a->colour), texel)});
    } else {
      for_each_row(picture, corners, clip, Fading{a->colour, texel, channel(3)});
    }
    return;
  }
  for_each_row(picture, corners, clip,
               Shaded{{channel(0), channel(1), channel(2), channel(3)},
                      gradient([](const Vertex& corner) { return corner.u; }),
                      gradient([](const Vertex& corner) { return corner.v; }),
                      texture});
}

// ---- draw lists ----

struct Projection {
  double left, top, scale_x, scale_y;
  double x(float value) const { return (static_cast<double>(value) - left) * scale_x; }
  double y(float value) const { return (static_cast<double>(value) - top) * scale_y; }
};

// Anything that is no number lands at 0; ImGui does not make such a vertex, but a screen could.
std::int64_t fixed_position(double pixels) {
  if (std::isnan(pixels)) return 0;
  return rounded(std::clamp(pixels, -kFarthest, kFarthest) * static_cast<double>(kPixelSize));
}

std::int64_t fixed_texel(float share, int size) {
  if (std::isnan(share)) return 0;
  return rounded(std::clamp(static_cast<double>(share), -16.0, 16.0) * size * static_cast<double>(kTexelSize));
}

std::vector<Vertex> fixed_vertices(const ImDrawList& list, const Projection& projection, const Texture& atlas) {
  std::vector<Vertex> vertices;
  vertices.reserve(static_cast<std::size_t>(list.VtxBuffer.Size));
  for (const ImDrawVert& vertex : list.VtxBuffer) {
    vertices.push_back({fixed_position(projection.x(vertex.pos.x)), fixed_position(projection.y(vertex.pos.y)),
                        fixed_texel(vertex.uv.x, atlas.width), fixed_texel(vertex.uv.y, atlas.height), vertex.col});
  }
  return vertices;
}

Clip fixed_clip(const ImVec4& rect, const Projection& projection, Size size) {
  const auto bound = [](double pixels, int limit) {
    return static_cast<std::int64_t>(std::clamp(std::floor(pixels), 0.0, static_cast<double>(limit)));
  };
  return {bound(projection.x(rect.x), size.width), bound(projection.y(rect.y), size.height),
          bound(projection.x(rect.z), size.width), bound(projection.y(rect.w), size.height)};
}

// ImGui writes a rectangle as two triangles, 0 1 2 and 0 2 3.
bool is_rectangle(const ImDrawIdx* indices, unsigned left) {
  return left >= 6 && indices[3] == indices[0] && indices[4] == indices[2];
}

void draw_command(Picture& picture, const ImDrawList& list, const ImDrawCmd& command,
                  const std::vector<Vertex>& vertices, const Texture& texture, const Clip& clip) {
  const ImDrawIdx* indices = list.IdxBuffer.Data + command.IdxOffset;
  const auto vertex = [&](unsigned at) -> const Vertex& { return vertices[command.VtxOffset + indices[at]]; };
  for (unsigned at = 0; at + 2 < command.ElemCount;) {
    if (is_rectangle(indices + at, command.ElemCount - at) &&
        draw_rectangle(picture, {vertex(at), vertex(at + 1), vertex(at + 2), vertex(at + 5)}, texture, clip)) {
      at += 6;
    } else {
      draw_triangle(picture, {&vertex(at), &vertex(at + 1), &vertex(at + 2)}, texture, clip);
      at += 3;
    }
  }
}

}  // namespace

Picture rasterise(const ImDrawData& data, ImFontAtlas& atlas, Pixel background) {
  const Projection projection{data.DisplayPos.x, data.DisplayPos.y, data.FramebufferScale.x, data.FramebufferScale.y};
  const Size size{static_cast<int>(data.DisplaySize.x * data.FramebufferScale.x),
                  static_cast<int>(data.DisplaySize.y * data.FramebufferScale.y)};
  Picture picture(size, background);
  unsigned char* alpha = nullptr;
  Texture letters{};
  atlas.GetTexDataAsAlpha8(&alpha, &letters.width, &letters.height);
  letters.alpha = alpha;
  const Texture white{nullptr, letters.width, letters.height};

  for (const ImDrawList* list : std::span(data.CmdLists, static_cast<std::size_t>(data.CmdListsCount))) {
    const std::vector<Vertex> vertices = fixed_vertices(*list, projection, letters);
    for (const ImDrawCmd& command : list->CmdBuffer) {
      const Clip clip = fixed_clip(command.ClipRect, projection, size);
      if (command.UserCallback != nullptr || clip.left >= clip.right || clip.top >= clip.bottom) continue;
      const Texture& texture = command.GetTexID() == atlas.TexID ? letters : white;
      draw_command(picture, *list, command, vertices, texture, clip);
    }
  }
  return picture;
}

}  // namespace stillpoint::view
