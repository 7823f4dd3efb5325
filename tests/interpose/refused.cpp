// What the virtual kernel does not serve: a simulated host that calls it stops the run by name.
#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <pty.h>
#include <pwd.h>
#include <resolv.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <spawn.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <termios.h>
#include <threads.h>
#include <time.h>
#include <utime.h>

#include <thread>

#include "tests/base/ends.hpp"
#include "tests/kernel/machines.hpp"

using namespace stillpoint::test;

// The header makes another symbol of the name.
extern "C" int old_sigpause(int mask) __asm__("sigpause");
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace {

struct Refused {
  const char* name;
  void (*call)();
};

// What calls write to, should one of them come through.
char bytes[64];
int numbers[2];
unsigned char answer[64];
mtx_t c_mutex;
cnd_t c_condition;
timespec soon{};
timex adjustment;
char environment_entry[] = "STILLPOINT_TEST=1";
char* no_arguments[] = {nullptr};
siginfo_t signal_info;
constexpr const char* nowhere = "/nonexistent/file";

constexpr Refused kRefused[] = {
    // Files.
    {"ttyname_r", [] { static_cast<void>(ttyname_r(99, bytes, sizeof bytes)); }},
    {"mkfifo", [] { static_cast<void>(mkfifo(nowhere, 0600)); }},
    {"mknod", [] { static_cast<void>(mknod(nowhere, 0600, 0)); }},
    // Descriptors.
    {"splice", [] { static_cast<void>(splice(99, nullptr, 98, nullptr, 1, 0)); }},
    {"tee", [] { static_cast<void>(tee(99, 98, 1, 0)); }},
    {"inotify_init", [] { static_cast<void>(inotify_init()); }},
    {"inotify_init1", [] { static_cast<void>(inotify_init1(0)); }},
    {"inotify_add_watch", [] { static_cast<void>(inotify_add_watch(99, nowhere, 0)); }},
    {"inotify_rm_watch", [] { static_cast<void>(inotify_rm_watch(99, 1)); }},
    {"memfd_create", [] { static_cast<void>(memfd_create("x", 0)); }},
    // Signals.
    {"sigblock", [] { static_cast<void>(sigblock(0)); }},
    {"sigsetmask", [] { static_cast<void>(sigsetmask(0)); }},
    {"siggetmask", [] { static_cast<void>(siggetmask()); }},
    {"sigpause", [] { static_cast<void>(old_sigpause(0)); }},
    {"sigset", [] { static_cast<void>(sigset(SIGUSR1, SIG_DFL)); }},
    // Clocks.
    {"adjtime", [] { static_cast<void>(adjtime(nullptr, nullptr)); }},
    {"adjtimex", [] { static_cast<void>(adjtimex(&adjustment)); }},
    {"clock_adjtime", [] { static_cast<void>(clock_adjtime(99, &adjustment)); }},
    // Names and users.
    {"gethostent", [] { static_cast<void>(gethostent()); }},
    {"getservent", [] { static_cast<void>(getservent()); }},
    {"getprotoent", [] { static_cast<void>(getprotoent()); }},
    {"getnetbyname", [] { static_cast<void>(getnetbyname("loopback")); }},
    {"getnetbyaddr", [] { static_cast<void>(getnetbyaddr(127, AF_INET)); }},
    {"getaddrinfo_a", [] { static_cast<void>(getaddrinfo_a(GAI_WAIT, nullptr, 0, nullptr)); }},
    {"res_query", [] { static_cast<void>(res_query("x", 1, 1, answer, sizeof answer)); }},
    {"res_search", [] { static_cast<void>(res_search("x", 1, 1, answer, sizeof answer)); }},
    {"getpwnam", [] { static_cast<void>(getpwnam("root")); }},
    {"getpwuid", [] { static_cast<void>(getpwuid(0)); }},
    {"getpwnam_r",
     [] {
       passwd entry, *result;
       static_cast<void>(getpwnam_r("root", &entry, bytes, sizeof bytes, &result));
     }},
    {"getpwuid_r",
     [] {
       passwd entry, *result;
       static_cast<void>(getpwuid_r(0, &entry, bytes, sizeof bytes, &result));
     }},
    {"getgrnam", [] { static_cast<void>(getgrnam("root")); }},
    {"getgrgid", [] { static_cast<void>(getgrgid(0)); }},
    {"getgrnam_r",
     [] {
       group entry, *result;
       static_cast<void>(getgrnam_r("root", &entry, bytes, sizeof bytes, &result));
     }},
    {"getgrgid_r",
     [] {
       group entry, *result;
       static_cast<void>(getgrgid_r(0, &entry, bytes, sizeof bytes, &result));
     }},
    {"getpwent", [] { static_cast<void>(getpwent()); }},
    {"getgrent", [] { static_cast<void>(getgrent()); }},
    {"getgrouplist",
     [] {
       gid_t ids[1];
       int count = 1;
       static_cast<void>(getgrouplist("root", 0, ids, &count));
     }},
    {"getlogin", [] { static_cast<void>(getlogin()); }},
    {"setpgid", [] { static_cast<void>(setpgid(0, 0)); }},
    // Processes and threads.
    {"pthread_cancel", [] { static_cast<void>(pthread_cancel(pthread_self())); }},
    {"pthread_mutexattr_setrobust",
     [] {
       pthread_mutexattr_t attributes;
       pthread_mutexattr_init(&attributes);
       static_cast<void>(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
     }},
    {"sem_open", [] { static_cast<void>(sem_open("/nonexistent", 0)); }},
    {"thrd_create",
     [] {
       thrd_t thread;
       static_cast<void>(thrd_create(
           &thread, [](void*) { return 0; }, nullptr));
     }},
    {"mtx_lock", [] { static_cast<void>(mtx_lock(&c_mutex)); }},
    {"mtx_timedlock", [] { static_cast<void>(mtx_timedlock(&c_mutex, &soon)); }},
    {"cnd_wait", [] { static_cast<void>(cnd_wait(&c_condition, &c_mutex)); }},
    {"cnd_timedwait", [] { static_cast<void>(cnd_timedwait(&c_condition, &c_mutex, &soon)); }},
    {"thrd_sleep", [] { static_cast<void>(thrd_sleep(&soon, nullptr)); }},
    {"fork",
     [] {
       if (fork() == 0) _exit(0);
     }},
    {"execve",
     [] {
       char* none[] = {nullptr};
       static_cast<void>(execve("/nonexistent/program", none, none));
     }},
    {"posix_spawn",
     [] {
       char* none[] = {nullptr};
       pid_t pid;
       static_cast<void>(posix_spawn(&pid, "/nonexistent/program", nullptr, nullptr, none, none));
     }},
    {"daemon", [] { static_cast<void>(daemon(0, 0)); }},
    {"forkpty", [] { static_cast<void>(forkpty(numbers, nullptr, nullptr, nullptr)); }},
    {"posix_spawnp",
     [] {
       pid_t pid;
       static_cast<void>(posix_spawnp(&pid, nowhere, nullptr, nullptr, no_arguments, no_arguments));
     }},
    {"wait3", [] { static_cast<void>(wait3(numbers, WNOHANG, nullptr)); }},
    {"on_exit", [] { static_cast<void>(on_exit([](int, void*) {}, nullptr)); }},
    {"system", [] { static_cast<void>(system("true")); }},
    {"popen", [] { static_cast<void>(popen("true", "r")); }},
    {"execv", [] { static_cast<void>(execv(nowhere, no_arguments)); }},
    {"execvp", [] { static_cast<void>(execvp(nowhere, no_arguments)); }},
    {"wait", [] { static_cast<void>(wait(numbers)); }},
    {"waitpid", [] { static_cast<void>(waitpid(-1, numbers, WNOHANG)); }},
    {"wait4", [] { static_cast<void>(wait4(-1, numbers, WNOHANG, nullptr)); }},
    {"waitid", [] { static_cast<void>(waitid(P_ALL, 0, &signal_info, WEXITED | WNOHANG)); }},
    {"getpriority", [] { static_cast<void>(getpriority(PRIO_PROCESS, 0)); }},
    {"setpriority", [] { static_cast<void>(setpriority(PRIO_PROCESS, 0, 0)); }},
    {"unshare", [] { static_cast<void>(unshare(0)); }},
    {"personality", [] { static_cast<void>(personality(0xffffffff)); }},
    {"prctl", [] { static_cast<void>(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0)); }},
    {"setenv", [] { static_cast<void>(setenv("STILLPOINT_TEST", "1", 1)); }},
    {"unsetenv", [] { static_cast<void>(unsetenv("STILLPOINT_TEST")); }},
    {"putenv", [] { static_cast<void>(putenv(environment_entry)); }},
    {"clearenv", [] { static_cast<void>(clearenv()); }},
};

// As refusal(), of a call that has no result to look at.
std::string refusal(const Machine& machine, void (*call)()) {
  return machine.refusal([call] {
    call();
    return 0;
  });
}

}  // namespace

