#include "tests/conformance/random_files/worlds.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <thread>
#include <vector>

#include "sim-core/interpose/memory_faults.hpp"
#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/conformance/files/machine.hpp"
#include "tests/conformance/random/bare_host.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {
namespace {

using namespace std::chrono_literals;

// A folder in a folder, so that a sequence may go up from where it begins.
std::string begin_in(const std::string& folder) {
  umask(022);
  const std::string top = folder + "/top";
  const std::string here = top + "/here";
  if (mkdir(top.c_str(), 0755) != 0 || mkdir(here.c_str(), 0755) != 0 || chdir(here.c_str()) != 0) return "";
  return top;
}

}  // namespace

// ---- Linux ----

LinuxFiles::LinuxFiles() : first_(first_free_descriptor()), folder_(files::make_folder()) { files::drop_privileges(); }

// rmdir(2) takes milliseconds, in which the processor has nothing to do: so what the sequences have left is removed all
// at once.
LinuxFiles::~LinuxFiles() {
  constexpr int kAtOnce = 32;
  std::vector<std::thread> threads;
  for (int first = 0; first < kAtOnce; ++first) {
    threads.emplace_back([this, first] {
      for (int number = first; number < sequences_; number += kAtOnce) files::remove_tree(folder_of(number));
    });
  }
  for (std::thread& thread : threads) thread.join();
  files::remove_tree(folder_);
}

std::string LinuxFiles::folder_of(int number) const { return folder_ + '/' + std::to_string(number); }

Observations LinuxFiles::run(const FileSequence& sequence) {
  const std::string folder = folder_of(sequences_++);
  if (mkdir(folder.c_str(), 0755) != 0) std::abort();
  Observations observations;
  {
    FileCaller caller(first_, begin_in(folder));
    for (const FileStep& step : sequence) observations.push_back(step.make(caller));
  }
  close_range(static_cast<unsigned>(first_), ~0u, 0);
  umask(022);
  if (chdir("/") != 0) std::abort();
  return observations;
}

// ---- the virtual kernel ----

Observations on_virtual_disk(const FileSequence& sequence, std::uint64_t seed) {
  interpose::arm_trap(interpose::Guard::on);
  interpose::arm_thread();
  interpose::catch_memory_faults();
  static MemoryTrace& trace = *new MemoryTrace(1 << 22);
  TraceWriter writer(trace.control(), trace.ring(), nullptr);
  kernel::Kernel kernel(writer, seed, refuse);
  kernel::Host& host = kernel.add_host({.name = "host", .role = "test", .address = {0x0A000001}});
  NoProcess process;
  host.boot(process);
  const auto settle = [&] {
    const VirtualTime end = kernel.queue.now() + 100ms;
    while (!kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
  };
  const auto on_host = [&](const auto& action) {
    settle();
    const kernel::CurrentHost current(&host);
    host.run_as(&host.main_task());
    action();
    host.run_as(nullptr);
  };
  Observations observations;
  std::optional<FileCaller> caller;
  on_host([&] { caller.emplace(3, begin_in("/tmp")); });
  for (const FileStep& step : sequence) {
    under_way.call = observations.size();
    on_host([&] { observations.push_back(step.make(*caller)); });
  }
  on_host([&] { caller.reset(); });
  return observations;
}

}  // namespace stillpoint::test
