// System calls by instruction, past libc's symbols, with the guard on: what a program asks is answered by its host, or
// stops the run by name; what libc asks for itself goes on.
#include <dlfcn.h>
#include <execinfo.h>
#include <fcntl.h>
#include <gnu/lib-names.h>
#include <iconv.h>
#include <linux/futex.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#include <array>
#include <clocale>
#include <cstdlib>
#include <ctime>
#include <numeric>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "sim-core/interpose/trap.hpp"
#include "tests/interpose/programs.hpp"
#include "tests/kernel/machines.hpp"

#if defined(__x86_64__)

using namespace stillpoint::test;

namespace {

long by_instruction(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result = number;
  asm volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
  return result;
}

template <typename T>
long place(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// libc's own function, as dlsym finds it for whoever looks past the executable.
template <typename Function>
Function* of_libc(const char* name) {
  void* const libc = dlopen(LIBC_SO, RTLD_LAZY | RTLD_NOLOAD);
  return reinterpret_cast<Function*>(dlsym(libc, name));
}

bool guarded() { return stillpoint::interpose::arm_trap(stillpoint::interpose::Guard::on); }

}  // namespace

TEST_CASE("by instruction a program learns the host's numbers, not those of the real process") {
  if (!guarded()) return;
  Machines machines;
  CHECK(machines.a([] { return by_instruction(SYS_getpid); }) == gives(1001));
  CHECK(machines.b([] { return by_instruction(SYS_getpid); }) == gives(1002));
  CHECK(machines.b([] { return by_instruction(SYS_gettid); }) == gives(1002));
  CHECK(machines.a([] { return by_instruction(SYS_getcpu); }) == gives(0));

  // The instruction is libc's then, but on behalf of the program.
  static auto* const call = of_libc<long(long, ...)>("syscall");
  static auto* const process = of_libc<pid_t()>("getpid");
  static auto* const thread = of_libc<pid_t()>("gettid");
  REQUIRE(call != &syscall);
  CHECK(machines.a([] { return call(SYS_getpid); }) == gives(1001));
  CHECK(machines.a([] { return process(); }) == gives(1001));
  CHECK(machines.a([] { return thread(); }) == gives(1001));
  CHECK(machines.a([] { return call(SYS_openat, AT_FDCWD, "/etc/hostname", O_RDONLY); }) == fails(ENOENT));
  CHECK(machines.a.refusal([] { return call(SYS_brk, 0); }) == "brk (it bypasses the virtual kernel)");
  static auto* const kill_thread = of_libc<int(pid_t, pid_t, int)>("tgkill");
  CHECK(machines.a([] { return kill_thread(1, 1, 0); }) == fails(ESRCH));
  static auto* const end = of_libc<void(int)>("_exit");
  CHECK(machines.a.refusal([] { return end(0), 0; }) == "exit_group (it bypasses the virtual kernel)");
}

TEST_CASE("what libc may do for itself stops the run when a program does it by instruction") {
  if (!guarded()) return;
  Machines machines;
  struct Row {
    const char* name;
    long number;
    std::array<long, 6> arguments;
  };
  static timespec soon{};
  static const Row rows[] = {
      {"brk", SYS_brk, {}},
      {"exit", SYS_exit, {}},
      {"exit_group", SYS_exit_group, {}},  // this host has no program that could end
      {"kill", SYS_kill, {0, 0}},
      {"tkill", SYS_tkill, {1, 0}},
      {"rt_sigaction", SYS_rt_sigaction, {SIGUSR2, 0, 0, 8}},
      {"fork", SYS_fork, {}},
      {"vfork", SYS_vfork, {}},
      {"clone", SYS_clone, {SIGCHLD}},
      {"clone3", SYS_clone3, {}},
      {"execve", SYS_execve, {}},
      {"execveat", SYS_execveat, {-1}},
      {"arch_prctl", SYS_arch_prctl, {}},
      {"prctl", SYS_prctl, {-1}},
      {"ptrace", SYS_ptrace, {-1}},
      {"socket", SYS_socket, {AF_INET, SOCK_STREAM}},
      {"nanosleep", SYS_nanosleep, {place(&soon)}},
      {"sched_yield", SYS_sched_yield, {}},
      {"getuid", SYS_getuid, {}},
      {"openat2", SYS_openat2, {AT_FDCWD, 0, 0, 0}},
      {"io_uring_setup", SYS_io_uring_setup, {}},
      {"system call 1000", 1000, {}},
      // getpid of the x32 machine.
      {"system call 1073741863", 0x40000000 + SYS_getpid, {}},
  };
  static const Row* row = nullptr;
  for (const Row& each : rows) {
    row = &each;
    INFO(each.name);
    CHECK(machines.a.refusal([] {
      const auto& a = row->arguments;
      const long result = by_instruction(row->number, a[0], a[1], a[2], a[3], a[4], a[5]);
      if (result == 0 && row->name[0] != 'k') _exit(1);  // this is a child
      return 0;
    }) == std::string(each.name) + " (it bypasses the virtual kernel)");
  }
}

TEST_CASE("a file that a program opens by instruction is the host's") {
  if (!guarded()) return;
  Machines machines;
  const Machine& a = machines.a;
  CHECK(a([] { return by_instruction(SYS_open, place("/nonexistent"), O_RDONLY); }) == gives(-ENOENT));
  CHECK(a([] { return by_instruction(SYS_openat, AT_FDCWD, place("/nonexistent"), O_RDONLY); }) == gives(-ENOENT));
  CHECK(a([] { return by_instruction(SYS_open, place("/etc/hostname"), O_RDONLY); }) == gives(-ENOENT));
  CHECK(a([] { return by_instruction(SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 99, 0); }) == gives(-EBADF));
  // As by its symbol.
  CHECK(a([] {
          const long fd = by_instruction(SYS_open, place("/dev/zero"), O_RDONLY);
          char byte = 'x';
          const long got = by_instruction(SYS_read, fd, place(&byte), 1);
          return by_instruction(SYS_close, fd) == 0 && byte == '\0' ? got : -1;
        }) == gives(1));
  CHECK(a([] { return by_instruction(SYS_close, 99); }) == gives(-EBADF));
}

TEST_CASE("the function syscall names the call that it does not serve") {
  Machines machines;
  CHECK(machines.a.refusal([] { return syscall(SYS_openat, AT_FDCWD, "/etc/hostname", O_RDONLY); }) ==
        "syscall (openat)");
  CHECK(machines.a.refusal([] { return syscall(1000); }) == "syscall (system call 1000)");
}

TEST_CASE("memory of its own a program may map by instruction") {
  if (!guarded()) return;
  Machines machines;
  CHECK(machines.a([] {
    constexpr long kPage = 4096;
    long memory = by_instruction(SYS_mmap, 0, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory < 0) return memory;
    if (by_instruction(SYS_mprotect, memory, kPage, PROT_READ | PROT_WRITE) != 0) return -1L;
    *reinterpret_cast<char*>(memory) = 'x';
    memory = by_instruction(SYS_mremap, memory, kPage, 4 * kPage, MREMAP_MAYMOVE);
    if (memory < 0 || *reinterpret_cast<char*>(memory) != 'x') return -2L;
    if (by_instruction(SYS_madvise, memory, kPage, MADV_DONTNEED) != 0) return -3L;
    if (*reinterpret_cast<char*>(memory) != '\0') return -4L;
    return by_instruction(SYS_munmap, memory, 4 * kPage);
  }) == gives(0));
}

namespace {

constexpr std::uint64_t kUser1 = 1u << (SIGUSR1 - 1);
int handled = 0;
int woken = 0;

// Blocks a signal, sends it to itself, and unblocks it.
bool signals_by_instruction() {
  handled = 0;
  signal(SIGUSR1, [](int) { ++handled; });
  struct {
    std::uint64_t before = ~std::uint64_t{0};
    std::uint64_t beyond = 7;  // what the kernel's set of eight bytes does not reach
  } set;
  if (by_instruction(SYS_rt_sigprocmask, SIG_BLOCK, place(&kUser1), place(&set.before), 8) != 0) return false;
  if (set.before != 0 || set.beyond != 7) return false;
  if (by_instruction(SYS_rt_sigprocmask, SIG_BLOCK, place(&kUser1), 0, 128) != -EINVAL) return false;
  if (by_instruction(SYS_tgkill, getpid(), gettid(), SIGUSR1) != 0 || handled != 0) return false;
  sigset_t pending;
  if (sigpending(&pending) != 0 || sigismember(&pending, SIGUSR1) != 1) return false;
  if (by_instruction(SYS_rt_sigprocmask, SIG_SETMASK, place(&set.before), place(&set.before), 8) != 0) return false;
  return handled == 1 && set.before == kUser1 && by_instruction(SYS_tgkill, 1, 1, 0) == -ESRCH;
}

// A lock of a program's own: one thread waits in virtual time for another.
bool futex_by_instruction() {
  static int word = 0;
  word = woken = 0;
  const timespec second{1, 0};
  if (by_instruction(SYS_futex, place(&word), FUTEX_WAIT, 0, place(&second)) != -ETIMEDOUT) return false;
  if (by_instruction(SYS_futex, place(&word), FUTEX_WAIT, 1, 0) != -EAGAIN) return false;
  std::thread waiting([] { woken = by_instruction(SYS_futex, place(&word), FUTEX_WAIT, 0, 0) == 0 ? 1 : -1; });
  std::this_thread::sleep_for(30min);
  const long count = by_instruction(SYS_futex, place(&word), FUTEX_WAKE, 1);
  waiting.join();
  return count == 1 && woken == 1;
}

}  // namespace

TEST_CASE("signals, locks and the end of a program by instruction are the host's") {
  if (!guarded()) return;
  test::Programs programs(1);
  programs.add("signals", [](int, char**) { return signals_by_instruction() ? 0 : 1; });
  programs.add("futex", [](int, char**) { return futex_by_instruction() ? 0 : 1; });
  programs.add("exit", [](int, char**) {
    by_instruction(SYS_exit_group, 9);
    return 0;
  });
  programs.add("threads", [](int, char**) {
    long of_thread = 0;
    std::thread([&] { of_thread = by_instruction(SYS_gettid); }).join();
    return by_instruction(SYS_gettid) == getpid() && of_thread > 100'000 ? 0 : 1;
  });
  programs.run();
  CHECK(programs.status("signals") == 0);
  CHECK(programs.status("futex") == 0);
  CHECK(programs.status("exit") == 9 << 8);
  CHECK(programs.status("threads") == 0);
}

namespace {

// A name, if something that needs libc's own system calls does not do what it should.
const char* trouble_in_libc() {
  // Memory from the system, back to it, and in place of other memory.
  std::vector<char> large(64 << 20, 'x');
  large.resize(128 << 20);
  if (large.back() != '\0') return "memory";
  void* grown = std::realloc(std::malloc(1 << 20), 32 << 20);
  void* aligned = std::aligned_alloc(1 << 16, 1 << 20);
  if (grown == nullptr || aligned == nullptr) return "realloc";
  std::free(grown);
  std::free(aligned);
  // Sorting of more than fits the stack.
  std::vector<int> numbers(1 << 20);
  std::iota(numbers.rbegin(), numbers.rend(), 0);
  qsort(numbers.data(), numbers.size(), sizeof(int),
        [](const void* x, const void* y) { return *static_cast<const int*>(x) - *static_cast<const int*>(y); });
  if (numbers[7] != 7) return "qsort";
  // Files of libc's own, which no machine has, or no host.
  if (std::setlocale(LC_ALL, "xx_XX.UTF-8") != nullptr) return "locale";
  if (iconv_open("SHIFT_JIS", "UTF-8") != reinterpret_cast<iconv_t>(-1)) return "iconv";
  if (const iconv_t wide = iconv_open("WCHAR_T", "UTF-8"); wide == reinterpret_cast<iconv_t>(-1)) {
    return "iconv of what is in libc";
  } else {
    iconv_close(wide);
  }
  const std::time_t now = std::time(nullptr);
  std::tm fields{};
  if (localtime_r(&now, &fields) == nullptr || fields.tm_gmtoff != 0) return "local time";
  if (dlopen("libm.so.6.of.nobody", RTLD_NOW) != nullptr) return "dlopen";
  // The unwinder.
  void* frames[16];
  if (backtrace(frames, 16) < 2) return "backtrace";
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception&) {
  }
  // Entropy, threads with their stacks.
  std::random_device entropy;
  if (entropy() == entropy() && entropy() == entropy()) return "random_device";
  std::vector<std::thread> threads;
  std::vector<void*> allocated(20);
  for (void*& each : allocated) threads.emplace_back([&each] { each = std::malloc(3 << 20); });
  for (std::thread& thread : threads) thread.join();
  for (void* each : allocated) std::free(each);
  return nullptr;
}

}  // namespace

