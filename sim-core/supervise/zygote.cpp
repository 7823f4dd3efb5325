#include "sim-core/supervise/zygote.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <malloc.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <stillpoint/error.hpp>

#include "sim-core/supervise/child.hpp"

namespace stillpoint::supervise {
namespace {

constexpr char kName[] = "stillpoint-zygote";
constexpr int kControlFd = 1023;
constexpr int kMemoryFd = 1022;
constexpr char kStart = 's';

// A run has the heaps of all its hosts in one, and frees what it allocates at once: it is faster without the
// allocator's usual bound on what it keeps at hand. Not with huge pages (glibc.malloc.hugetlb): a virtual machine may
// give them back to its host when they are free for a second or two, and getting them again takes longer, 2 ms for a
// MiB, than a run gains. And not with huge pages for some runs only: the heap grows in other steps then, so what is
// allocated after a consolidation is at another address, and a service that depends on addresses does not replay.
constexpr char kTunables[] = "GLIBC_TUNABLES=glibc.malloc.tcache_count=2000";

// The whole environment of a simulation.
const char* const kEnvironment[] = {"LC_ALL=C",
                                    "TZ=UTC",
                                    "HOME=/",
                                    "PATH=/usr/bin:/bin",
                                    kTunables,
                                    "ASAN_OPTIONS=detect_leaks=0:exitcode=99:handle_abort=0",
                                    "UBSAN_OPTIONS=print_stacktrace=1:exitcode=99",
                                    nullptr};

// A heap that grows and shrinks with every burst of work spends more time in the real kernel than the simulation does:
// it grows in large steps, and never shrinks.
void keep_the_heap() {
  mallopt(M_TOP_PAD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the largest that is allowed
}

[[noreturn]] void serve() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  SharedRun shared = SharedRun::map(kMemoryFd);
  char command = 0;
  while (read(kControlFd, &command, 1) == 1 && command == kStart) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      close(kControlFd);
      close(kMemoryFd);
      keep_the_heap();
      run_simulation(shared);
    }
    if (write(kControlFd, &child, sizeof child) != sizeof child || child < 0) break;
    ChildEnd end{};
    while (wait4(child, &end.status, 0, &end.usage) < 0 && errno == EINTR) {
    }
    if (write(kControlFd, &end, sizeof end) != sizeof end) break;
  }
  _exit(0);
}

void fix_limit(decltype(RLIMIT_STACK) resource, rlim_t value) {
  rlimit limit{};
  getrlimit(resource, &limit);
  limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > value ? value : limit.rlim_max;
  setrlimit(resource, &limit);
}

// Between fork and exec in the supervisor's child: everything that a process inherits gets a fixed value.
[[noreturn]] void become_zygote(int control, int memory, int output) {
  setpgid(0, 0);  // the terminal's Ctrl-C is the supervisor's business
  umask(022);
  if (chdir("/") != 0) _exit(127);
  fix_limit(RLIMIT_STACK, 8 * 1024 * 1024);  // the stack's limit decides where mappings begin
  fix_limit(RLIMIT_NOFILE, 1024);
  fix_limit(RLIMIT_CORE, 0);
  personality(ADDR_NO_RANDOMIZE);

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < NSIG; ++number) signal(number, SIG_DFL);

  const int null = open("/dev/null", O_RDONLY);
  // Numbers that the fixed ones below would overwrite are moved out of the way first.
  const int memory_copy = fcntl(memory, F_DUPFD, 100);
  const int output_copy = fcntl(output, F_DUPFD, 100);
  const int control_copy = fcntl(control, F_DUPFD, 100);
  if (null < 0 || memory_copy < 0 || output_copy < 0 || control_copy < 0) _exit(127);
  if (dup2(null, 0) < 0 || dup2(output_copy, 1) < 0 || dup2(output_copy, 2) < 0) _exit(127);
  if (dup2(memory_copy, kMemoryFd) < 0 || dup2(control_copy, kControlFd) < 0) _exit(127);
  close_range(3, kMemoryFd - 1, 0);
  close_range(kControlFd + 1, ~0u, 0);

  char name[sizeof kName];
  std::memcpy(name, kName, sizeof kName);
  char* const arguments[] = {name, nullptr};
  execve("/proc/self/exe", arguments, const_cast<char* const*>(kEnvironment));
  _exit(127);
}

[[noreturn]] void fail(const char* what) {
  throw Error(fmt::format("cannot start simulations: {}: {}", what, std::strerror(errno)));
}

// Reads a whole object; false at the end of the stream.
bool read_all(int fd, void* data, std::size_t size) {
  auto* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t count = read(fd, bytes, size);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes += count;
    size -= static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

void serve_if_zygote(int argc, char** argv) {
  if (argc == 1 && std::strcmp(argv[0], kName) == 0) serve();
}

Zygote::Zygote() : shared_(SharedRun::create()) {
  rlimit descriptors{};
  getrlimit(RLIMIT_NOFILE, &descriptors);
  if (descriptors.rlim_max <= kControlFd) {
    throw Error(
        fmt::format("cannot start simulations: a process may have {} descriptors here; {} are needed (ulimit -Hn)",
                    descriptors.rlim_max, kControlFd + 1));
  }
  int control[2];
  int output[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0) fail("socketpair");
  if (pipe2(output, O_CLOEXEC) != 0) fail("pipe2");
  // Asked here and set again in the child: only the question, not the answer, may change this process.
  const int persona = personality(0xFFFFFFFF);
  fixed_addresses_ = personality(static_cast<unsigned long>(persona) | ADDR_NO_RANDOMIZE) != -1;
  personality(static_cast<unsigned long>(persona));

  pid_ = fork();
  if (pid_ < 0) fail("fork");
  if (pid_ == 0) become_zygote(control[1], shared_.fd(), output[1]);
  close(control[1]);
  close(output[1]);
  control_ = control[0];
  output_ = output[0];
  fcntl(output_, F_SETFL, O_NONBLOCK);
}

Zygote::~Zygote() {
  end_simulation(SIGKILL);
  close(control_);  // the zygote reads the end of the stream, and ends
  close(output_);
  kill(pid_, SIGKILL);
  while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Zygote::start() {
  if (send(control_, &kStart, 1, MSG_NOSIGNAL) != 1) fail("the zygote is gone");
  if (!read_all(control_, &simulation_, sizeof simulation_)) fail("the zygote is gone");
  if (simulation_ < 0) fail("fork");
}

ChildEnd Zygote::wait() {
  ChildEnd end{};
  if (!read_all(control_, &end, sizeof end))
    throw Error("the process that starts simulations has died; was it killed?");
  simulation_ = -1;
  return end;
}

void Zygote::end_simulation(int signal) {
  if (simulation_ > 0) kill(simulation_, signal);
}

}  // namespace stillpoint::supervise
