#include "sim-core/interpose/trap.hpp"

#include <link.h>
#include <linux/audit.h>
#include <malloc.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "sim-core/interpose/call_site.hpp"
#include "sim-core/interpose/raw_system_call.hpp"
#include "sim-core/interpose/trapped_call.hpp"
#include "sim-core/kernel/current.hpp"

#if defined(__x86_64__)

// The only code whose system calls are never trapped (the address after the call counts, hence the ud2). The restorer
// must be: it returns from the handler when the
// selector says 'trap' already. Its name and its instructions are what debuggers and unwinders know a signal's frame
// by.
asm(R"(
  .pushsection sp_trap_text, "ax", @progbits
  .globl sp_raw_system_call
  .type sp_raw_system_call, @function
sp_raw_system_call:
  .cfi_startproc
  movq %rdi, %rax
  movq %rsi, %rdi
  movq %rdx, %rsi
  movq %rcx, %rdx
  movq %r8, %r10
  movq %r9, %r8
  movq 8(%rsp), %r9
  syscall
  ret
  .cfi_endproc
  .size sp_raw_system_call, . - sp_raw_system_call
  nop
  .type __restore_rt, @function
__restore_rt:
  movq $15, %rax
  syscall
  ud2
  .size __restore_rt, . - __restore_rt
  .popsection
  .pushsection .data.rel.ro, "aw"
  .globl sp_trap_restorer
sp_trap_restorer:
  .quad __restore_rt
  .popsection
)");

extern "C" {
extern const char __start_sp_trap_text[];
extern const char __stop_sp_trap_text[];
}

