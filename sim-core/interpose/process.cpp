// The end of a process, and who it is: exit(3), atexit(3), abort(3), getpid(2).
//
// A host that is driven by its event loop has no process of its own to end: there exit ends the simulation, which its
// supervisor reports as the crash that it is.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/identity.hpp"

SP_CALL(pid_t, getpid, (), ()) { return host.pid(); }

#define SP_ENDING(name, parameters, arguments, end)                                                            \
  extern "C" [[noreturn]] void sp_##name parameters __asm__(#name);                                            \
  extern "C" void sp_##name parameters {                                                                       \
    ::stillpoint::kernel::Host* host = ::stillpoint::kernel::current_host;                                     \
    if (host != nullptr && !host->observed() && host->running_task() != nullptr && !host->process().polls()) { \
      end;                                                                                                     \
    }                                                                                                          \
    using Function = void(*) parameters;                                                                       \
    const auto real = ::stillpoint::interpose::real_function<Function>(nullptr, #name);                        \
    ::stillpoint::kernel::trap_selector = 0; /* what libc does to end the process */                           \
    real arguments;                                                                                            \
    __builtin_unreachable();                                                                                   \
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
  if (host != nullptr && !host->observed() && host->running_task() != nullptr) {
    raise_abort(*host);
    if (!host->process().polls()) host->process().die(SIGABRT);
  }
  stillpoint::kernel::trap_selector = 0;  // what libc does to end the process
  stillpoint::interpose::real_function<void (*)()>(nullptr, "abort")();
  __builtin_unreachable();
}

// assert(3) ends in abort(3), by a way inside libc. Its message begins with the host's name in the place of the
// program's.
extern "C" [[noreturn]] void sp_assert_fail(const char* expression, const char* file, unsigned line,
                                            const char* function) __asm__("__assert_fail");
extern "C" void sp_assert_fail(const char* expression, const char* file, unsigned line, const char* function) {
  stillpoint::kernel::Host* host = stillpoint::kernel::current_host;
  if (host != nullptr && !host->observed()) {
    fprintf(stderr, "%s: %s:%u: %s: Assertion `%s' failed.\n", host->name().c_str(), file, line, function, expression);
    fflush(stderr);
    sp_abort();
  }
  using Function = void (*)(const char*, const char*, unsigned, const char*);
  stillpoint::interpose::real_function<Function>(nullptr, "__assert_fail")(expression, file, line, function);
  __builtin_unreachable();
}

namespace {

// Whether a static object with this __dso_handle belongs to a host's private copy of a program. Those of the executable
// and of libraries are shared by all hosts, and must outlive the one that happened to make them.
bool is_of_program(void* object) {
  Dl_info info{};
  return object != nullptr && dladdr(object, &info) != 0 && info.dli_fname != nullptr &&
         std::string_view(info.dli_fname).starts_with("/proc/self/fd/");
}

}  // namespace

// atexit(3) gives no argument; the destructor of a static object has the object for one.
SP_CALL_AS(int, cxa_atexit, "__cxa_atexit", (void (*function)(void*), void* argument, void* object),
           (function, argument, object)) {
  const bool is_the_hosts = argument == nullptr || is_of_program(object);
  if (is_the_hosts && host.running_task() != nullptr && !host.process().polls()) {
    host.process().at_exit(function, argument);
    return 0;
  }
  using Register = int (*)(void (*)(void*), void*, void*);
  static const auto real = reinterpret_cast<Register>(dlsym(RTLD_NEXT, "__cxa_atexit"));
  return real(function, argument, object);
}
