#include "sim-core/interpose/memory_limit.hpp"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unwind.h>

#include <cerrno>

#if defined(__x86_64__)

// Where the functions of call.hpp lie that serve calls.
extern "C" {
extern const char __start_sp_calls[];
extern const char __stop_sp_calls[];
}

namespace stillpoint::interpose {
namespace {

_Unwind_Reason_Code note_served(_Unwind_Context* frame, void* found) {
  const auto place = static_cast<std::uintptr_t>(_Unwind_GetIP(frame));
  if (place <= reinterpret_cast<std::uintptr_t>(__start_sp_calls) ||
      place > reinterpret_cast<std::uintptr_t>(__stop_sp_calls))
    return _URC_NO_REASON;
  *static_cast<bool*>(found) = true;
  return _URC_END_OF_STACK;
}

// Walks the stack, from the handler of the trap through the frame of the signal.
bool a_call_is_being_served() {
  bool found = false;
  _Unwind_Backtrace(note_served, &found);
  return found;
}

bool failed(long result) { return result < 0 && result >= -4095; }

long ask(const TrappedCall& trapped, kernel::Host& host, std::uint64_t bytes, std::uint64_t others) {
  if (!may_map_instead(host, bytes, others)) return -ENOMEM;
  const long result = make_call(trapped);
  if (!failed(result)) note_mapped(host, bytes, others);
  return result;
}

// brk(2) of Linux returns the end of the heap, which is where it was if it fails.
long move_break(const TrappedCall& trapped, kernel::Host& host) {
  TrappedCall question = trapped;
  question.arguments[0] = 0;
  const auto now = static_cast<std::uint64_t>(make_call(question));
  const auto wanted = static_cast<std::uint64_t>(trapped.arguments[0]);
  if (wanted == 0 || !may_map_instead(host, wanted, now)) return static_cast<long>(now);
  const auto moved = static_cast<std::uint64_t>(make_call(trapped));
  note_mapped(host, moved, now);
  return static_cast<long>(moved);
}

}  // namespace

long make_limited_call(kernel::Host& host, const TrappedCall& trapped) {
  const auto size = [&](std::size_t argument) {
    return pages_of(static_cast<std::uint64_t>(trapped.arguments[argument]));
  };
  switch (trapped.number) {
    case SYS_brk:
    case SYS_mmap:
    case SYS_mremap:
    case SYS_munmap:
      // Without a running task it is the harness that works for the host, before and after its turns.
      if (host.running_task() == nullptr || a_call_is_being_served()) return make_call(trapped);
      break;
    default:
      return make_call(trapped);
  }
  if (trapped.number == SYS_brk) return move_break(trapped, host);
  if (trapped.number == SYS_munmap) return ask(trapped, host, 0, size(1));
  if (trapped.number == SYS_mremap) return ask(trapped, host, size(2), size(1));
  return ask(trapped, host, size(1), 0);
}

}  // namespace stillpoint::interpose

#endif
