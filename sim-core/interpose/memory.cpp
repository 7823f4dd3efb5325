// mmap(2). Memory is the real process's; files are the host's, and none can be mapped.
#include <sys/mman.h>
#include <sys/types.h>

#include "sim-core/interpose/call.hpp"

namespace {

using stillpoint::interpose::Call;
using stillpoint::interpose::real_function;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;

using Map = void* (*)(void*, size_t, int, int, int, off64_t);

void* map_memory(Host& host, const Call& call, void* place, size_t size, int protection, int flags) {
  if ((flags & MAP_ANONYMOUS) == 0) unsupported(host, call, "of a file is not served");
  static const Map real = real_function<Map>(nullptr, "mmap");
  return real(place, size, protection, flags, -1, 0);
}

}  // namespace

SP_CALL(void*, mmap, (void* place, size_t size, int protection, int flags, int fd, off_t offset),
        (place, size, protection, flags, fd, offset)) {
  return map_memory(host, call, place, size, protection, flags);
}
SP_CALL(void*, mmap64, (void* place, size_t size, int protection, int flags, int fd, off64_t offset),
        (place, size, protection, flags, fd, offset)) {
  return map_memory(host, call, place, size, protection, flags);
}
