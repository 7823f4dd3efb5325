#pragma once
// Functions that stay libc's own, because the system calls inside them come back through the trap and act on the host.
// Where there is no trap, they would reach the real machine, and stop the run by name instead.
#include "sim-core/interpose/call.hpp"
#include "sim-core/interpose/trap.hpp"

// Within a body of SP_CALL: what libc's own function says.
#define SP_LIBC(name, arguments)                                                                           \
  [&] {                                                                                                    \
    if (!::stillpoint::interpose::trap_is_armed())                                                         \
      ::stillpoint::interpose::unsupported(host, call, "without Syscall User Dispatch");                   \
    static const auto real = ::stillpoint::interpose::real_function<decltype(&sp_##name)>(nullptr, #name); \
    return real arguments;                                                                                 \
  }()

// A call that is libc's own altogether.
#define SP_TRAPPED(result, name, parameters, arguments) \
  SP_CALL(result, name, parameters, arguments) { return SP_LIBC(name, arguments); }
