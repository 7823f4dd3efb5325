#pragma once
// Streams of files (stdio) that a host's program has open. Their buffers are libc's, in one process for all hosts.
#include "sim-core/kernel/host.hpp"

namespace stillpoint::interpose {

// What exit(3) does to them: what is held back is written. The host is current.
void flush_files(kernel::Host& host);
// The host lost its power: its process is gone with its buffers.
void forget_files(kernel::Host& host);

}  // namespace stillpoint::interpose
