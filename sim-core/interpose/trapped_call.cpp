#include "sim-core/interpose/trapped_call.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string_view>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/interpose/call.hpp"
#include "sim-core/interpose/call_site.hpp"
#include "sim-core/interpose/memory_limit.hpp"
#include "sim-core/interpose/system_call_name.hpp"
#include "sim-core/interpose/trapped_files.hpp"

#if defined(__x86_64__)

namespace stillpoint::interpose {
namespace {

using kernel::Host;

// ---- whoever asks ----

// sched_getaffinity(2), "C library/kernel differences": Linux returns the size of its own set, in whole words.
long get_affinity(pid_t thread, std::size_t size, cpu_set_t* set) {
  if (sched_getaffinity(thread, size, set) != 0) return -errno;
  constexpr std::size_t kWord = sizeof(unsigned long);
  const auto words = (static_cast<std::size_t>(get_nprocs()) + 8 * kWord - 1) / (8 * kWord);
  return static_cast<long>(words * kWord);
}

// Nothing: not served.
std::optional<long> serve_anybody(const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_ioctl:
      return or_error(ioctl(as<int>(a[0]), as<unsigned long>(a[1]), a[2]));
    case SYS_clock_gettime:
      return or_error(clock_gettime(as<clockid_t>(a[0]), as<timespec*>(a[1])));
    case SYS_clock_getres:
      return or_error(clock_getres(as<clockid_t>(a[0]), as<timespec*>(a[1])));
    case SYS_gettimeofday:
      return or_error(gettimeofday(as<timeval*>(a[0]), nullptr));
    case SYS_time:
      return or_error(time(as<time_t*>(a[0])));
    case SYS_getcpu:
      return or_error(getcpu(as<unsigned*>(a[0]), as<unsigned*>(a[1])));
    case SYS_getrandom:
      return or_error(getrandom(as<void*>(a[0]), as<size_t>(a[1]), as<unsigned>(a[2])));
    // What qsort, sysconf and their like ask of the machine.
    case SYS_sysinfo:
      return or_error(sysinfo(as<struct sysinfo*>(a[0])));
    case SYS_uname:
      return or_error(uname(as<utsname*>(a[0])));
    case SYS_prlimit64:
      return or_error(
          prlimit64(as<pid_t>(a[0]), as<__rlimit_resource>(a[1]), as<const rlimit64*>(a[2]), as<rlimit64*>(a[3])));
    default:
      return std::nullopt;
  }
}

// ---- libc itself, and the dynamic linker ----

std::optional<long> serve_libc(const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    // The sockets of syslog(3), and of the resolver's old functions: on a host, /dev/log is where the program has put
    // it.
    case SYS_socket:
      return or_error(socket(as<int>(a[0]), as<int>(a[1]), as<int>(a[2])));
    case SYS_connect:
      return or_error(connect(as<int>(a[0]), as<const sockaddr*>(a[1]), as<socklen_t>(a[2])));
    case SYS_setsockopt:
      return or_error(
          setsockopt(as<int>(a[0]), as<int>(a[1]), as<int>(a[2]), as<const void*>(a[3]), as<socklen_t>(a[4])));
    case SYS_sendto:
      return or_error(sendto(as<int>(a[0]), as<const void*>(a[1]), as<size_t>(a[2]), as<int>(a[3]),
                             as<const sockaddr*>(a[4]), as<socklen_t>(a[5])));
    case SYS_sendmmsg:
      return or_error(sendmmsg(as<int>(a[0]), as<mmsghdr*>(a[1]), as<unsigned>(a[2]), as<int>(a[3])));
    case SYS_recvfrom:
      return or_error(recvfrom(as<int>(a[0]), as<void*>(a[1]), as<size_t>(a[2]), as<int>(a[3]), as<sockaddr*>(a[4]),
                               as<socklen_t*>(a[5])));
    case SYS_poll:
      return or_error(poll(as<pollfd*>(a[0]), as<nfds_t>(a[1]), as<int>(a[2])));
    // pthread_getattr_np asks for a thread by its real number, which is none of the host's. All have the same.
    case SYS_sched_getaffinity:
      return get_affinity(0, as<size_t>(a[1]), as<cpu_set_t*>(a[2]));
    default:
      return std::nullopt;
  }
}

