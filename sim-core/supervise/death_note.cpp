#include "sim-core/supervise/death_note.hpp"

#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::supervise {
namespace {

DeathNote* the_note = nullptr;  // one simulation a process

template <std::size_t kSize>
void copy_text(char (&to)[kSize], const std::string& from) {
  const std::size_t size = std::min(from.size(), kSize - 1);
  std::memcpy(to, from.data(), size);
  to[size] = '\0';
}

// A program's private copy is a file in memory that bears the path of what it was copied from
// (process/shared_object.cpp).
std::string path_of(const std::string& name) {
  if (!name.starts_with("/proc/self/fd/")) return name;
  char link[512];
  const ssize_t size = readlink(name.c_str(), link, sizeof link);
  std::string_view target(link, size < 0 ? 0 : static_cast<std::size_t>(size));
  constexpr std::string_view kPrefix = "/memfd:";
  constexpr std::string_view kSuffix = " (deleted)";
  if (!target.starts_with(kPrefix) || !target.ends_with(kSuffix)) return name;
  target.remove_prefix(kPrefix.size());
  target.remove_suffix(kSuffix.size());
  return std::string(target);
}

int note_module(dl_phdr_info* object, std::size_t, void*) {
  DeathNote& note = *the_note;
  if (note.module_count == DeathNote::kMostModules) return 1;
  DeathNote::Module& module = note.modules[note.module_count++];
  module.bias = object->dlpi_addr;
  module.begin = UINT64_MAX;
  module.end = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    module.begin = std::min<std::uint64_t>(module.begin, object->dlpi_addr + segment.p_vaddr);
    module.end = std::max<std::uint64_t>(module.end, object->dlpi_addr + segment.p_vaddr + segment.p_memsz);
  }
  copy_text(module.path, path_of(object->dlpi_name));
  return 0;
}

std::uint64_t program_counter(const void* context) {
  const auto& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return static_cast<std::uint64_t>(machine.gregs[REG_RIP]);
#else
  return machine.pc;
#endif
}

#if defined(__x86_64__)
bool readable(std::uintptr_t address) {
  return access(reinterpret_cast<const char*>(address), F_OK) == 0 || errno != EFAULT;
}
#endif

// Where there is no code nobody can have been: who called a null pointer is found by the return address that it left.
void step_back_to_caller(void* context) {
#if defined(__x86_64__)
  greg_t* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const auto stack = static_cast<std::uintptr_t>(registers[REG_RSP]);
  if (readable(static_cast<std::uintptr_t>(registers[REG_RIP])) || !readable(stack)) return;
  registers[REG_RIP] = *reinterpret_cast<const greg_t*>(stack);
  registers[REG_RSP] += static_cast<greg_t>(sizeof(greg_t));
#else
  static_cast<void>(context);
#endif
}

// Whether a fault was at the end of the running thread's stack. A function touches its new frame at any place, but
// above the alternate stack, which is the first on a thread's own, there is nothing of it.
bool overflowed_stack(int number, const siginfo_t& info, const void* context) {
#if defined(__x86_64__)
  constexpr std::uintptr_t kBelow = 64 * 1024;
  constexpr std::uintptr_t kAbove = 1024 * 1024;
  if (number != SIGSEGV) return false;
  const auto& machine = *static_cast<const ucontext_t*>(context);
  const auto fault = reinterpret_cast<std::uintptr_t>(info.si_addr);
  const auto end = static_cast<std::uintptr_t>(machine.uc_mcontext.gregs[REG_RSP]);
  const auto alternate = reinterpret_cast<std::uintptr_t>(machine.uc_stack.ss_sp);
  // Linux found no room for a signal's frame: that of a system call that was trapped.
  constexpr std::uintptr_t kFrame = 4096;
  if (info.si_code == SI_KERNEL) return readable(end) && !(readable(end - kFrame) && readable(end - 3 * kFrame));
  if (info.si_code != SEGV_MAPERR && info.si_code != SEGV_ACCERR) return false;
  if (end < alternate && fault >= alternate) return false;
  return fault + kBelow >= end && fault < end + kAbove;
#else
  return false;
#endif
}

// The first to die writes. Nothing here may allocate: the heap may be what broke.
void on_deadly_signal(int number, siginfo_t* info, void* context) {
  kernel::trap_selector = 0;
  if (the_note->signal == 0) {
    the_note->signal = number;
    const kernel::Host* const host = kernel::current_host;
    kernel::set_current_host(nullptr);
    the_note->stack_overflow = overflowed_stack(number, *info, context);
    step_back_to_caller(context);
    the_note->fault = program_counter(context);
    write_death_note(host);
  }
  kernel::set_current_host(nullptr);
  // SA_RESETHAND has put the default back. A fault would come again by itself once this returns; a signal from outside
  // would not.
  raise(number);
}

}  // namespace

int note_and_die_signal() { return SIGUSR1; }

void write_death_note(const kernel::Host* host) {
  DeathNote& note = *the_note;
  if (host != nullptr) {
    copy_text(note.host, host->name());
    copy_text(note.role, host->role());
    note.of_program = host->running_task() != nullptr && !host->process().polls();
  }
  void* frames[DeathNote::kMostFrames];
  const int count = backtrace(frames, static_cast<int>(DeathNote::kMostFrames));
  for (int i = 0; i < count; ++i) note.frames[i] = reinterpret_cast<std::uint64_t>(frames[i]);
  note.frame_count.store(static_cast<std::uint32_t>(count), std::memory_order_release);
}

void note_modules() {
  the_note->module_count = 0;
  dl_iterate_phdr(note_module, nullptr);
}

void prepare_death_note(DeathNote& note) {
  the_note = &note;
  note_modules();
  void* frame = nullptr;
  backtrace(&frame, 1);  // its first call loads libgcc, which must not happen in a handler
  raise(0);              // nor may the search for the real functions, which the first call makes
  access("", F_OK);

  // A stack of its own: the other one may be what overflowed.
  alignas(16) static char stack[64 * 1024];
  stack_t alternate{};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action {};
  action.sa_sigaction = on_deadly_signal;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER);
  for (const int number : {SIGXCPU, SIGABRT, note_and_die_signal()}) sigaction(number, &action, nullptr);
#if !defined(SP_SANITIZED)
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS}) sigaction(number, &action, nullptr);
#endif
}

}  // namespace stillpoint::supervise
