// A node as a service of its machine: it runs until a signal ends it, or its disk does, and its log tells of it.
#pragma once

#include "system-under-test/plaza/daemon/config.hpp"
#include "system-under-test/plaza/daemon/log.hpp"

namespace plaza {

// What a process that was a node ends with.
enum class Ending : int {
  drained = 0,       // after SIGTERM or SIGINT, in good order or at the deadline
  at_once = 1,       // after a second signal
  cannot_start = 2,  // nothing was done
  store_lost = 3,    // its disk has failed, or contradicts the others: starting it again goes on from what the disk has
};

// Runs the node to its end. Throws ConfigError if it cannot start: an address or the data cannot be used.
Ending serve(const Config& config, Log& log);

}  // namespace plaza
