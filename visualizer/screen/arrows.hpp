#pragma once
// The arrows over the lanes: what led to the cursor and what came of it, and all messages if they are wanted.
#include <functional>
#include <optional>

#include "visualizer/screen/ui.hpp"

namespace stillpoint::view {

// Where an event is drawn; its x may be far outside of the screen. nullopt: its host has no lane.
struct ArrowEnd {
  double x;
  float y;
};
using PlaceOf = std::function<std::optional<ArrowEnd>(EventIndex event)>;

void draw_arrows(Ui& ui, Box plot, const PlaceOf& place_of);

}  // namespace stillpoint::view
