// One host of the virtual kernel, on which the case runs as an ordinary program.
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <memory>

#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/process/program.hpp"
#include "tests/conformance/world.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {
namespace {

// Who runs on a virtual host now.
World* running = nullptr;

// A call that is not served ends the case, which then differs from Linux.
[[noreturn]] void refuse(kernel::Host&, const char* call, const void*) {
  running->note("the case", std::string("calls ") + call + ", which the virtual kernel does not serve");
  _exit(1);
}

void sleep_for(Duration duration) {
  const timespec time = kernel::timespec_of(duration);
  nanosleep(&time, nullptr);
}

constexpr char kFolder[] = "/tmp/case";

class VirtualWorld final : public World {
 public:
  VirtualWorld(kernel::Kernel& kernel, HostId here) : kernel_(kernel), here_(here) {}

  // A second of virtual time is more than any packet takes, and less than any SYN waits for its retransmission.
  void settle() override {
    EventQueue& queue = kernel_.queue;
    const VirtualTime start = queue.now();
    while (!queue.empty() && queue.next_time() <= start + 900ms)
      sleep_for(std::max<Duration>(queue.next_time() - queue.now(), 1us));
    if (queue.now() < start + 3ms) sleep_for(start + 3ms - queue.now());
  }
  void pass(milliseconds duration) override { sleep_for(duration); }
  bool wait_for(int fd, short events) override {
    pollfd entry{fd, events, 0};
    return ::poll(&entry, 1, 5'000) == 1 && (entry.revents & events) != 0;
  }

  void cut() override {
    kernel_.fabric.cut(here_, there);
    kernel_.fabric.cut(there, here_);
  }
  void lose_way(std::uint32_t ip, NoWay why) override {
    const HostId to = kernel_.fabric.host_at(ip, here_);
    switch (why) {
      case NoWay::no_route:
        return kernel_.fabric.set_route(here_, to, net::Route::none);
      case NoWay::unreachable_route:
        return kernel_.fabric.set_route(here_, to, net::Route::unreachable);
      case NoWay::prohibited_route:
        return kernel_.fabric.set_route(here_, to, net::Route::prohibited);
      case NoWay::network_unreachable:
        return kernel_.fabric.cut(here_, to, net::Refusal::network_unreachable);
      case NoWay::host_unreachable:
        return kernel_.fabric.cut(here_, to, net::Refusal::host_unreachable);
      case NoWay::filtered:
        return kernel_.fabric.cut(here_, to, net::Refusal::filtered);
    }
  }
  void find_way(std::uint32_t ip) override {
    const HostId to = kernel_.fabric.host_at(ip, here_);
    kernel_.fabric.cut(here_, to);
    kernel_.fabric.set_route(here_, to, net::Route::good);
  }
  HostId there = kHarness;  // the other host of a network of the case's own

 protected:
  std::string make_folder() override {
    if (mkdir(kFolder, 0755) != 0) note("folder", "cannot be made");
    return kFolder;
  }

 private:
  kernel::Kernel& kernel_;
  HostId here_;
};

// The host that is there beside the case's own. Its program still waits when the case has ended, and keeps what it
// refers to.
void add_other_host(kernel::Kernel& kernel, VirtualWorld& world) {
  static auto& graveyard = *new std::vector<std::unique_ptr<process::Program>>;
  kernel::Host& host = kernel.add_host({.name = "there", .role = "test", .address = {kThere}});
  const auto run = [](int, char**) {
    accept_for_ever(listen_at(kThere));
    return 0;
  };
  graveyard.push_back(
      std::make_unique<process::Program>(host, run, std::vector<std::string>{"there"}, [](const ProgramEnd&) {}));
  host.boot(*graveyard.back());
  world.there = host.id();
}

// The real threads of a virtual program stay behind when it ends: no real signal of a case on Linux may go to them.
class NoSignals {
 public:
  NoSignals() {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);                                           // what traps system calls
    for (const int fault : {SIGSEGV, SIGBUS}) sigdelset(&all, fault);  // what touching memory may raise
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  NoSignals(const NoSignals&) = delete;
  NoSignals& operator=(const NoSignals&) = delete;
  ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

std::vector<std::string> on_virtual_kernel(const Suite& suite, const Case& interaction) {
  interpose::arm_trap(interpose::Guard::on);
  const NoSignals no_signals;
  MemoryTrace trace(1 << 25);
  kernel::Kernel kernel(trace.writer, 1, refuse);
  kernel::Host& host = kernel.add_host({.name = "host", .role = "test", .address = {kHere}});
  VirtualWorld world(kernel, host.id());
  if (interaction.network == Network::own) add_other_host(kernel, world);
  bool ended = false;
  running = &world;
  const auto run = [&](int, char**) {
    if (suite.process == Process::own && chdir(world.folder().c_str()) != 0) world.note("folder", "cannot be entered");
    interaction.run(world);
    world.end();
    return 0;
  };
  process::Program program(host, run, {interaction.name}, [&](const ProgramEnd&) { ended = true; });
  host.boot(program);
  while (!ended && !kernel.queue.empty()) kernel.queue.pop().fire();
  if (!ended) world.note("the case", "waits for ever");
  return world.observations();
}

}  // namespace stillpoint::test
