#pragma once
// Where the cursor goes next, forwards or backwards, along whatever connects events.
#include <cstdint>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

// Along what View::step() moves.
enum class Along {
  everything,
  host,       // the events of the cursor's host
  message,    // from a send to its delivery, from there to what it set off, and back
  user,       // the steps, operations and answers of the cursor's user, with the sends and changes that they caused
  violation,  // violations only
  witness,    // the witnesses of the violation that is nearest to the cursor, and the violation itself
};
enum class Direction { forward, backward };

// The next event; kNone if there is none.
//
// Along::message forwards prefers, of what an event caused, what a message brought about (a send: its delivery; a
// delivery: the receipt or the answer that it completed; a receipt: the change), then what a user did, an expiry, a
// wake-up. Where nothing of that is recorded, or only that the host went on running, it is the first segment that the
// host sent before it ran again or received another: its answer. Backwards it is the same the other way round.
//
// Along::witness takes the violation that the cursor proves or is, if it does; the nearest one else.
EventIndex neighbour(const Trace& trace, EventIndex cursor, Along along, Direction direction);

}  // namespace stillpoint::view
