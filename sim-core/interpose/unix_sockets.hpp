#pragma once
// Unix-domain sockets (unix(7)).
#include "sim-core/interpose/call.hpp"

namespace stillpoint::interpose {

// socket(2) of AF_UNIX. `type` is with its flags.
int open_unix_socket(kernel::Host& host, const Call& call, int type, int protocol);

}  // namespace stillpoint::interpose
