#pragma once
// The simulation that a scenario builds and then watches: hosts and links, checks, the history of what users did.
//
// All of it is called either while the scenario is built, or from code that runs inside the simulation (on a host, in a
// hook of the service, at a time asked for with at()). Nothing here is reachable from the service under test.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/disk.hpp>
#include <stillpoint/ids.hpp>
#include <stillpoint/latency.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

namespace boost::asio {
class io_context;
}

namespace stillpoint {

// How an ordinary program ended.
struct ProgramEnd {
  bool by_signal = false;
  // The exit status, or the signal's number.
  int status = 0;
  // What an uncaught exception said: "std::runtime_error: no such file"; or empty.
  std::string exception = {};
};

struct HostOptions {
  // Unique and stable: the host's random streams hang on it.
  std::string name = {};
  // What the host is for, as faults and the visualizer group them: "plaza", "users".
  std::string role = {};
  // Virtual CPU time of one slice (one handler), in whole microseconds. Zero: the host is never busy.
  Duration slice_cost{};
  // What its disk is like.
  DiskOptions disk = {};
  // What is on the disk before anything runs, and durable: by absolute path, the content. Directories are made where
  // they are missing. Permissions are 0644, and 0755 for directories.
  std::map<std::string, std::string> files = {};
  // Starts what runs on the host, in its first slice: creates the service on the io_context and returns what must stay
  // alive. The harness then calls poll_one() for it. An exception that escapes is a crash of the service.
  std::function<std::shared_ptr<void>(boost::asio::io_context&)> start = {};

  // ---- or, instead of `start`, an ordinary program, unmodified: its blocking calls and its threads are served ----
  // Its main function.
  std::function<int(int argc, char** argv)> main = {};
  // Or the path of a shared object that exports `main`: each host gets a private copy, with
  // globals of its own. Relative to the folder that stillpoint was started in.
  std::string program = {};
  // argv from 1 on; argv[0] is the program's name, or the host's.
  std::vector<std::string> args = {};
  // When it starts.
  Duration starts_after = {};
  // Called when the program has ended, outside of any host; also when a fault has killed it.
  std::function<void(const ProgramEnd&)> ended = {};
  // A program that a signal ended (abort, an exception that nobody caught) has crashed, which is the run's verdict
  // unless something else is, or a fault killed it. False: `ended` looks after that.
  bool crash_is_verdict = true;
};

struct LinkOptions {
  // One-way latency of a packet, drawn from this range in this shape, in whole microseconds.
  Duration latency_min = std::chrono::microseconds(500);
  Duration latency_max = std::chrono::microseconds(500);
  LatencyShape latency_shape = LatencyShape::uniform;
};

// An event that proves a violation, and the part that it played.
struct Witness {
  EventId event;
  std::string role;
};

// What a check found wrong, in words for a person.
struct Finding {
  std::string promised = {};
  std::string found = {};
  std::string because = {};
  std::vector<Witness> witnesses = {};
};

// One invariant of a scenario. It counts how often it was looked at, so that a report can tell a check that held from
// one that never ran.
class Check {
 public:
  virtual ~Check() = default;
  // It was looked at, and it holds.
  void held() { ++times_; }
  // It does not hold. The run ends with the slice that runs; the first violation of a run is its verdict.
  virtual void broken(const Finding& finding) = 0;
  // A few words for the report: "slowest 412 ms".
  void remark(std::string words) { remark_ = std::move(words); }

  std::uint64_t times() const { return times_; }
  const std::string& remark() const { return remark_; }

 private:
  std::uint64_t times_ = 0;
  std::string remark_;
};

class Simulation {
 public:
  virtual ~Simulation() = default;

  // ---- building ----
  virtual HostId add_host(HostOptions options) = 0;
  virtual void default_link(LinkOptions options) = 0;
  // One direction; the other is another link.
  virtual void link(HostId from, HostId to, LinkOptions options) = 0;
  // The host's IPv4 address, dotted.
  virtual std::string address(HostId host) const = 0;
  // A check of what must never happen; of what must happen in the end.
  virtual Check& safety(std::string name) = 0;
  virtual Check& liveness(std::string name) = 0;
  // Calls back at a virtual time, on no host.
  virtual void at(VirtualTime when, std::function<void()> what) = 0;

  // Sends a signal to the process of a host, as kill(2) does: SIGTERM to ask it to stop. Its handler runs at the
  // beginning of the host's next turn. Without one, a signal that ends the process is a crash of the service. Nothing
  // happens if no process runs there.
  virtual void signal(HostId host, int number) = 0;

