#include "sim-core/supervise/watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <sstream>
#include <string>

namespace stillpoint::supervise {
namespace {

// What /proc/PID/stat says (proc(5)); zeros once the process is gone.
struct ProcessState {
  char state = '?';
  std::uint64_t cpu_ticks = 0;
  std::uint64_t resident_bytes = 0;
};

ProcessState read_state(pid_t pid) {
  // Not a stream: a process that dies between open and read makes the read fail, for which a stream's buffer throws.
  const int fd = ::open(fmt::format("/proc/{}/stat", pid).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  std::array<char, 1024> buffer;  // the line has 52 numbers and a name of at most 64 characters
  const ssize_t length = ::read(fd, buffer.data(), buffer.size());
  ::close(fd);
  const std::string text(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  // The name is in brackets, and may hold anything: the fields begin after the last one.
  const std::size_t end = text.rfind(')');
  if (end == text.npos) return {};
  std::istringstream fields(text.substr(end + 1));
  ProcessState state;
  std::string skipped;
  fields >> state.state;
  constexpr int kUserTime = 14, kResidentPages = 24;
  std::uint64_t user = 0, system = 0, pages = 0;
  for (int field = 4; field < kUserTime; ++field) fields >> skipped;
  fields >> user >> system;
  for (int field = kUserTime + 2; field < kResidentPages; ++field) fields >> skipped;
  fields >> pages;
  state.cpu_ticks = user + system;
  state.resident_bytes = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return state;
}

}  // namespace

Stopped Watch::look(std::uint64_t output) {
  const std::uint64_t output_most = shared_.output_most.load(std::memory_order_relaxed);
  if (output_most != 0 && output >= output_most) return Stopped::output;
  const Clock::time_point now = Clock::now();
  if (now < next_look_) return Stopped::no;
  next_look_ = now + std::chrono::milliseconds(100);

  const ProcessState process = read_state(pid_);
  // The simulation itself notices an exhausted heap, at the same allocation each time. This is for memory that is no
  // heap, and for builds with sanitizers, whose heap the limit does not cover: hence the slack.
  const std::uint64_t memory_most = shared_.memory_most.load(std::memory_order_relaxed);
  if (memory_most != 0 && process.resident_bytes > memory_most + memory_most / 4) return Stopped::memory;

  const bool asleep = process.state == 'S' || process.state == 'D';
  if (!asleep || process.cpu_ticks != cpu_ticks_) last_active_ = now;
  cpu_ticks_ = process.cpu_ticks;
  return now - last_active_ > kStall ? Stopped::stalled : Stopped::no;
}

}  // namespace stillpoint::supervise
