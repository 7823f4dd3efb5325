// Who a process is and what its machine has. The values differ from machine to machine; what must hold among them, and
// what calls make of wrong arguments, does not.
#include <arpa/inet.h>
#include <grp.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

constexpr pid_t kNobody = 4'000'000;  // beyond any pid (proc(5), pid_max)

void names_of_the_machine(World& w) {
  utsname names;
  w.note("uname", result(uname(&names)));
  w.note("system", names.sysname);
  char name[HOST_NAME_MAX + 1];
  w.note("gethostname", result(gethostname(name, sizeof name)));
  w.note("they agree", std::strcmp(name, names.nodename) == 0);
  w.note("no room", result(gethostname(name, std::strlen(names.nodename))));
  w.note("just enough", result(gethostname(name, std::strlen(names.nodename) + 1)));
  w.note("domain", result(getdomainname(name, sizeof name)));
  w.note("its name", std::strcmp(name, names.domainname) == 0);
  w.note("a release has numbers", names.release[0] >= '1' && names.release[0] <= '9');
}

void users(World& w) {
  w.note("user", getuid() == geteuid());
  w.note("group", getgid() == getegid());
  uid_t real = 0, effective = 0, saved = 0;
  w.note("all three", result(getresuid(&real, &effective, &saved)));
  w.note("alike", real == getuid() && effective == getuid() && saved == getuid());
  gid_t groups[NGROUPS_MAX > 100 ? 100 : NGROUPS_MAX];
  const int count = getgroups(0, groups);
  w.note("groups", count >= 0);
  w.note("as many", getgroups(100, groups) == count);
  volatile int less = -1;  // the compiler would warn
  w.note("less than none", result(getgroups(less, groups)));
  w.note("to oneself", result(setuid(getuid())) + result(setgid(getgid())) + result(seteuid(getuid())));
  w.note("all of them",
         result(setreuid(getuid(), static_cast<uid_t>(-1))) + result(setregid(static_cast<gid_t>(-1), getgid())) +
             result(setresuid(getuid(), getuid(), getuid())) + result(setresgid(getgid(), getgid(), getgid())));
}

void processes(World& w) {
  w.note("pid", getpid() > 1);
  w.note("the parent is another", getppid() != getpid());
  w.note("group", getpgid(0) == getpgrp() && getpgid(getpid()) == getpgrp());
  w.note("session", getsid(0) == getsid(getpid()));
  w.note("group of nobody", result(getpgid(kNobody)));
  w.note("session of nobody", result(getsid(kNobody)));
}

void limit_of_descriptors(World& w) {
  rlimit before{};
  w.note("get", result(getrlimit(RLIMIT_NOFILE, &before)));
  w.note("soft and hard", before.rlim_cur <= before.rlim_max);
  const int listener = w.listener();
  const int lowest = w.eventfd();
  rlimit low = before;
  low.rlim_cur = static_cast<rlim_t>(lowest) + 3;
  w.note("lower", result(setrlimit(RLIMIT_NOFILE, &low)));
  w.note("sysconf says so", sysconf(_SC_OPEN_MAX) == lowest + 3);
  // How many fit depends on what else the process has open just there.
  int fd = 0;
  for (int i = 0; i < 3 && fd >= 0; ++i) fd = w.keep(eventfd(0, 0));
  w.note("one too many", fd >= 0 ? "fd" : result(fd));
  const int duplicate = w.keep(dup(lowest));
  w.note("duplicate", duplicate >= 0 ? "fd" : result(duplicate));
  w.note("socket", result(::socket(AF_INET, SOCK_STREAM, 0)));
  // accept(2) wants a number before it looks for a connection, and for a socket.
  w.note("accept from nobody", result(::accept(listener, nullptr, nullptr)));
  w.note("accept of no socket", result(::accept(lowest, nullptr, nullptr)));
  w.note("accept with a wrong flag", result(::accept4(listener, nullptr, nullptr, 1)));
  w.note("accept of nothing", result(::accept4(-1, nullptr, nullptr, 1)));
  w.note("raise", result(setrlimit(RLIMIT_NOFILE, &before)));
  const int after = w.keep(eventfd(0, 0));
  w.note("and now", after >= 0 ? "fd" : result(after));
}

