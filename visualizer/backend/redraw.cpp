#include "visualizer/backend/redraw.hpp"

#include <utility>

namespace stillpoint::view {
namespace {
bool requested = false;
}

void request_redraw() { requested = true; }

bool take_redraw_request() { return std::exchange(requested, false); }

}  // namespace stillpoint::view
