#pragma once
// System calls past libc and past the trap (trap.cpp), for handlers of real signals. On x86-64 only.
#include <signal.h>

#if defined(__x86_64__)

extern "C" {
long sp_raw_system_call(long number, long a, long b, long c, long d, long e, long f);
// What returns from such a handler: libc's own would be trapped.
extern void (*const sp_trap_restorer)();
}

namespace stillpoint::interpose {

constexpr unsigned long kRestorerFlag = 0x04000000;  // SA_RESTORER

// What rt_sigaction(2) itself takes.
struct KernelSigaction {
  union {
    void (*handler)(int, siginfo_t*, void*);
    void (*simple)(int);  // without SA_SIGINFO
  };
  unsigned long flags;
  void (*restorer)();
  unsigned long mask;
};

}  // namespace stillpoint::interpose

#endif