void limits(World& w) {
  rlimit limit{};
  w.note("of nothing", result(getrlimit(static_cast<__rlimit_resource_t>(99), &limit)));
  rlimit before{};
  getrlimit(RLIMIT_CORE, &before);
  limit = {before.rlim_max, 0};
  if (before.rlim_max > 0) w.note("soft above hard", result(setrlimit(RLIMIT_CORE, &limit)));
  limit = {0, before.rlim_max};
  rlimit old{};
  w.note("set and get", result(prlimit(0, RLIMIT_CORE, &limit, &old)));
  w.note("the old one", old.rlim_cur == before.rlim_cur && old.rlim_max == before.rlim_max);
  w.note("set nothing", result(prlimit(getpid(), RLIMIT_CORE, nullptr, &old)));
  w.note("the new one", old.rlim_cur == 0);
  w.note("put back", result(setrlimit(RLIMIT_CORE, &before)));
  w.note("of nobody", result(prlimit(kNobody, RLIMIT_CORE, nullptr, &old)));
}

void processors(World& w) {
  w.note("online", sysconf(_SC_NPROCESSORS_ONLN) == get_nprocs());
  w.note("configured", sysconf(_SC_NPROCESSORS_CONF) >= get_nprocs());
  w.note("the library's count", std::thread::hardware_concurrency() > 0);
  unsigned processor = 99'999, node = 99'999;
  w.note("getcpu", result(getcpu(&processor, &node)));
  w.note("it is one of them", static_cast<long>(processor) < sysconf(_SC_NPROCESSORS_CONF));
  w.note("nowhere to put it", result(getcpu(nullptr, nullptr)));
}

void affinity(World& w) {
  cpu_set_t set;
  w.note("get", result(sched_getaffinity(0, sizeof set, &set)));
  const int count = CPU_COUNT(&set);
  w.note("some", count > 0 && count <= sysconf(_SC_NPROCESSORS_CONF));
  w.note("no room", result(sched_getaffinity(0, 0, &set)));
  w.note("no whole word", result(sched_getaffinity(0, 7, &set)));
  w.note("of nobody", result(sched_getaffinity(kNobody, sizeof set, &set)));
  w.note("set it", result(sched_setaffinity(0, sizeof set, &set)));
  cpu_set_t none;
  CPU_ZERO(&none);
  w.note("set none", result(sched_setaffinity(0, sizeof none, &none)));
  cpu_set_t of_thread;
  w.note("of the thread", std::to_string(pthread_getaffinity_np(pthread_self(), sizeof of_thread, &of_thread)));
  w.note("as many", CPU_COUNT(&of_thread) == count);
}