TEST_CASE("a call that is not served stops the run by its name") {
  Machines machines;
  for (const Refused& refused : kRefused) {
    INFO(refused.name);
    CHECK(refusal(machines.a, refused.call) == refused.name);
  }
}

TEST_CASE("what C++ makes of such a call stops the run too") {
  Machines machines;
  CHECK(refusal(machines.a, [] { std::this_thread::sleep_for(1ms); }) != "");
  // In a child, for what a thread's constructor has allocated by then is lost.
  const Ending ending = ending_of([&] {
    const std::string said = refusal(machines.a, [] { std::thread([] {}).join(); });
    static_cast<void>(write(STDERR_FILENO, said.data(), said.size()));
  });
  CHECK_THAT(ending.errors, Catch::StartsWith("pthread_create"));
}

TEST_CASE("of a call that is served, what is not served stops the run, with what it was") {
  Machines machines;
  const Machine& a = machines.a;
  const int fd = a.socket();
  CHECK(a.refusal([] { return socket(AF_NETLINK, SOCK_RAW, 0); }) == "socket (AF_NETLINK is not served)");
  CHECK(a.refusal([fd] { return fcntl(fd, F_SETOWN, 1); }) == "fcntl (command 0x8)");
  CHECK(a.refusal([fd] { return ioctl(fd, FIOASYNC, numbers); }) == "ioctl (request 0x5452)");

  CHECK(a([] {
          void* memory = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          return munmap(memory, 4096);
        }) == gives(0));

  CHECK(a.refusal([] { return open("/tmp", O_RDONLY | O_ASYNC); }) == "open (O_ASYNC)");

  const auto pair = machines.connected();
  const int of_a = pair.of_a;
  CHECK(a.refusal([of_a] { return send(of_a, bytes, 1, MSG_OOB); }) == "send (flags 0x1)");
  CHECK(a.refusal([of_a] { return recv(of_a, bytes, 1, MSG_OOB); }) == "recv (flags 0x1)");
  static msghdr message;
  message.msg_control = bytes;
  message.msg_controllen = sizeof bytes;
  CHECK(a.refusal([of_a] { return sendmsg(of_a, &message, MSG_NOSIGNAL); }) ==
        "sendmsg (flags 0x4000, with control data)");
}

