// The end of a process, and who it is: exit(3), atexit(3), abort(3), getpid(2).
//
// A host that is driven by its event loop has no process of its own to end: there exit ends the simulation, which its
// supervisor reports as the crash that it is.
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/identity.hpp"

SP_CALL(pid_t, getpid, (), ()) { return host.pid(); }

#define SP_ENDING(name, parameters, arguments, end)                                                          \
  extern "C" [[noreturn]] void sp_##name parameters __asm__(#name);                                          \
  extern "C" void sp_##name parameters {                                                                     \
    ::stillpoint::kernel::Host* host = ::stillpoint::kernel::current_host;                                   \
    if (host != nullptr && !host->observed && host->running_task() != nullptr && !host->process().polls()) { \
      end;                                                                                                   \
    }                                                                                                        \
    using Function = void(*) parameters;                                                                     \
    const auto real = ::stillpoint::interpose::real_function<Function>(nullptr, #name);                      \
    real arguments;                                                                                          \
    __builtin_unreachable();                                                                                 \
  }

SP_ENDING(exit, (int status), (status), host->process().exit(status))
SP_ENDING(_exit, (int status), (status), host->process().die((status & 0xFF) << 8))
SP_ENDING(_Exit, (int status), (status), host->process().die((status & 0xFF) << 8))

// abort(3): SIGABRT, which nothing can block; a handler that returns changes nothing.
namespace {
void raise_abort(stillpoint::kernel::Host& host) {
  stillpoint::kernel::Task& task = *host.running_task();
  task.signals.blocked &= ~stillpoint::kernel::set_of(SIGABRT);
  if (host.signals.disposition(SIGABRT).handler == SIG_DFL) return;
  siginfo_t info{};
  info.si_signo = SIGABRT;
  info.si_code = SI_TKILL;
  info.si_pid = host.pid();
  info.si_uid = stillpoint::kernel::kUserId;
  host.signals.send(info, &task, {});
  host.handle_signals();
}
}  // namespace

extern "C" [[noreturn]] void sp_abort() __asm__("abort");
extern "C" void sp_abort() {
  stillpoint::kernel::Host* host = stillpoint::kernel::current_host;
  if (host != nullptr && !host->observed && host->running_task() != nullptr) {
    raise_abort(*host);
    if (!host->process().polls()) host->process().die(SIGABRT);
  }
  stillpoint::interpose::real_function<void (*)()>(nullptr, "abort")();
  __builtin_unreachable();
}

SP_CALL_AS(int, cxa_atexit, "__cxa_atexit", (void (*function)(void*), void* argument, void* object),
           (function, argument, object)) {
  if (host.running_task() != nullptr && !host.process().polls()) {
    host.process().at_exit(function, argument);
    return 0;
  }
  using Register = int (*)(void (*)(void*), void*, void*);
  static const auto real = reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__cxa_atexit"));
  return real(function, argument, object);
}