// Memory, and what libc needs for itself (raise, its locks, its threads): they belong to the real process.
bool libc_may(const TrappedCall& trapped) {
  switch (trapped.number) {
    case SYS_mmap:
      return (trapped.arguments[3] & MAP_ANONYMOUS) != 0;
    case SYS_munmap:
    case SYS_mremap:
    case SYS_brk:
    case SYS_mprotect:
    case SYS_madvise:
    case SYS_futex:
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

// ---- a program, by instruction ----

// The kernel's set of signals has 8 bytes (rt_sigprocmask(2), "C library/kernel differences"); libc's has 128.
long change_mask(long how, const void* set, void* old, long size) {
  constexpr std::size_t kSize = 8;
  if (size != kSize) return -EINVAL;
  sigset_t given{};
  sigset_t before{};
  if (set != nullptr) {
    if (!is_readable_bytes(set, kSize)) return -EFAULT;
    std::memcpy(&given, set, kSize);
  }
  if (sigprocmask(as<int>(how), set == nullptr ? nullptr : &given, &before) != 0) return -errno;
  if (old == nullptr) return 0;
  if (!is_writable_bytes(old, kSize)) return -EFAULT;
  std::memcpy(old, &before, kSize);
  return 0;
}

// What libc may do for itself is the host's own when a program asks for it, by the same function as its symbol.
std::optional<long> serve_program(Host& host, const TrappedCall& trapped) {
  const auto& a = trapped.arguments;
  switch (trapped.number) {
    case SYS_getpid:
      return getpid();
    case SYS_gettid:
      return gettid();
    case SYS_tgkill:
      return or_error(tgkill(as<pid_t>(a[0]), as<pid_t>(a[1]), as<int>(a[2])));
    case SYS_sched_getaffinity:
      return get_affinity(as<pid_t>(a[0]), as<size_t>(a[1]), as<cpu_set_t*>(a[2]));
    case SYS_rt_sigprocmask:
      return change_mask(a[0], as<const void*>(a[1]), as<void*>(a[2]), a[3]);
    case SYS_futex:
      return or_error(syscall(SYS_futex, a[0], a[1], a[2], a[3], a[4], a[5]));
    case SYS_mmap:
      return or_error(mmap(as<void*>(a[0]), as<size_t>(a[1]), as<int>(a[2]), as<int>(a[3]), as<int>(a[4]), a[5]));
    case SYS_munmap:
      return or_error(munmap(as<void*>(a[0]), as<size_t>(a[1])));
    case SYS_mremap:
      return or_error(mremap(as<void*>(a[0]), as<size_t>(a[1]), as<size_t>(a[2]), as<int>(a[3]), as<void*>(a[4])));
    case SYS_msync:
      return or_error(msync(as<void*>(a[0]), as<size_t>(a[1]), as<int>(a[2])));
    case SYS_exit_group:
      // A driven host has no process of its own that could end.
      if (host.running_task() == nullptr || host.process().polls()) return std::nullopt;
      _exit(as<int>(a[0]));
    default:
      return std::nullopt;
  }
}

// Memory of the process, which libc's functions of these names change as well. Not brk: its end is malloc's, and one
// for all hosts.
bool program_may(const TrappedCall& trapped) {
  switch (trapped.number) {
    case SYS_mprotect:
    case SYS_madvise:
      return true;
    default:
      return false;
  }
}

// What makes another process, or makes this one another program: the simulation's process can be neither, guard or no
// guard. Threads are libc's business.
bool makes_process(const TrappedCall& trapped) {
  switch (trapped.number) {
    case SYS_fork:
    case SYS_vfork:
    case SYS_execve:
    case SYS_execveat:
      return true;
    case SYS_clone:
      return (trapped.arguments[0] & CLONE_THREAD) == 0;
    case SYS_clone3: {
      const auto* flags = as<const std::uint64_t*>(trapped.arguments[0]);  // the first member of clone_args
      return is_readable(flags) && (*flags & CLONE_THREAD) == 0;
    }
    default:
      return false;
  }
}

std::optional<long> serve(Host& host, const TrappedCall& trapped, Origin origin) {
  if (const auto result = serve_files(trapped)) return result;
  if (const auto result = serve_anybody(trapped)) return result;
  return origin == Origin::program ? serve_program(host, trapped) : serve_libc(trapped);
}

}  // namespace

long answer(Host& host, const TrappedCall& trapped, Guard guard) {
  const Origin origin = origin_of(trapped.site);
  // What a sanitizer says is not for the host's log.
  if (origin == Origin::sanitizer) return make_call(trapped);
  if (origin == Origin::loader && kernel::loader_passes) return make_call(trapped);
  // Passed on as it is, it would be another call.
  if (trapped.of_32_bits) unsupported(host, {"int $0x80", trapped.site}, "system calls of 32 bits are not served");
  if (!host.observed()) {
    if (const auto result = serve(host, trapped, origin)) return *result;
  } else if (trapped.number == SYS_clock_gettime && sanitizer_is_loaded()) {
    return make_call(trapped);  // its allocator asks by way of libc, when it gives memory back
  }
  const bool may_pass = origin == Origin::program ? program_may(trapped) : libc_may(trapped);
  if ((guard == Guard::on && !may_pass) || makes_process(trapped))
    unsupported(host, {name_of_system_call(trapped.number), trapped.site}, "it bypasses the virtual kernel");
  if (origin == Origin::libc && host.memory_is_limited() && !host.observed()) return make_limited_call(host, trapped);
  return make_call(trapped);
}

}  // namespace stillpoint::interpose

#endif
