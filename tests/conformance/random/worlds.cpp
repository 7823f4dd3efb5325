#include "tests/conformance/random/worlds.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/conformance/random/bare_host.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {
namespace {

using namespace std::chrono_literals;

constexpr int kPaths = 8;

void unlink_paths(Caller& caller) {
  for (int name = 0; name < kPaths; ++name) {
    const auto path = caller.resolve({.kind = Place::Kind::path, .name = name});
    unlink(reinterpret_cast<const char*>(&path.storage) + sizeof(sa_family_t));
  }
}

}  // namespace

LinuxProcess::LinuxProcess() : first_(first_free_descriptor()) { signal(SIGPIPE, SIG_IGN); }

Observations LinuxProcess::run(const Sequence& sequence, Pace pace) const {
  Caller caller(first_);
  Observations observations;
  for (const Step& step : sequence) {
    observations.push_back(step.make(caller));
    if (pace == Pace::with_time) std::this_thread::sleep_for(1ms);
  }
  // Reset, so that ten thousand sequences do not leave as many connections in TIME_WAIT.
  constexpr int kMost = 64;
  const linger reset{1, 0};
  for (int fd = first_; fd < first_ + kMost; ++fd) setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  close_range(static_cast<unsigned>(first_), ~0u, 0);
  unlink_paths(caller);
  return observations;
}

Observations on_virtual_kernel(const Sequence& sequence, std::uint64_t seed) {
  static MemoryTrace& trace = *new MemoryTrace(1 << 22);
  TraceWriter writer(trace.control(), trace.ring(), nullptr);
  kernel::Kernel kernel(writer, seed, refuse);
  kernel::Host& host = kernel.add_host({.name = "host", .role = "test", .address = {0x0A000001}});
  NoProcess process;
  host.boot(process);
  // Longer than anything is under way, shorter than any time-out.
  const auto settle = [&] {
    const VirtualTime end = kernel.queue.now() + 100ms;
    while (!kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
    // What needs no event of its own, such as an acknowledgement, arrives too.
    const VirtualTime later = kernel.queue.now() + 1ms;
    if (kernel.queue.empty() || kernel.queue.next_time() >= later) kernel.queue.advance(later);
  };
  settle();
  Caller caller(3);
  Observations observations;
  for (const Step& step : sequence) {
    under_way.call = observations.size();
    {
      const kernel::CurrentHost current(&host);
      host.run_as(&host.main_task());
      if (observations.empty()) signal(SIGPIPE, SIG_IGN);
      observations.push_back(step.make(caller));
      host.run_as(nullptr);
    }
    settle();
  }
  return observations;
}

}  // namespace stillpoint::test
