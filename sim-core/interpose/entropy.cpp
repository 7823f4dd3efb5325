// random(7): entropy, from the host's own stream.
#include <sys/random.h>
#include <unistd.h>

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/transfers.hpp"

namespace {

using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::kernel::Host;

void fill(Host& host, void* data, size_t size) { host.entropy().fill({static_cast<unsigned char*>(data), size}); }

unsigned draw(Host& host) { return static_cast<unsigned>(host.entropy().next()); }

}  // namespace

SP_CALL(ssize_t, getrandom, (void* data, size_t size, unsigned flags), (data, size, flags)) {
  constexpr unsigned kBoth = GRND_RANDOM | GRND_INSECURE;  // which contradict each other
  if ((flags & ~unsigned{GRND_NONBLOCK | kBoth}) != 0 || (flags & kBoth) == kBoth)
    return fail<ssize_t>(host, call, EINVAL);
  const iovec buffer = stillpoint::interpose::buffer_of(data, size);
  if (!stillpoint::interpose::may_be_memory(buffer)) return fail<ssize_t>(host, call, EFAULT);
  const size_t wanted = buffer.iov_len;
  const size_t given = stillpoint::writable(data, wanted);
  if (given == 0 && wanted > 0) return fail<ssize_t>(host, call, EFAULT);
  fill(host, data, given);
  return static_cast<ssize_t>(given);
}

SP_CALL(int, getentropy, (void* data, size_t size), (data, size)) {
  if (size > 256) return fail(host, call, EIO);
  if (!stillpoint::is_writable_bytes(data, size)) return fail(host, call, EFAULT);
  fill(host, data, size);
  return 0;
}

SP_CALL(uint32_t, arc4random, (), ()) { return draw(host); }
SP_CALL(void, arc4random_buf, (void* data, size_t size), (data, size)) { fill(host, data, size); }
SP_CALL(uint32_t, arc4random_uniform, (uint32_t bound), (bound)) {
  return bound < 2 ? 0 : static_cast<uint32_t>(host.entropy().below(bound));
}

// ---- std::random_device, which libstdc++ serves from the CPU's RDRAND, past every system call ----

namespace {

// The members that its destructor and entropy() look at: as if nothing were open.
struct RandomDevice {
  void* file;
  void* function;
  int descriptor;
};

// The tokens that libstdc++ takes on x86-64 and AArch64 with a CPU and a libc that have all sources.
void open_random_device(void* device, std::string_view token) {
  constexpr std::string_view kTokens[] = {"default", "hw",         "hardware",   "rdseed",       "rdrand",
                                          "rdrnd",   "arc4random", "getentropy", "/dev/urandom", "/dev/random"};
  for (const std::string_view known : kTokens) {
    if (token != known) continue;
    *static_cast<RandomDevice*>(device) = {nullptr, nullptr, -1};
    return;
  }
  throw std::runtime_error("random_device::random_device(const std::string&): unsupported token");
}

}  // namespace

SP_CALL_AS(void, random_device_init,
           "_ZNSt13random_device7_M_initERKNSt7__cxx1112basic_stringIcSt11char_traitsIcESaIcEEE",
           (void* device, const std::string& token), (device, token)) {
  open_random_device(device, token);
}
SP_CALL_AS(void, random_device_fini, "_ZNSt13random_device7_M_finiEv", (void* device), (device)) {}
SP_CALL_AS(unsigned, random_device, "_ZNSt13random_device9_M_getvalEv", (void* device), (device)) { return draw(host); }
SP_CALL_AS(double, random_device_entropy, "_ZNKSt13random_device13_M_getentropyEv", (const void* device), (device)) {
  return 32;
}
