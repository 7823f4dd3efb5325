#pragma once
// fcntl(2)'s locks on records of files.
#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/file.hpp"

namespace stillpoint::interpose {

// F_GETLK, F_SETLK, F_SETLKW, and F_OFD_GETLK and its kin.
int control_lock(kernel::Host& host, const Call& call, kernel::File& file, int command, void* argument);
bool is_lock_command(int command);

}  // namespace stillpoint::interpose
