#pragma once
// The window draws when something happens to it, and rests otherwise. A part of the screen that moves by itself, or
// that works a little in each frame, asks for the next frame in each frame.

namespace stillpoint::view {

// Draw again soon, without waiting for the user. Holds for one frame.
void request_redraw();

// For drivers of frames: whether anybody asked since the last call.
bool take_redraw_request();

}  // namespace stillpoint::view
