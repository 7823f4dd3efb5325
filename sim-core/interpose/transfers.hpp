#pragma once
// Reading and writing descriptors of any kind, as read(2) and write(2) and what stands on them do.
#include <sys/uio.h>

#include <span>

#include "sim-core/interpose/call.hpp"

namespace stillpoint::interpose {

ssize_t read_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts);
// A blocking descriptor takes all of it.
ssize_t write_parts(kernel::Host& host, const Call& call, int fd, std::span<const iovec> parts);

}  // namespace stillpoint::interpose