extern "C" ssize_t checked_read(int fd, void* data, size_t size, size_t room) __asm__("__read_chk");
extern "C" ssize_t checked_recv(int fd, void* data, size_t size, size_t room, int flags) __asm__("__recv_chk");
extern "C" int checked_poll(pollfd* entries, nfds_t count, int timeout, size_t room) __asm__("__poll_chk");

TEST_CASE("fortified calls are served by their other names, and an overflow stops the run") {
  Machines machines;
  const auto pair = machines.connected();
  const int of_b = pair.of_b;
  machines.a.send(pair.of_a, "hello");
  machines.settle();
  static pollfd entry;
  entry = {of_b, POLLIN, 0};
  CHECK(machines.b([] { return checked_poll(&entry, 1, 0, sizeof entry); }) == gives(1));
  CHECK(machines.b([of_b] { return checked_read(of_b, bytes, 2, sizeof bytes); }) == gives(2));
  CHECK(machines.b([of_b] { return checked_recv(of_b, bytes, 9, sizeof bytes, 0); }) == gives(3));
  CHECK(machines.b.refusal([of_b] { return checked_read(of_b, bytes, 65, 64); }) ==
        "__read_chk (buffer overflow detected)");
  CHECK(machines.b.refusal([of_b] { return checked_recv(of_b, bytes, 65, 64, 0); }) ==
        "__recv_chk (buffer overflow detected)");
  CHECK(machines.b.refusal([] { return checked_poll(&entry, 2, 0, sizeof entry); }) ==
        "__poll_chk (buffer overflow detected)");
}

TEST_CASE("in observer mode every call stops the run, also one that is served otherwise") {
  Machines machines;
  const int fd = machines.a.socket();
  machines.a.host.observe(true);
  static timespec now;
  CHECK(machines.a.refusal([] { return clock_gettime(CLOCK_MONOTONIC, &now); }) == "clock_gettime (in observer mode)");
  CHECK(machines.a.refusal([] { return getpid(); }) == "getpid (in observer mode)");
  CHECK(machines.a.refusal([] { return socket(AF_INET, SOCK_STREAM, 0); }) == "socket (in observer mode)");
  CHECK(machines.a.refusal([fd] { return send(fd, bytes, 1, 0); }) == "send (in observer mode)");
  CHECK(machines.a.refusal([fd] { return close(fd); }) == "close (in observer mode)");
  CHECK(machines.a.refusal([] { return fork(); }) == "fork (in observer mode)");
  CHECK(machines.b([] { return getpid(); }) == gives(1002));
  machines.a.host.observe(false);
  CHECK(machines.a([fd] { return close(fd); }) == gives(0));
}

TEST_CASE("the harness itself is always in observer mode") {
  Machines machines;
  const Machine harness(machines.kernel.harness);
  static timespec now;
  CHECK(harness.refusal([] { return clock_gettime(CLOCK_REALTIME, &now); }) == "clock_gettime (in observer mode)");
}