TEST_CASE("what libc does for itself goes on with the guard on") {
  if (!guarded()) return;
  test::Programs programs(1);
  static const char* trouble = "it did not run";
  programs.add("libc", [](int, char**) {
    trouble = trouble_in_libc();
    return 0;
  });
  programs.run();
  CHECK(programs.status("libc") == 0);
  CHECK(std::string(trouble == nullptr ? "" : trouble) == "");
}

namespace {

sigjmp_buf way_out;

const char* trouble_with_jumps() {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR2);
  pthread_sigmask(SIG_SETMASK, &held, nullptr);
  signal(SIGUSR1, [](int) {
    ++handled;
    siglongjmp(way_out, 1);
  });
  handled = 0;
  while (handled < 2) {
    if (sigsetjmp(way_out, 1) == 0) {
      raise(SIGUSR1);
      return "no jump";
    }
    sigset_t now;
    pthread_sigmask(SIG_BLOCK, nullptr, &now);
    if (sigismember(&now, SIGUSR1) != 0) return "the handled signal is still blocked";
    if (sigismember(&now, SIGUSR2) != 1) return "what was blocked is not any more";
  }
  return nullptr;
}

}  // namespace

TEST_CASE("a jump out of a handler brings the host's mask back") {
  if (!guarded()) return;
  test::Programs programs(1);
  static const char* trouble = "it did not run";
  programs.add("jumps", [](int, char**) {
    trouble = trouble_with_jumps();
    return 0;
  });
  programs.run();
  CHECK(std::string(trouble == nullptr ? "" : trouble) == "");
}

TEST_CASE("a handler of a real signal returns to the host that it interrupted") {
  if (!guarded()) return;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_flags = SA_SIGINFO;
  action.sa_sigaction = [](int, siginfo_t*, void* context) {
    constexpr int kSizeOfUd2 = 2;
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += kSizeOfUd2;
  };
  REQUIRE(sigaction(SIGILL, &action, &before) == 0);
  Machines machines;
  CHECK(machines.a([] {
    long kept = 0;
    asm volatile("ud2" : "=r"(kept) : "0"(42L));
    return kept + by_instruction(SYS_getpid);
  }) == gives(1043));
  sigaction(SIGILL, &before, nullptr);
}

#endif
