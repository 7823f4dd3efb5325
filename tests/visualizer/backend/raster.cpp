// The rasteriser, pixel by pixel: what it covers, what colour comes of it, and that the same frame gives the same
// bytes.
#include "visualizer/backend/raster.hpp"

#include <xxhash.h>

#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <string>

#include "tests/visualizer/backend/canvas.hpp"
#include "tests/visualizer/backend/sample_frame.hpp"
#include "visualizer/backend/headless.hpp"
#include "visualizer/backend/theme.hpp"

using namespace stillpoint::view;
using test::Canvas;
using test::kBlack;
using test::kWhite;

namespace {

constexpr ImU32 kRed = IM_COL32(255, 0, 0, 255);
constexpr ImU32 kGreen = IM_COL32(0, 255, 0, 255);

// One character a pixel: '.' for what was not touched.
std::string shape(const Picture& picture, Pixel background = kBlack) {
  std::string text;
  for (int y = 0; y < picture.size.height; ++y) {
    for (int x = 0; x < picture.size.width; ++x) text += picture.at(x, y) == background ? '.' : '#';
    text += '\n';
  }
  return text;
}

int touched(const Picture& picture) {
  const std::string text = shape(picture);
  return static_cast<int>(std::count(text.begin(), text.end(), '#'));
}

}  // namespace

TEST_CASE("a rectangle covers the pixels whose centres it holds") {
  struct Case {
    ImVec2 min, max;
    const char* covers;
  };
  const Case cases[] = {
      {{1, 1}, {3, 2}, ".....\n.##..\n.....\n"},
      {{0, 0}, {5, 3}, "#####\n#####\n#####\n"},
      // A centre on the left or top edge is in, one on the right or bottom edge is out.
      {{1.5f, 0.5f}, {3.5f, 2.5f}, ".##..\n.##..\n.....\n"},
      {{1.51f, 0.51f}, {3.51f, 2.51f}, ".....\n..##.\n..##.\n"},
      {{1.6f, 1}, {2.4f, 2}, ".....\n.....\n.....\n"},
      {{-7, -7}, {2, 1}, "##...\n.....\n.....\n"},
      {{4, 2}, {1e9f, 1e9f}, ".....\n.....\n....#\n"},
      {{3, 2}, {1, 1}, ".....\n.##..\n.....\n"},  // from the bottom right corner: two triangles
  };
  Canvas canvas({5, 3});
  for (const Case& one : cases) {
    canvas.restart();
    canvas.list().PrimReserve(6, 4);
    canvas.list().PrimRect(one.min, one.max, kRed);
    const Picture picture = canvas.draw();
    INFO("from " << one.min.x << "," << one.min.y << " to " << one.max.x << "," << one.max.y);
    CHECK(shape(picture) == one.covers);

    // The same as two triangles in an order that is no rectangle's: the short way must not differ from the long one.
    canvas.restart();
    canvas.triangles({{one.min.x, one.min.y, kRed},
                      {one.max.x, one.min.y, kRed},
                      {one.max.x, one.max.y, kRed},
                      {one.max.x, one.max.y, kRed},
                      {one.min.x, one.max.y, kRed},
                      {one.min.x, one.min.y, kRed}});
    CHECK(canvas.draw() == picture);
  }
}

TEST_CASE("nothing is drawn outside of the clip rectangle") {
  Canvas canvas({6, 4});
  SECTION("a rectangle") {
    canvas.list().PushClipRect({1, 1}, {4, 3}, true);
    canvas.list().AddRectFilled({0, 0}, {6, 4}, kRed);
  }
  SECTION("a triangle") {
    canvas.list().PushClipRect({1, 1}, {4, 3}, true);
    canvas.triangles({{-20, -20, kRed}, {40, -20, kRed}, {-20, 40, kRed}});
  }
  SECTION("a clip rectangle beyond the picture") {
    canvas.list().PushClipRect({1, 1}, {4, 3}, true);
    canvas.list().PushClipRect({-1e9f, -1e9f}, {1e9f, 1e9f}, true);
    canvas.list().AddRectFilled({-5, -5}, {60, 40}, kRed);
  }
  CHECK(shape(canvas.draw()) == "......\n.###..\n.###..\n......\n");

  canvas.restart();
  canvas.list().PushClipRect({3, 3}, {3, 1});
  canvas.triangles({{-20, -20, kRed}, {40, -20, kRed}, {-20, 40, kRed}});
  CHECK(touched(canvas.draw()) == 0);
}