void values_of_the_system(World& w) {
  w.note("page size", sysconf(_SC_PAGESIZE) == getpagesize());
  w.note("clock ticks", std::to_string(sysconf(_SC_CLK_TCK)));
  w.note("vectors", std::to_string(sysconf(_SC_IOV_MAX)));
  w.note("host name", std::to_string(sysconf(_SC_HOST_NAME_MAX)));
  w.note("monotonic clock", sysconf(_SC_MONOTONIC_CLOCK) > 0);
  w.note("memory", sysconf(_SC_PHYS_PAGES) > 0 && sysconf(_SC_PHYS_PAGES) >= sysconf(_SC_AVPHYS_PAGES));
  w.note("as told elsewhere", sysconf(_SC_PHYS_PAGES) == get_phys_pages());
  w.note("nothing", result(sysconf(99'999)));
}

void memory_and_load(World& w) {
  struct sysinfo info {};
  w.note("sysinfo", result(sysinfo(&info)));
  w.note("uptime", info.uptime > 0);
  w.note("memory", info.totalram >= info.freeram && info.totalram > 0 && info.mem_unit > 0);
  w.note("processes", info.procs > 0);
  double load[5] = {-1, -1, -1, -1, -1};
  w.note("load", std::to_string(getloadavg(load, 2)));
  w.note("of two", load[0] >= 0 && load[1] >= 0 && load[2] < 0);
}

void usage(World& w) {
  rusage used{};
  w.note("self", result(getrusage(RUSAGE_SELF, &used)));
  w.note("thread", result(getrusage(RUSAGE_THREAD, &used)));
  w.note("children", result(getrusage(RUSAGE_CHILDREN, &used)));
  w.note("nobody", result(getrusage(static_cast<__rusage_who_t>(77), &used)));
  tms ticks{};
  const clock_t before = times(&ticks);
  w.pass(30ms);
  const clock_t after = times(&ticks);
  w.note("ticks pass", after - before >= 2);
}

void interfaces_by_name(World& w) {
  const unsigned loopback = if_nametoindex("lo");
  w.note("lo", std::to_string(loopback));
  char name[IF_NAMESIZE] = {};
  w.note("and back", if_indextoname(loopback, name) == name ? name : "none");
  errno = 0;
  w.note("no such name", std::to_string(if_nametoindex("nosuch0")) + ' ' + result(-1));
  w.note("no such number", if_indextoname(99'999, name) == nullptr ? result(-1) : "there is one");
  struct if_nameindex* all = if_nameindex();
  w.note("the first", std::to_string(all[0].if_index) + all[0].if_name);
  if_freenameindex(all);
}

std::string address_of(const sockaddr* address) {
  if (address == nullptr) return "none";
  if (address->sa_family != AF_INET && address->sa_family != AF_INET6) return "link";
  char text[INET6_ADDRSTRLEN];
  const bool v4 = address->sa_family == AF_INET;
  const void* bytes = v4 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                         : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return inet_ntop(address->sa_family, bytes, text, sizeof text);
}

void interfaces_and_addresses(World& w) {
  ifaddrs* all = nullptr;
  w.note("getifaddrs", result(getifaddrs(&all)));
  std::set<std::string> names;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    names.insert(each->ifa_name);
    if (std::strcmp(each->ifa_name, "lo") != 0) continue;
    w.note("address", address_of(each->ifa_addr));
    w.note("netmask", address_of(each->ifa_netmask));
    w.note("up", (each->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING));
    w.note("loopback", (each->ifa_flags & IFF_LOOPBACK) != 0);
    w.note("broadcast", (each->ifa_flags & IFF_BROADCAST) != 0);
    w.note("statistics", each->ifa_data != nullptr);
  }
  freeifaddrs(all);
  w.note("lo is among them", names.contains("lo"));
}

// What a server does to learn where it can be reached.
void an_address_to_bind(World& w) {
  ifaddrs* all = nullptr;
  getifaddrs(&all);
  bool bound = false;
  for (const ifaddrs* each = all; each != nullptr; each = each->ifa_next) {
    if (each->ifa_addr == nullptr || each->ifa_addr->sa_family != AF_INET || (each->ifa_flags & IFF_UP) == 0) continue;
    const int fd = w.socket();
    if (::bind(fd, each->ifa_addr, sizeof(sockaddr_in)) != 0) w.note("bind", result(-1));
    bound = true;
  }
  freeifaddrs(all);
  w.note("bound", bound);
}

constexpr Case kCases[] = {{"names of the machine", names_of_the_machine},
                           {"users", users},
                           {"processes", processes},
                           {"the limit of descriptors", limit_of_descriptors},
                           {"limits", limits},
                           {"processors", processors},
                           {"affinity", affinity},
                           {"values of the system", values_of_the_system},
                           {"memory and load", memory_and_load},
                           {"usage", usage},
                           {"interfaces by name", interfaces_by_name},
                           {"interfaces and addresses", interfaces_and_addresses},
                           {"an address to bind", an_address_to_bind}};

const Suite kSuite("identity", kCases);

}  // namespace

}  // namespace stillpoint::test
