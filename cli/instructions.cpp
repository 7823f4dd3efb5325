#include "cli/instructions.hpp"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace stillpoint::cli {
namespace {

// perf_event_open(2).
int open_counter() {
  perf_event_attr wanted{};
  wanted.size = sizeof wanted;
  wanted.type = PERF_TYPE_HARDWARE;
  wanted.config = PERF_COUNT_HW_INSTRUCTIONS;
  wanted.inherit = 1;
  wanted.exclude_kernel = 1;
  wanted.exclude_hv = 1;
  constexpr int kThisProcess = 0, kAnyProcessor = -1, kNoGroup = -1;
  return static_cast<int>(
      syscall(SYS_perf_event_open, &wanted, kThisProcess, kAnyProcessor, kNoGroup, PERF_FLAG_FD_CLOEXEC));
}

}  // namespace

InstructionCounter::InstructionCounter() : fd_(open_counter()) {}

InstructionCounter::~InstructionCounter() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::uint64_t> InstructionCounter::count() const {
  std::uint64_t value = 0;
  if (fd_ < 0 || read(fd_, &value, sizeof value) != sizeof value) return std::nullopt;
  return value;
}

}  // namespace stillpoint::cli