TEST_CASE("colours are blended by their alpha, and rounded to the nearest") {
  Canvas canvas({1, 1});
  const auto over = [&](Pixel background, ImU32 colour) {
    canvas.restart();
    canvas.list().PrimReserve(6, 4);
    canvas.list().PrimRect({0, 0}, {1, 1}, colour);
    return canvas.draw(background).at(0, 0);
  };
  CHECK(over(kBlack, IM_COL32(255, 128, 1, 255)) == rgb(255, 128, 1));
  CHECK(over(rgb(9, 8, 7), IM_COL32(255, 255, 255, 0)) == rgb(9, 8, 7));
  CHECK(over(rgb(0, 100, 200), IM_COL32(200, 100, 0, 128)) == rgb(100, 100, 100));
  CHECK(over(kWhite, IM_COL32(0, 0, 0, 1)) == rgb(254, 254, 254));
  CHECK(over(0, IM_COL32(255, 255, 255, 51)) == IM_COL32(51, 51, 51, 51));  // on nothing: alpha adds up

  // All alphas on all levels, by the formula.
  int different = 0;
  for (unsigned alpha = 0; alpha < 256; ++alpha) {
    for (unsigned under = 0; under < 256; under += 5) {
      const unsigned top = (under * 7 + alpha) % 256;
      const auto expected = static_cast<unsigned>((top * alpha + under * (255 - alpha)) / 255.0 + 0.5);
      if (over(rgb(under, under, under), IM_COL32(top, top, top, alpha)) != rgb(expected, expected, expected)) {
        ++different;
      }
    }
  }
  CHECK(different == 0);
}

TEST_CASE("triangles with a common edge cover each pixel once") {
  // At half alpha a pixel that is covered twice is lighter than one that is covered once.
  const ImU32 half = IM_COL32(255, 255, 255, 128);
  const Pixel once = rgb(128, 128, 128);
  constexpr Size kSize{32, 32};
  Canvas canvas(kSize);

  std::mt19937 random(4711);
  const auto anywhere = [&](int quarters_most) {
    return static_cast<float>(static_cast<int>(random() % static_cast<unsigned>(quarters_most))) / 4;
  };
  for (int round = 0; round < 500; ++round) {
    // Quarters of pixels: many edges run through centres of pixels. A fan around a point covers the square exactly.
    const float x = anywhere(128);
    const float y = anywhere(128);
    const float top = anywhere(128);
    const float right = anywhere(128);
    const std::vector<ImVec2> around = {{0, 0}, {top, 0}, {32, 0}, {32, right}, {32, 32}, {0, 32}};
    canvas.restart();
    for (std::size_t at = 0; at < around.size(); ++at) {
      const ImVec2 a = around[at];
      const ImVec2 b = around[(at + 1) % around.size()];
      if (round % 2 == 0) {
        canvas.triangles({{x, y, half}, {a.x, a.y, half}, {b.x, b.y, half}});
      } else {
        canvas.triangles({{b.x, b.y, half}, {a.x, a.y, half}, {x, y, half}});  // the other way around
      }
    }
    if (canvas.draw() != Picture(kSize, once)) {
      FAIL("around " << x << "," << y << " with " << top << " and " << right << ", round " << round);
    }
  }
}

TEST_CASE("a triangle: its exact pixels, and its colours between the corners") {
  Canvas canvas({4, 4});
  canvas.triangles({{0, 0, kRed}, {4, 0, kRed}, {0, 4, kRed}});
  // The longest side runs through centres, and is a right edge: those are out.
  CHECK(shape(canvas.draw()) == "###.\n##..\n#...\n....\n");
  canvas.restart();
  canvas.triangles({{4, 4, kRed}, {4, 0, kRed}, {0, 4, kRed}});
  CHECK(shape(canvas.draw()) == "...#\n..##\n.###\n####\n");

  Canvas wide({256, 1});
  wide.triangles({{0, 0, IM_COL32(0, 255, 0, 255)}, {256, 0, IM_COL32(255, 0, 0, 255)}, {0, 2, kGreen}});
  const Picture shaded = wide.draw();
  for (int x = 0; x < 127; ++x) {
    const auto red = static_cast<int>(shaded.at(x, 0) & 0xff);
    const auto green = static_cast<int>(shaded.at(x, 0) >> 8 & 0xff);
    const double expected = (x + 0.5) / 256 * 255;
    if (std::abs(red - expected) > 0.51 || std::abs(green - (255 - expected)) > 0.51) FAIL("at " << x << ": " << red);
  }
  CHECK((shaded.at(126, 0) & 0xff) == 126);
}

