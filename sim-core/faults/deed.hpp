#pragma once
// What a fault of some kind does to the kernel while it is on.
#include <memory>
#include <string>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/faults/plan.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::faults {

// What only the owner of the processes can do to hosts.
class Machines {
 public:
  virtual void crash(kernel::Host& host, Cause cause, kernel::Peers peers) = 0;
  virtual void kill(kernel::Host& host, Cause cause) = 0;
  // Requires that nothing runs there: it is down, or its process has ended.
  virtual void boot(kernel::Host& host) = 0;

 protected:
  ~Machines() = default;
};

// One direction between two hosts.
struct Direction {
  HostId from;
  HostId to;
};

// What a deed is done with: valid as long as the fault is on.
struct Circumstances {
  const Fault& fault;
  EventId event;  // its beginning
  kernel::Kernel& kernel;
  Machines& machines;
  std::vector<HostId> hosts;  // whom it hits
  std::vector<Direction> links;
  VirtualTime until;    // when it will have ended at the latest
  RandomStream random;  // its own
  Cause cause() const { return {event, CauseKind::fault}; }
};

class Deed {
 public:
  virtual ~Deed() = default;
  // Returns in how long step() is wanted; nullopt: it is not.
  virtual std::optional<Duration> begin() = 0;
  virtual std::optional<Duration> step() { return std::nullopt; }
  // The fault is over.
  virtual void end() {}
};

std::unique_ptr<Deed> make_deed(Circumstances& circumstances);
// By the folder that has what they call; null if the kind is none of theirs.
std::unique_ptr<Deed> make_network_deed(Circumstances& circumstances);
std::unique_ptr<Deed> make_host_deed(Circumstances& circumstances);
std::unique_ptr<Deed> make_disk_deed(Circumstances& circumstances);

// All links of the hosts are cut as long as it is on: of machines that are asleep.
std::unique_ptr<Deed> make_isolation(Circumstances& circumstances);

// Whether a fault of this kind could hit the host now: those that end what runs on it want something to run there.
bool could_hit(Kind kind, const kernel::Host& host);

}  // namespace stillpoint::faults