  // ---- power ----
  // The host loses its power, now. Nothing of it runs any more, no destructor and no handler; its descriptors, timers,
  // threads, sockets and ports are gone; its peers are told nothing. What it has sent is on its way and arrives; what
  // arrives at it is dropped. What is at its disk and was not synced may be lost. Lines that it wrote to its standard
  // output before are in the log.
  //
  // May be called from anywhere: at(), hooks, another host. Called by what runs on the host itself: on a thread of a
  // program, crash() does not return; on a host that is driven by its event loop the handler that runs goes on until it
  // returns, but what it still sends nobody gets, and nothing that was not synced before is left.
  //
  // A program's `ended` is not called: nobody is left to tell. Throws Error if the host is down, or does not exist.
  virtual void crash(HostId host) = 0;
  // The process that runs on the host ends as by SIGKILL, and the machine goes on: no handler and no destructor runs,
  // its descriptors are closed, which its peers see, and what it wrote to its disk is still in memory. It may be called
  // from anywhere, as crash(); boot() starts another process. Throws Error if none runs there.
  virtual void kill(HostId host) = 0;
  // Power is back, and what runs on the host starts again from its beginning, from its disk alone: `start` on a new
  // io_context, `main` of a fresh copy of `program` (a function `main` finds the globals of its own executable as they
  // were). Its first slice is due now. Its address and its name are as before; CLOCK_MONOTONIC begins anew, the wall
  // clock goes on; it draws other random numbers than in its lives before. Peers that speak to its former connections
  // are answered with RST from now on.
  //
  // Where the program has ended, or was killed, and the machine is up, another process starts on that: it
  // finds the disk and CLOCK_MONOTONIC as they are.
  //
  // Called by what runs on the host, after crash(), it follows when that has happened. Throws Error if the host is up
  // and its program has not ended, if it does not exist, or was booted 65,535 times.
  virtual void boot(HostId host) = 0;
  // crash() at the first call that the host makes after so many further operations have changed its disk: a write, a
  // change of a size, of a name or of permissions, a sync. So a test can try the loss of power between any two of them:
  // it asks disk_operations() of a run that nobody disturbs, and then has one run for each. A call that libc makes for
  // the program from within itself (a flush of stdio) is no place to stop; the next one is. Who makes no further call
  // keeps the power. Replaces what was asked for before. Throws Error if the host does not exist.
  virtual void crash_after_disk_operations(HostId host, std::uint64_t operations) = 0;
  // How many there have been so far, in all its lives.
  virtual std::uint64_t disk_operations(HostId host) const = 0;
  // What its files take on its disk now, in bytes: whole pages of 4 KiB, those of files without a name among them.
  virtual std::uint64_t disk_bytes(HostId host) const = 0;
  // False from a crash or a kill to the next boot. A host whose program has not started yet, or has ended
  // by itself, is up.
  virtual bool is_up(HostId host) const = 0;

  // ---- faults: the run's plan has them (docs/faults.md); a scenario may say and ask ----
  // These hosts are what `label` says, from now on, and no others: "leader". A plan may then mean them by it. Said
  // once while the scenario is built (with nobody, if it is nobody yet), a label is known to plans.
  virtual void label(std::string_view label, std::vector<HostId> hosts) = 0;
  // How much of the time from `since` until now something was wrong: a fault of the plan lasted, or had ended less than
  // `recovery` before. A promise to answer in time is one for the rest of it.
  virtual Duration disturbed(VirtualTime since, Duration recovery) const = 0;
  // From when on nothing is wrong any more; VirtualTime::max() if the plan does not say.
  virtual VirtualTime heals_at() const = 0;

  // ---- while it runs ----
  virtual std::uint64_t seed() const = 0;
  virtual VirtualTime now() const = 0;
  // The stream of (purpose, entity) for this run's seed, from its beginning.
  RandomStream stream(std::string_view purpose, std::string_view entity) const { return {seed(), purpose, entity}; }
  // A number for the report: "round trips".
  virtual void measure(std::string_view name, std::uint64_t value) = 0;
  // Ends the run when the slice that runs is over: all that the scenario wanted has happened.
  virtual void stop(std::string_view why) = 0;

  // ---- the history: client operations as users see them ----
  // A simulated user decided something.
  virtual EventId step(std::string_view user, std::string_view what) = 0;
  // An operation begins; `step` is what led to it. Returns its event, which names the operation from then on. Data that
  // the running handler then sends is an effect of it, and a connection that it opens is the user's: its latencies do
  // not hang on who else connects.
  virtual EventId invoke(std::string_view user, std::string_view function, std::string_view arguments,
                         EventId step = kNoEvent) = 0;
  // It succeeded; it certainly had no effect; nobody can tell.
  virtual EventId ok(EventId invoke, std::string_view answer) = 0;
  virtual EventId fail(EventId invoke, std::string_view answer) = 0;
  virtual EventId info(EventId invoke, std::string_view answer) = 0;

  // ---- what the service's hooks tell ----
  // The service received a request; its cause is the delivery that brought the last bytes the host read.
  virtual EventId receive(std::string_view request) = 0;
  // The service changed its state: because of `request` (a receive event), led to by the user's `invoke`, having read
  // the state that `state` (an apply event) left. Each may be kNoEvent.
  struct ApplyCauses {
    EventId request = kNoEvent;
    EventId invoke = kNoEvent;
    EventId state = kNoEvent;
  };
  virtual EventId apply(std::string_view what, ApplyCauses causes) = 0;
  // Anything worth an event of its own.
  virtual EventId note(std::string_view text) = 0;
  // A line of the log: in the trace, but no part of the run's identity.
  virtual void log(std::string_view text) = 0;

 private:
  friend class Observing;
  virtual void set_observed(bool observed) = 0;
};

// Observer mode for a scope: code that looks at a service from outside, called by a hook of the service, costs no
// virtual time, and a system call from it stops the run by name.
class Observing {
 public:
  explicit Observing(Simulation& simulation) : simulation_(simulation) { simulation_.set_observed(true); }
  Observing(const Observing&) = delete;
  Observing& operator=(const Observing&) = delete;
  ~Observing() { simulation_.set_observed(false); }

 private:
  Simulation& simulation_;
};

}  // namespace stillpoint