TEST_CASE("no triangle has a colour that is not between those of its corners") {
  constexpr Size kSize{64, 64};
  Canvas canvas(kSize);
  std::mt19937 random(99);
  const auto number = [&](unsigned most) { return static_cast<unsigned>(random() % most); };
  const auto corner = [&]() -> test::Corner {
    return {static_cast<float>(number(64 * 256)) / 256, static_cast<float>(number(64 * 256)) / 256,
            rgb(100 + number(11), 100 + number(11), 100 + number(11))};
  };
  int wrong = 0;
  for (int round = 0; round < 300; ++round) {
    canvas.restart();
    for (int n = 0; n < 20; ++n) {
      // Slivers: the third corner is less than a pixel away from the side between the others.
      const test::Corner a = corner();
      const test::Corner b = corner();
      test::Corner c = corner();
      const float share = static_cast<float>(number(256)) / 256;
      c.x = a.x + (b.x - a.x) * share + static_cast<float>(number(256)) / 1024;
      c.y = a.y + (b.y - a.y) * share;
      canvas.triangles({a, b, c});
    }
    for (const Pixel pixel : canvas.draw().pixels) {
      for (int shift = 0; shift < 24 && pixel != kBlack; shift += 8) {
        const unsigned level = pixel >> shift & 0xff;
        if (level < 100 || level > 110) ++wrong;
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("alpha fades between the corners, and the texture's white does not change it") {
  Canvas canvas({64, 1});
  canvas.triangles({{0, 0, IM_COL32(255, 255, 255, 255)},
                    {64, 0, IM_COL32(255, 255, 255, 0)},
                    {0, 8, IM_COL32(255, 255, 255, 255)}});
  const Picture faded = canvas.draw();
  for (int x = 0; x < 60; ++x) {
    const auto expected = static_cast<unsigned>(255 * (1 - (x + 0.5) / 64) + 0.5);
    const unsigned level = faded.at(x, 0) & 0xff;
    if (level + 1 < expected || level > expected + 1) FAIL("at " << x << ": " << level << ", not " << expected);
  }
}

TEST_CASE("a letter is the font's own pixels, in the text's colour") {
  Canvas canvas({24, 24});
  const ImFont* font = canvas.fonts().Fonts[0];
  const ImFontGlyph* glyph = font->FindGlyph('g');
  unsigned char* texels = nullptr;
  int width = 0;
  int height = 0;
  canvas.fonts().GetTexDataAsAlpha8(&texels, &width, &height);
  const auto draw = [&](ImVec2 at, float size) {
    canvas.restart();
    canvas.list().AddText(font, size, at, IM_COL32(255, 255, 255, 255), "g");
    return canvas.draw();
  };
  const Picture picture = draw({3, 2}, font->FontSize);
  const int left = 3 + static_cast<int>(glyph->X0);
  const int top = 2 + static_cast<int>(glyph->Y0);
  const int glyph_width = static_cast<int>(glyph->X1 - glyph->X0);
  const int glyph_height = static_cast<int>(glyph->Y1 - glyph->Y0);
  const int u = static_cast<int>(glyph->U0 * static_cast<float>(width) + 0.5f);
  const int v = static_cast<int>(glyph->V0 * static_cast<float>(height) + 0.5f);
  REQUIRE(glyph_width > 4);
  REQUIRE(glyph_height > 8);
  int different = 0;
  int inked = 0;
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 24; ++x) {
      const bool inside = x >= left && x < left + glyph_width && y >= top && y < top + glyph_height;
      const unsigned level = inside ? texels[(v + y - top) * width + u + x - left] : 0;
      if (picture.at(x, y) != rgb(level, level, level)) ++different;
      if (level > 0) ++inked;
    }
  }
  CHECK(different == 0);
  CHECK(inked > 20);

  // Letters stand on whole pixels.
  CHECK(draw({3.4f, 2.3f}, font->FontSize) == picture);
  // Twice as large, between texels: more ink, and no pixel outside.
  const Picture large = draw({0, 0}, font->FontSize * 2 * 0.7f);
  CHECK(touched(large) > inked);

  // The same letter as two triangles in no rectangle's order, sampled between texels: nearly the same.
  canvas.restart();
  const auto x0 = static_cast<float>(left);
  const auto y0 = static_cast<float>(top);
  const float x1 = x0 + static_cast<float>(glyph_width);
  const float y1 = y0 + static_cast<float>(glyph_height);
  canvas.list().PrimReserve(6, 6);
  canvas.list().PrimVtx({x0, y0}, {glyph->U0, glyph->V0}, IM_COL32_WHITE);
  canvas.list().PrimVtx({x1, y0}, {glyph->U1, glyph->V0}, IM_COL32_WHITE);
  canvas.list().PrimVtx({x1, y1}, {glyph->U1, glyph->V1}, IM_COL32_WHITE);
  canvas.list().PrimVtx({x1, y1}, {glyph->U1, glyph->V1}, IM_COL32_WHITE);
  canvas.list().PrimVtx({x0, y1}, {glyph->U0, glyph->V1}, IM_COL32_WHITE);
  canvas.list().PrimVtx({x0, y0}, {glyph->U0, glyph->V0}, IM_COL32_WHITE);
  const Picture slowly = canvas.draw();
  int apart = 0;
  for (int y = 0; y < 24; ++y) {
    for (int x = 0; x < 24; ++x) {
      const int difference = static_cast<int>(slowly.at(x, y) & 0xff) - static_cast<int>(picture.at(x, y) & 0xff);
      apart = std::max(apart, std::abs(difference));
    }
  }
  CHECK(apart <= 2);
}

TEST_CASE("a clipped letter is cut, not squeezed") {
  Canvas canvas({24, 24});
  const ImFont* font = canvas.fonts().Fonts[0];
  canvas.list().AddText(font, font->FontSize, {2, 2}, kRed, "W");
  const Picture whole = canvas.draw();
  canvas.restart();
  const ImVec4 cut(5.3f, 4.7f, 11.6f, 12.2f);
  canvas.list().AddText(font, font->FontSize, {2, 2}, kRed, "W", nullptr, 0, &cut);
  const Picture part = canvas.draw();
  int different = 0;
  for (int y = 6; y < 12; ++y) {
    for (int x = 7; x < 11; ++x) different += part.at(x, y) != whole.at(x, y) ? 1 : 0;
  }
  CHECK(different == 0);
  CHECK(part.at(3, 6) == kBlack);
  CHECK(touched(part) > 5);
}

TEST_CASE("a scaled framebuffer has more pixels of the same things") {
  Canvas canvas({4, 3});
  canvas.set_scale(2);
  canvas.list().PushClipRect({0, 0}, {3, 2}, true);
  canvas.list().PrimReserve(6, 4);
  canvas.list().PrimRect({1, 1}, {4, 3}, kRed);
  const Picture picture = canvas.draw();
  CHECK(picture.size == Size{8, 6});
  CHECK(shape(picture) == "........\n........\n..####..\n..####..\n........\n........\n");
}

TEST_CASE("vertices beyond 65,536 are found by their offset") {
  Canvas canvas({8, 8});
  for (int n = 0; n < 20'000; ++n) canvas.list().AddRectFilled({0, 0}, {1, 1}, kRed);
  canvas.list().AddRectFilled({6, 6}, {8, 8}, kGreen);
  REQUIRE(canvas.list().VtxBuffer.Size > 65'536);
  REQUIRE(canvas.list().CmdBuffer.Size > 1);
  const Picture picture = canvas.draw();
  CHECK(picture.at(0, 0) == kRed);
  CHECK(picture.at(7, 7) == kGreen);
  CHECK(touched(picture) == 5);
}

TEST_CASE("absurd vertices and commands do no harm") {
  Canvas canvas({16, 16});
  const float far = std::numeric_limits<float>::max();
  const float infinite = std::numeric_limits<float>::infinity();
  const float none = std::numeric_limits<float>::quiet_NaN();
  canvas.triangles({{-far, -far, kRed}, {far, -far, kGreen}, {0, far, kRed}});
  canvas.triangles({{-infinite, 3, kRed}, {infinite, 3.001f, kGreen}, {infinite, 8, kRed}});
  canvas.triangles({{none, none, kRed}, {5, none, kGreen}, {none, 8, kRed}});
  canvas.triangles({{1, 1, kRed}, {1e6f, 1.004f, kGreen}, {2, 1, kRed}});  // a sliver with steep slopes
  canvas.triangles({{3, 3, kRed}, {3, 3, kRed}, {3, 3, kRed}});
  canvas.list().AddCallback([](const ImDrawList*, const ImDrawCmd*) { FAIL("user callbacks are not called"); },
                            nullptr);
  canvas.list().AddImage(reinterpret_cast<ImTextureID>(std::intptr_t{77}), {0, 0}, {2, 2}, {0, 0}, {none, infinite});
  canvas.draw();
  canvas.restart();
  canvas.list().AddImage(reinterpret_cast<ImTextureID>(std::intptr_t{77}), {0, 0}, {2, 2}, {0, 0}, {1, 1}, kRed);
  CHECK(canvas.draw().at(1, 1) == kRed);  // another texture counts as white
}

TEST_CASE("the same frame is the same picture, and the same in every build") {
  const auto draw = [] {
    Headless headless(test::draw_sample_frame, {800, 500});
    headless.frames(3);
    return headless.picture();
  };
  const Picture picture = draw();
  CHECK(draw() == picture);
  // Of the fonts in Debian 12. Whoever changes the sample frame, the fonts or the rasteriser sees the new number in the
  // failure; what must not happen is that two compilers disagree about it. Makers of processors do: ImGui asks them for
  // the approximate root of RSQRTSS, of which Intel and AMD have tables of their own.
  const XXH64_hash_t expected = __builtin_cpu_is("intel") ? 0x40a97660c283eaaa : 0xf71f762dd685f1fd;
  CHECK(XXH3_64bits(picture.pixels.data(), picture.pixels.size() * sizeof(Pixel)) == expected);
}
