#include "sim-core/interpose/trap.hpp"

#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <string_view>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/call.hpp"
#include "sim-core/interpose/raw_system_call.hpp"
#include "sim-core/interpose/system_call_name.hpp"

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

using kernel::Host;

bool armed = false;
Guard guard_state = Guard::off;

// Sanitizers make system calls of their own, which are none of the host's.
struct Range {
  std::uintptr_t begin = 0;
  std::uintptr_t end = 0;
};
std::array<Range, 8> exempt;
std::size_t exempt_count = 0;

int note_exempt(dl_phdr_info* info, std::size_t, void*) {
  const std::string_view name = info->dlpi_name;
  const bool sanitizer = name.find("libasan.") != name.npos || name.find("libubsan.") != name.npos ||
                         name.find("liblsan.") != name.npos || name.find("libtsan.") != name.npos;
  for (int i = 0; sanitizer && i < info->dlpi_phnum && exempt_count < exempt.size(); ++i) {
    const ElfW(Phdr)& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    exempt[exempt_count++] = {info->dlpi_addr + segment.p_vaddr, info->dlpi_addr + segment.p_vaddr + segment.p_memsz};
  }
  return 0;
}

bool is_exempt(std::uintptr_t address) {
  for (std::size_t i = 0; i < exempt_count; ++i) {
    if (address >= exempt[i].begin && address < exempt[i].end) return true;
  }
  return false;
}

int note_valgrind(dl_phdr_info* info, std::size_t, void* found) {
  if (std::string_view(info->dlpi_name).find("vgpreload") != std::string_view::npos) *static_cast<bool*>(found) = true;
  return 0;
}

struct Trapped {
  long number;
  std::array<long, 6> arguments;
  const void* site;
};

template <typename T>
long or_error(T result) {
  return result < 0 ? -static_cast<long>(errno) : static_cast<long>(result);
}

// Memory, and what libc needs for itself (raise, its locks, its threads): they belong to the real process.
bool is_of_the_process(long number) {
  switch (number) {
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_brk:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_futex:
    case SYS_rt_sigreturn:
    case SYS_rt_sigprocmask:
    case SYS_getpid:
    case SYS_gettid:
    case SYS_tgkill:
    case SYS_exit:
    case SYS_exit_group:
      return true;
    default:
      return false;
  }
}

// What libc looks for by itself (time zones, locales, character sets, libraries) is not there: a host has no files.
bool serve_open(const char* path, long flags, long& result) {
  const bool reads = (flags & (O_ACCMODE | O_CREAT | O_TMPFILE)) == O_RDONLY;
  if (!readable_text(path, PATH_MAX) || !reads || std::string_view(path).starts_with("/dev/")) return false;
  result = -ENOENT;
  return true;
}

