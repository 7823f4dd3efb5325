#pragma once
// System calls that do not come through libc's symbols: libc's own (what printf ends in), and those that a program
// makes by instruction. Linux's Syscall User Dispatch hands each one over while a simulated host is current.
//
// Each is served, passes through, or, where the guard is on, stops the run by the name of the call (trapped_call.hpp).
// The vDSO, which reads clocks past the kernel, is made to call it.
//
// Linux 5.11 on x86-64. Where it is missing (another machine, valgrind), nothing is seen: available() says so.
namespace stillpoint::interpose {

enum class Guard { off, on };

// Arms this process: from now on, each thread for which arm_thread() was called.
// False where the machine cannot.
bool arm_trap(Guard guard);
// Whether libc's own system calls come here.
bool trap_is_armed();
// Arms the calling thread, which is to run a simulated host's code. Does nothing in a process that is not armed.
void arm_thread();

}  // namespace stillpoint::interpose
