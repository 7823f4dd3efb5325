#pragma once
// The zygote: the process from which every simulation is forked.
//
// It is this executable again, executed once with a fixed argument list, environment, working folder and resource
// limits, with address space randomisation off where the machine allows it. It uses no heap of its own after main
// began, keeps two descriptors (at fixed numbers high up) beside standard input and output, and does nothing but fork a
// child per request and wait for it. So every child starts from the same bytes, whatever state the supervisor is in.
#include <sys/resource.h>
#include <sys/types.h>

#include <string>

#include "sim-core/supervise/shared_run.hpp"

namespace stillpoint::supervise {

// Call first in main(): if this process is a zygote, it serves and never returns.
void serve_if_zygote(int argc, char** argv);

// How a simulation's process ended, as wait4(2) says.
struct ChildEnd {
  int status;
  rusage usage;
};

// What to tell a user where Zygote::fixed_addresses() is false.
constexpr const char* kMovingAddresses =
    "this machine does not let programs fix their addresses (personality is refused); a service whose behaviour "
    "depends "
    "on the order of pointers may not replay";

// The supervisor's handle on a zygote, for one simulation at a time.
class Zygote {
 public:
  // Throws Error.
  Zygote();
  Zygote(const Zygote&) = delete;
  Zygote& operator=(const Zygote&) = delete;
  ~Zygote();

  SharedRun& shared() { return shared_; }
  // False if the machine forbids turning address space randomisation off.
  bool fixed_addresses() const { return fixed_addresses_; }

  // Starts the simulation that shared() asks for. Throws Error.
  void start();
  // Becomes readable when the simulation has ended.
  int control_fd() const { return control_; }
  // What the simulation writes to its real standard output and error (a sanitizer's report, an assertion of the
  // service).
  int output_fd() const { return output_; }
  // Takes how it ended. Waits for it. Throws Error if the zygote itself has died.
  ChildEnd wait();
  // The process of the simulation that runs.
  pid_t simulation() const { return simulation_; }
  // Sends it a signal that ends it.
  void end_simulation(int signal);

 private:
  SharedRun shared_;
  int control_ = -1;
  int output_ = -1;
  pid_t pid_ = -1;
  pid_t simulation_ = -1;
  bool fixed_addresses_ = true;
};

}  // namespace stillpoint::supervise