// The calls that are served: by the same functions that the symbols lead to.
bool serve(Host& host, const Trapped& trapped, long& result) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_write:
      result = or_error(write(static_cast<int>(a[0]), reinterpret_cast<const void*>(a[1]), static_cast<size_t>(a[2])));
      return true;
    case SYS_writev:
      result = or_error(writev(static_cast<int>(a[0]), reinterpret_cast<const iovec*>(a[1]), static_cast<int>(a[2])));
      return true;
    case SYS_read:
      result = or_error(read(static_cast<int>(a[0]), reinterpret_cast<void*>(a[1]), static_cast<size_t>(a[2])));
      return true;
    // What stdio asks of a stream before its first use.
    case SYS_fstat:
      result = or_error(fstat(static_cast<int>(a[0]), reinterpret_cast<struct stat*>(a[1])));
      return true;
    case SYS_newfstatat: {
      const char* path = reinterpret_cast<const char*>(a[1]);
      if (!is_readable(path) || *path != '\0' || a[3] != AT_EMPTY_PATH) return false;
      result = or_error(fstat(static_cast<int>(a[0]), reinterpret_cast<struct stat*>(a[2])));
      return true;
    }
    case SYS_ioctl:
      result = or_error(ioctl(static_cast<int>(a[0]), static_cast<unsigned long>(a[1]), a[2]));
      return true;
    case SYS_close:
      // One that is none of the host's was opened by libc itself, where nothing is trapped.
      if (host.descriptors.find(static_cast<int>(a[0])) == nullptr) return false;
      result = or_error(close(static_cast<int>(a[0])));
      return true;
    case SYS_open:
      return serve_open(reinterpret_cast<const char*>(a[0]), a[1], result);
    case SYS_openat:
      return serve_open(reinterpret_cast<const char*>(a[1]), a[2], result);
    case SYS_lseek:
      result = or_error(lseek(static_cast<int>(a[0]), a[1], static_cast<int>(a[2])));
      return true;
    case SYS_clock_gettime:
      result = or_error(clock_gettime(static_cast<clockid_t>(a[0]), reinterpret_cast<timespec*>(a[1])));
      return true;
    case SYS_gettimeofday:
      result = or_error(gettimeofday(reinterpret_cast<timeval*>(a[0]), nullptr));
      return true;
    case SYS_time:
      result = or_error(time(reinterpret_cast<time_t*>(a[0])));
      return true;
    case SYS_getrandom:
      result =
          or_error(getrandom(reinterpret_cast<void*>(a[0]), static_cast<size_t>(a[1]), static_cast<unsigned>(a[2])));
      return true;
    default:
      return false;
  }
}

long answer(Host& host, const Trapped& trapped) {
  long result = 0;
  // What a sanitizer says is not for the host's log.
  const bool exempt_site = is_exempt(reinterpret_cast<std::uintptr_t>(trapped.site));
  if (!exempt_site && !host.observed && serve(host, trapped, result)) return result;
  if (guard_state == Guard::on && !is_of_the_process(trapped.number) && !exempt_site) {
    unsupported(host, {name_of_system_call(trapped.number), trapped.site}, "it bypasses the virtual kernel");
  }
  return sp_raw_system_call(trapped.number, trapped.arguments[0], trapped.arguments[1], trapped.arguments[2],
                            trapped.arguments[3], trapped.arguments[4], trapped.arguments[5]);
}

// What libc itself was doing when it trapped may hold its locks: nothing here but the served calls may use libc.
void on_trap(int, siginfo_t* info, void* place) {
  kernel::trap_selector = 0;
  const int saved_errno = errno;
  auto* context = static_cast<ucontext_t*>(place);
  greg_t* registers = context->uc_mcontext.gregs;
  const Trapped trapped{info->si_syscall,
                        {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX], registers[REG_R10],
                         registers[REG_R8], registers[REG_R9]},
                        info->si_call_addr};
  Host* host = kernel::current_host;
  if (host != nullptr) {
    registers[REG_RAX] = answer(*host, trapped);
  } else {
    registers[REG_RAX] =
        sp_raw_system_call(trapped.number, trapped.arguments[0], trapped.arguments[1], trapped.arguments[2],
                           trapped.arguments[3], trapped.arguments[4], trapped.arguments[5]);
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

bool arm_trap(Guard guard) {
  guard_state = guard;
  if (armed) return true;
  bool valgrind = false;
  dl_iterate_phdr(note_valgrind, &valgrind);
  if (valgrind) return false;
  dl_iterate_phdr(note_exempt, nullptr);
  const KernelSigaction action{on_trap, SA_SIGINFO | SA_NODEFER | kRestorerFlag, sp_trap_restorer, 0};
  if (sp_raw_system_call(SYS_rt_sigaction, SIGSYS, reinterpret_cast<long>(&action), 0, 8, 0, 0) != 0) return false;
  // For a further thread's arena malloc would ask how many processors there are.
  mallopt(M_ARENA_MAX, 1);
  armed = true;
  arm_thread();
  if (armed) make_vdso_call();
  return armed;
}

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
void arm_thread() {}
}  // namespace stillpoint::interpose

#endif
