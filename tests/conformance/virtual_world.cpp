// One host of the virtual kernel.
#include <poll.h>

#include <cstdio>
#include <cstdlib>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/conformance/world.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {
namespace {

[[noreturn]] void refuse(kernel::Host&, const char* call, const void*) {
  kernel::current_host = nullptr;
  std::fprintf(stderr, "the conformance suite called %s, which the virtual kernel does not serve\n", call);
  std::abort();
}

class VirtualWorld final : public World {
 public:
  // A second of virtual time is more than any packet takes, and less than any SYN waits for its retransmission.
  void settle() override { turn_for(900ms, 3ms); }
  void pass(milliseconds duration) override { turn_for(duration, duration); }
  bool wait_for(int fd, short events) override {
    for (;;) {
      pollfd entry{fd, events, 0};
      ::poll(&entry, 1, 0);
      if ((entry.revents & events) != 0) return true;
      if (kernel_.queue.empty()) return false;
      kernel_.queue.pop().fire();
    }
  }
  kernel::Host& host() { return host_; }

 private:
  // Turns what is due within `horizon`, and lets at least `least` pass.
  void turn_for(milliseconds horizon, milliseconds least) {
    EventQueue& queue = kernel_.queue;
    const VirtualTime start = queue.now();
    while (!queue.empty() && queue.next_time() <= start + horizon) queue.pop().fire();
    if (queue.now() < start + least) queue.advance(start + least);
  }

  MemoryTrace trace_{1 << 25};
  kernel::Kernel kernel_{trace_.writer, 1, refuse};
  kernel::Host& host_ = kernel_.add_host({.name = "host", .role = "test", .address = {0x0A000001}});
};

}  // namespace

std::vector<std::string> on_virtual_kernel(const Case& interaction) {
  VirtualWorld world;
  {
    const kernel::CurrentHost current(&world.host());
    interaction.run(world);
    world.end();
  }
  return world.observations();
}

}  // namespace stillpoint::test
