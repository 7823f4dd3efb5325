#pragma once
// The machine's own count of instructions, in user mode, of this process and of all that it starts after the counter is
// there.
#include <cstdint>
#include <optional>

namespace stillpoint::cli {

class InstructionCounter {
 public:
  // Counts nothing where the machine has no such counter, as in most virtual machines, or does not let us have it.
  InstructionCounter();
  InstructionCounter(const InstructionCounter&) = delete;
  InstructionCounter& operator=(const InstructionCounter&) = delete;
  ~InstructionCounter();

  // Up to now, of processes that are still there as of those that have ended.
  std::optional<std::uint64_t> count() const;

 private:
  int fd_;
};

}  // namespace stillpoint::cli
