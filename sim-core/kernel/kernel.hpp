#pragma once
// The virtual kernel: everything that the hosts of one simulation share. It is pure: given the calls of the hosts and a
// seed it does always the same; it reads no real clock, has no thread and touches no real descriptor.
#include <memory>
#include <string_view>
#include <vector>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/scheduler.hpp"
#include "sim-core/net/fabric.hpp"
#include "sim-core/net/names.hpp"
#include "sim-core/net/tcp.hpp"
#include "sim-core/net/udp.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::kernel {

// Ends a run at once, from wherever it is noticed: a call that the kernel does not serve. Never returns.
using UnsupportedHandler = void (*)(Host& host, const char* call, const void* call_site);
// The same, where a host does more than it may of something that has no end by itself.
enum class Excess {
  output,   // of all hosts' standard output and error
  calls,    // in one turn that nothing can interrupt
  threads,  // there is no room for one more
};
using ExcessHandler = void (*)(Host& host, Excess what);

class Kernel {
 public:
  Kernel(TraceWriter& trace_writer, std::uint64_t run_seed, UnsupportedHandler unsupported_handler);

  // Hosts are numbered from 1, in the order of their creation; their names are unique.
  Host& add_host(HostOptions options);
  Host& host(HostId id) { return *hosts_.at(id - 1u); }
  std::size_t host_count() const { return hosts_.size(); }
  // In which order everything simultaneous comes. Requires that nothing has run yet.
  void set_policy(const SchedulerPolicy& policy);

  EventQueue queue;
  TraceWriter& trace;
  const std::uint64_t seed;
  net::Fabric fabric;
  net::Tcp tcp;
  net::Udp udp;
  // Every host is in it, under its name.
  net::Zone names;
  // What carries out the policy; null where that is chance alone.
  std::unique_ptr<Scheduler> scheduler;
  const UnsupportedHandler unsupported;
  // What a host writes to its standard output or error: a piece of its log.
  void log_output(Host& host, unsigned stream, std::string_view text);
  std::uint64_t output_most = UINT64_MAX;    // bytes of all hosts
  Duration spinning_most = Duration::max();  // what calls may cost in one turn (Host::count_call)
  ExcessHandler exceeded = nullptr;
  // Turns that hosts took so far: with the events of the queue, the measure of an endless loop at one instant.
  std::uint64_t turns = 0;
  HostId last_to_turn = kHarness;
  std::uint64_t power_losses = 0;
  // Real threads that stand still for ever, as their hosts lost their power.
  std::uint64_t threads_left_behind = 0;
  // What the harness itself runs as. It may not make system calls, so that a scenario cannot let the real world in.
  Host harness;

 private:
  std::vector<std::unique_ptr<Host>> hosts_;
  std::uint64_t output_ = 0;
};

}  // namespace stillpoint::kernel
