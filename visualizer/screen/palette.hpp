#pragma once
// The screen's colours: one hue for each group of kinds wherever it appears, greys for everything that only supports,
// red for what broke and nothing else, amber for what cannot be trusted.
#include <imgui.h>

#include <cstdint>
#include <string_view>

#include "visualizer/model/lanes.hpp"

namespace stillpoint::view::palette {

constexpr ImU32 rgb(std::uint32_t hex) { return IM_COL32((hex >> 16) & 255, (hex >> 8) & 255, hex & 255, 255); }
// `share` of the colour's own opacity, 0 to 1.
constexpr ImU32 faded(ImU32 colour, float share) {
  const auto alpha = static_cast<ImU32>(static_cast<float>(colour >> IM_COL32_A_SHIFT) * share);
  return (colour & ~IM_COL32_A_MASK) | (alpha << IM_COL32_A_SHIFT);
}

// From the back to the front.
constexpr ImU32 kGround = rgb(0x0d1116);
constexpr ImU32 kPanel = rgb(0x12171e);
constexpr ImU32 kBand = rgb(0x161c24);  // every other lane
constexpr ImU32 kRaised = rgb(0x1e2630);
constexpr ImU32 kHover = rgb(0x283341);
constexpr ImU32 kLine = rgb(0x222b35);
constexpr ImU32 kStrongLine = rgb(0x34404e);

constexpr ImU32 kText = rgb(0xdde4ec);
constexpr ImU32 kMuted = rgb(0x93a0b0);
constexpr ImU32 kFaint = rgb(0x5f6c7b);
constexpr ImU32 kCursor = rgb(0xffffff);
constexpr ImU32 kAccent = rgb(0x6cb2f5);

constexpr ImU32 kBroken = rgb(0xff6b6b);
constexpr ImU32 kBrokenGround = rgb(0x241519);
constexpr ImU32 kBrokenLine = rgb(0x5a2a30);
constexpr ImU32 kGood = rgb(0x63c98f);
constexpr ImU32 kMarked = rgb(0xf2b04a);

// What a cone leaves out.
constexpr float kDim = 0.22F;

ImU32 of(KindGroup group);
ImU32 of(CauseKind kind);
// Of a run's verdict: pass, safety, liveness, crash, ...; empty for a run whose end was not recorded.
ImU32 of_verdict(std::string_view verdict);
// Of an operation's outcome: ok, fail, info; empty while it is pending.
ImU32 of_outcome(std::string_view outcome);

// Gives ImGui's own widgets (text boxes, tooltips, scrollbars) the same look.
void apply();

}  // namespace stillpoint::view::palette
