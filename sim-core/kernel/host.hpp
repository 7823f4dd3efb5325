#pragma once
// A simulated machine: an address, descriptors, clocks, entropy, a process, and its turns on the virtual CPU.
//
// A host runs in slices. Whatever makes it runnable (wake) schedules its next slice, unless one is scheduled or running
// already; the slice runs `slice_cost` later, so it sees what arrived meanwhile, and what it sends leaves at its end.
// The process says whether it wants to go on; then the next slice follows, again at its cost. So a host that gets more
// to do than it can falls behind, as a real one does. A slice of a host that costs nothing takes turns until the
// process has nothing more to do, so that idle turns cost the queue nothing.
#include <functional>
#include <string>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/kernel/descriptor_table.hpp"
#include "sim-core/net/address.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::kernel {

class Kernel;

// What runs on a host. process/ holds the kinds.
class Process {
 public:
  virtual ~Process() = default;
  // Runs one turn; the host is current. True if there may be more to do without anything further happening.
  virtual bool step() = 0;
};

struct HostOptions {
  std::string name;
  std::string role;
  net::Ip address;
  Duration slice_cost{};         // virtual CPU time of one slice, in whole microseconds
  int descriptor_limit = 65536;  // RLIMIT_NOFILE
};

class Host final : private Event {
 public:
  Host(Kernel& kernel, HostId id, HostOptions options);
  ~Host();

  Kernel& kernel() const { return kernel_; }
  HostId id() const { return id_; }
  Where where() const { return {id_, boot_}; }
  const std::string& name() const { return options_.name; }
  const std::string& role() const { return options_.role; }
  net::Ip address() const { return options_.address; }
  int descriptor_limit() const { return options_.descriptor_limit; }
  // The process id that getpid() returns.
  int pid() const { return 1000 + id_; }

  // Starts the process: its first slice is due now.
  void boot(Process& process);
  // Something happened that the process could see: it gets a slice.
  void wake(EventId cause);

  // The host's own time: that of the queue, but in a slice that spins on its clock.
  VirtualTime now() const;
  // What to add to virtual time to get a clock's value.
  Duration clock_offset(clockid_t clock) const;
  // A clock's value for a program. Many readings in one turn, or very many at one instant, begin to cost a microsecond
  // each, so that a program which spins on its clock makes progress.
  Duration read_clock(clockid_t clock);

  // The place of the host's next own event among simultaneous ones.
  Rank next_rank() { return static_cast<Rank>(order_.next() & 0xFFFFFF); }
  RandomStream& entropy() { return entropy_; }
  std::uint64_t next_file_number() { return ++files_; }
  std::uint64_t next_timer_number() { return ++timers_; }

  DescriptorTable descriptors;
  // The delivery that brought what the process read last.
  EventId last_read = kNoEvent;
  // Code that runs is looking at this host from outside (observer mode): system calls are refused.
  bool observed = false;

 private:
  void fire() override;
  void schedule_slice(EventId cause);

  Kernel& kernel_;
  HostId id_;
  Boot boot_ = 0;
  HostOptions options_;
  Process* process_ = nullptr;
  RandomStream order_;
  RandomStream entropy_;
  bool running_ = false;
  bool woken_while_running_ = false;
  EventId wake_cause_ = kNoEvent;
  std::uint64_t slices_ = 0;
  std::uint64_t files_ = 0;
  std::uint64_t timers_ = 0;
  std::uint64_t clock_reads_in_turn_ = 0;
  std::uint64_t clock_reads_at_instant_ = 0;
  Duration spun_{};           // what they cost in this slice
  VirtualTime busy_until_{};  // no slice begins before: the last one spun until then
};

}  // namespace stillpoint::kernel
