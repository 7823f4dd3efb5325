#include "sim-core/interpose/memory_faults.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/raw_system_call.hpp"

#if defined(__x86_64__)

namespace stillpoint::interpose {
namespace {

const KernelSigaction kDefault{{nullptr}, kRestorerFlag, sp_trap_restorer, 0};
constexpr int kFaults[] = {SIGSEGV, SIGBUS};
KernelSigaction former[2];

KernelSigaction& former_of(int number) { return former[number == SIGSEGV ? 0 : 1]; }

bool set(int number, const KernelSigaction& action) {
  return sp_raw_system_call(SYS_rt_sigaction, number, reinterpret_cast<long>(&action), 0, 8, 0, 0) == 0;
}

KernelSigaction action_of(int number) {
  KernelSigaction action{};
  sp_raw_system_call(SYS_rt_sigaction, number, 0, reinterpret_cast<long>(&action), 8, 0, 0);
  return action;
}

// The default action. A fault comes again by itself when the handler returns; a signal from outside is sent again.
void die_of(int number, const siginfo_t* info) {
  set(number, kDefault);
  if (info->si_code > 0) return;
  const long thread = sp_raw_system_call(SYS_gettid, 0, 0, 0, 0, 0, 0);
  const long process = sp_raw_system_call(SYS_getpid, 0, 0, 0, 0, 0, 0);
  sp_raw_system_call(SYS_rt_tgsigqueueinfo, process, thread, number, reinterpret_cast<long>(info), 0, 0);
}

// Nothing here may call libc: its system calls would be the running host's. The selector of traps stays as it is, as
// the restorer is never trapped.
void on_fault(int number, siginfo_t* info, void* place) {
  greg_t& instruction = static_cast<ucontext_t*>(place)->uc_mcontext.gregs[REG_RIP];
  if (const auto goes_on = touch_failed(static_cast<std::uintptr_t>(instruction)); goes_on && info->si_code > 0) {
    instruction = static_cast<greg_t>(*goes_on);
    return;
  }
  const KernelSigaction before = former_of(number);
  // Linux kills who ignores a fault.
  if (before.simple == SIG_IGN && info->si_code <= 0) return;
  if (before.simple == SIG_DFL || before.simple == SIG_IGN) {
    die_of(number, info);
    return;
  }
  if ((before.flags & static_cast<unsigned long>(SA_RESETHAND)) != 0) set(number, kDefault);
  if ((before.flags & SA_SIGINFO) != 0) {
    before.handler(number, info, place);
  } else {
    before.simple(number);
  }
}

}  // namespace

void catch_memory_faults() {
  for (const int number : kFaults) {
    const KernelSigaction before = action_of(number);
    if (before.handler == on_fault) continue;
    former_of(number) = before;
    // On the alternate stack where there is one, since the fault may be a stack's overflow.
    const unsigned long flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | kRestorerFlag;
    set(number, {{on_fault}, flags, sp_trap_restorer, before.mask});
  }
}

}  // namespace stillpoint::interpose

#else

namespace stillpoint::interpose {
void catch_memory_faults() {}
}  // namespace stillpoint::interpose

#endif