namespace stillpoint::interpose {
namespace {

bool armed = false;
Guard guard_state = Guard::off;

int note_valgrind(dl_phdr_info* info, std::size_t, void* found) {
  if (std::string_view(info->dlpi_name).find("vgpreload") != std::string_view::npos) *static_cast<bool*>(found) = true;
  return 0;
}

// What libc itself was doing when it trapped may hold its locks: nothing here but the served calls may use libc.
void on_trap(int, siginfo_t* info, void* place) {
  kernel::trap_selector = 0;
  const int saved_errno = errno;
  auto* context = static_cast<ucontext_t*>(place);
  greg_t* registers = context->uc_mcontext.gregs;
  const TrappedCall trapped{info->si_syscall,
                            {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
                             registers[REG_R8], registers[REG_R9]},
                            info->si_call_addr,
                            info->si_arch != AUDIT_ARCH_X86_64};
  kernel::Host* host = kernel::current_host;
  if (trapped.number == SYS_rt_sigreturn && !trapped.of_32_bits) {
    // The end of a real signal's handler, by libc's restorer: it is made where nothing is trapped, on its own stack.
    registers[REG_RIP] = reinterpret_cast<greg_t>(sp_trap_restorer);
  } else {
    registers[REG_RAX] = host != nullptr ? answer(*host, trapped, guard_state) : make_call(trapped);
  }
  // A program may block all signals: not this one, or the next trap would end the process.
  sigdelset(&context->uc_sigmask, SIGSYS);
  errno = saved_errno;
  kernel::trap_selector = kernel::current_host != nullptr ? 1 : 0;
}

// ---- the vDSO ----

struct Stub {
  std::string_view name;
  std::uint32_t number;
};
constexpr Stub kStubs[] = {{"__vdso_clock_gettime", SYS_clock_gettime},
                           {"clock_gettime", SYS_clock_gettime},
                           {"__vdso_gettimeofday", SYS_gettimeofday},
                           {"gettimeofday", SYS_gettimeofday},
                           {"__vdso_time", SYS_time},
                           {"time", SYS_time},
                           {"__vdso_clock_getres", SYS_clock_getres},
                           {"clock_getres", SYS_clock_getres},
                           {"__vdso_getcpu", SYS_getcpu},
                           {"getcpu", SYS_getcpu}};

// movl $number, %eax; syscall; ret
void write_stub(char* place, std::uint32_t number) {
  place[0] = '\xb8';
  std::memcpy(place + 1, &number, sizeof number);
  std::memcpy(place + 5, "\x0f\x05\xc3", 3);
}

void make_vdso_call() {
  const std::uintptr_t base = getauxval(AT_SYSINFO_EHDR);
  if (base == 0) return;
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(base);
  const auto* segments = reinterpret_cast<const ElfW(Phdr)*>(base + header->e_phoff);
  std::uintptr_t bias = 0;
  std::size_t size = 0;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    if (segments[i].p_type == PT_LOAD) {
      bias = base + segments[i].p_offset - segments[i].p_vaddr;
      size = segments[i].p_memsz;
    }
    if (segments[i].p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(base + segments[i].p_offset);
  }
  if (dynamic == nullptr) return;
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  for (; dynamic->d_tag != DT_NULL; ++dynamic) {
    if (dynamic->d_tag == DT_SYMTAB) symbols = reinterpret_cast<const ElfW(Sym)*>(bias + dynamic->d_un.d_ptr);
    if (dynamic->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(bias + dynamic->d_un.d_ptr);
  }
  if (symbols == nullptr || names == nullptr) return;
  constexpr std::uintptr_t kPage = 4096;
  const std::size_t pages = (size + kPage - 1) / kPage * kPage;
  if (mprotect(reinterpret_cast<void*>(base), pages, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) return;
  // The table of symbols ends where the names begin, as linkers lay out a vDSO.
  for (const ElfW(Sym)* symbol = symbols; reinterpret_cast<const char*>(symbol + 1) <= names; ++symbol) {
    for (const Stub& stub : kStubs) {
      if (ELF64_ST_TYPE(symbol->st_info) == STT_FUNC && names + symbol->st_name == stub.name)
        write_stub(reinterpret_cast<char*>(bias + symbol->st_value), stub.number);
    }
  }
  mprotect(reinterpret_cast<void*>(base), pages, PROT_READ | PROT_EXEC);
}

}  // namespace

long make_call(const TrappedCall& trapped) {
  return sp_raw_system_call(trapped.number, trapped.arguments[0], trapped.arguments[1], trapped.arguments[2],
                            trapped.arguments[3], trapped.arguments[4], trapped.arguments[5]);
}

bool arm_trap(Guard guard) {
  guard_state = guard;
  if (armed) return true;
  bool valgrind = false;
  dl_iterate_phdr(note_valgrind, &valgrind);
  if (valgrind) return false;
  note_call_sites();
  const KernelSigaction action{{on_trap}, SA_SIGINFO | SA_NODEFER | kRestorerFlag, sp_trap_restorer, 0};
  if (sp_raw_system_call(SYS_rt_sigaction, SIGSYS, reinterpret_cast<long>(&action), 0, 8, 0, 0) != 0) return false;
  // For a further thread's arena malloc would ask how many processors there are.
  mallopt(M_ARENA_MAX, 1);
  armed = true;
  arm_thread();
  if (armed) make_vdso_call();
  return armed;
}

bool trap_is_armed() { return armed; }

void arm_thread() {
  if (!armed) return;
  const auto begin = reinterpret_cast<unsigned long>(__start_sp_trap_text);
  const auto size = static_cast<unsigned long>(__stop_sp_trap_text - __start_sp_trap_text);
  // Not prctl(), which a host that starts a thread may not call.
  armed = sp_raw_system_call(SYS_prctl, PR_SET_SYSCALL_USER_DISPATCH, PR_SYS_DISPATCH_ON, static_cast<long>(begin),
                             static_cast<long>(size), reinterpret_cast<long>(&kernel::trap_selector), 0) == 0;
}

}  // namespace stillpoint::interpose

#else

namespace stillpoint::interpose {
bool arm_trap(Guard) { return false; }
bool trap_is_armed() { return false; }
void arm_thread() {}
}  // namespace stillpoint::interpose

#endif
