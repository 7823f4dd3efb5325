#pragma once
// What is wrong with a host now: the effects of faults that are on. Host has the setters (stop, suspend, slow_down and
// their kin), host_faults.cpp what they do; nothing here decides when. A host that nothing ever befell has none of
// this.
//
// Each effect bears the event of its fault, by which it is taken away again. Several of one kind may be on at once: a
// host that is stopped twice runs when both are gone, slownesses multiply and add up, drifts add up, of limits the
// lowest counts.
//
// Stops, suspensions, slownesses and drifts are the machine's: they outlast a loss of power and a new process, so that
// what is booted in the midst of them stands still, sleeps, or is slow until they are over. Limits are those of a
// process, as prlimit(2) sets them: they end with the life in which they were set. To take away what has ended so is no
// error.
#include <cstdint>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint::kernel {

struct HostFaults {
  struct Slowness {
    EventId fault;
    std::uint32_t times_percent;  // of what a slice costs: 100 is as before
    Duration extra;               // on top of that
  };
  struct Drift {
    EventId fault;
    int ppm;
  };
  struct DescriptorLimit {
    EventId fault;
    int most;  // no new descriptor has this number or a higher one, as RLIMIT_NOFILE has it
  };
  struct MemoryLimit {
    EventId fault;
    std::int64_t left;  // bytes by which the host may still grow; negative where it has more already
  };

  std::vector<EventId> stops;
  std::vector<EventId> suspensions;
  std::vector<Slowness> slownesses;
  std::vector<Drift> drifts;
  std::vector<DescriptorLimit> descriptor_limits;
  std::vector<MemoryLimit> memory_limits;

  // A slice is due that the host cannot take now.
  bool owes_slice = false;
  // What made the next slice later, or dearer, than it would have been.
  std::vector<EventId> delayed_next_slice;

  bool stands_still() const { return !stops.empty() || !suspensions.empty(); }
};

}  // namespace stillpoint::kernel
