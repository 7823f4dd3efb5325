// random(7): entropy, from the host's own stream.
#include <sys/random.h>
#include <unistd.h>

#include <span>

#include "sim-core/interpose/call.hpp"

namespace {
using stillpoint::interpose::fail;

void fill(stillpoint::kernel::Host& host, void* data, size_t size) {
  host.entropy().fill({static_cast<unsigned char*>(data), size});
}

unsigned draw(stillpoint::kernel::Host& host) { return static_cast<unsigned>(host.entropy().next()); }
}  // namespace

SP_CALL(ssize_t, getrandom, (void* data, size_t size, unsigned flags), (data, size, flags)) {
  if ((flags & ~unsigned{GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE}) != 0) return fail<ssize_t>(host, call, EINVAL);
  fill(host, data, size);
  return static_cast<ssize_t>(size);
}

SP_CALL(int, getentropy, (void* data, size_t size), (data, size)) {
  if (size > 256) return fail(host, call, EIO);
  fill(host, data, size);
  return 0;
}

SP_CALL(uint32_t, arc4random, (), ()) { return draw(host); }

SP_CALL(void, arc4random_buf, (void* data, size_t size), (data, size)) { fill(host, data, size); }

// std::random_device::_M_getval(): libstdc++ takes it from the CPU's RDRAND, past every system call.
SP_CALL_AS(unsigned, random_device, "_ZNSt13random_device9_M_getvalEv", (void* device), (device)) { return draw(host); }
