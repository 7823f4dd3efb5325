// Who and where a process is, and what its machine has: the same on every machine that runs the simulation.
//
// A host is a Linux 6.1 machine with as many processors as its options say, 4 GiB of memory and the network interfaces
// lo and eth0. Its process belongs to an ordinary user, was started by process 1, and leads its own session.
#include <errno.h>
#include <grp.h>
#include <ifaddrs.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <initializer_list>
#include <new>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/names.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/identity.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::is_readable;
using stillpoint::is_readable_bytes;
using stillpoint::is_writable;
using stillpoint::is_writable_bytes;
using stillpoint::Result;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::give;
using stillpoint::interpose::unsupported;
using stillpoint::kernel::Host;
using stillpoint::kernel::kGroupId;
using stillpoint::kernel::kUserId;

constexpr pid_t kInit = 1;
constexpr std::uint64_t kMemory = std::uint64_t{4} << 30;
constexpr std::uint64_t kFreeMemory = kMemory / 2;

// A pid argument that means the process itself, or one of its threads where those are meant too.
bool is_self(const Host& host, pid_t pid) { return pid == 0 || pid == host.pid(); }

// ---- names of the machine ----

template <std::size_t size>
void copy_name(char (&to)[size], std::string_view from) {
  const std::size_t length = std::min(from.size(), size - 1);
  std::memset(to, 0, size);
  std::memcpy(to, from.data(), length);
}

utsname names_of(const Host& host) {
  utsname names;
  copy_name(names.sysname, "Linux");
  copy_name(names.nodename, host.name());
  copy_name(names.release, "6.1.0");
  copy_name(names.version, "#1 SMP Stillpoint");
#if defined(__x86_64__)
  copy_name(names.machine, "x86_64");
#elif defined(__aarch64__)
  copy_name(names.machine, "aarch64");
#else
#error "which machine is this?"
#endif
  copy_name(names.domainname, "(none)");
  return names;
}

}  // namespace

SP_CALL(int, uname, (utsname * names), (names)) { return finish(host, call, give(names, names_of(host))); }

// gethostname(2), NOTES: glibc copies what fits, and complains if that is not all.
SP_CALL(int, gethostname, (char* name, size_t size), (name, size)) {
  const utsname names = names_of(host);
  const std::size_t whole = std::strlen(names.nodename) + 1;
  std::memcpy(name, names.nodename, std::min(whole, size));
  return whole <= size ? 0 : fail(host, call, ENAMETOOLONG);
}

// As above, but without a complaint.
SP_CALL(int, getdomainname, (char* name, size_t size), (name, size)) {
  const utsname names = names_of(host);
  std::memcpy(name, names.domainname, std::min(std::strlen(names.domainname) + 1, size));
  return 0;
}

// gethostid(3), NOTES: the halves of the IPv4 address, exchanged.
SP_CALL(long, gethostid, (), ()) {
  const std::uint32_t address = htonl(host.address().v4());
  return static_cast<std::int32_t>(address << 16 | address >> 16);
}

// ---- credentials(7) ----

SP_CALL(uid_t, getuid, (), ()) { return kUserId; }
SP_CALL(uid_t, geteuid, (), ()) { return kUserId; }
SP_CALL(gid_t, getgid, (), ()) { return kGroupId; }
SP_CALL(gid_t, getegid, (), ()) { return kGroupId; }
SP_CALL(int, getresuid, (uid_t * actual, uid_t* effective, uid_t* saved), (actual, effective, saved)) {
  for (uid_t* place : {actual, effective, saved}) {
    if (!give(place, kUserId)) return fail(host, call, EFAULT);
  }
  return 0;
}
SP_CALL(int, getresgid, (gid_t * actual, gid_t* effective, gid_t* saved), (actual, effective, saved)) {
  for (gid_t* place : {actual, effective, saved}) {
    if (!give(place, kGroupId)) return fail(host, call, EFAULT);
  }
  return 0;
}
SP_CALL(int, getgroups, (int size, gid_t* groups), (size, groups)) {
  if (size < 0) return fail(host, call, EINVAL);
  if (size > 0 && !give(groups, kGroupId)) return fail(host, call, EFAULT);
  return 1;
}

namespace {
// To what one is already one may change; to anything else takes a privilege (setuid(2)).
int change_to(Host& host, const Call& call, id_t wanted, id_t own) {
  return wanted == own ? 0 : fail(host, call, EPERM);
}

// setreuid(2) and its kin: -1 leaves one as it is.
int change_all_to(Host& host, const Call& call, std::initializer_list<id_t> wanted, id_t own) {
  constexpr auto kAsItIs = static_cast<id_t>(-1);
  const bool may = std::ranges::all_of(wanted, [own](id_t each) { return each == kAsItIs || each == own; });
  return may ? 0 : fail(host, call, EPERM);
}
}  // namespace

SP_CALL(int, setuid, (uid_t user), (user)) { return change_to(host, call, user, kUserId); }
SP_CALL(int, seteuid, (uid_t user), (user)) { return change_to(host, call, user, kUserId); }
SP_CALL(int, setgid, (gid_t group), (group)) { return change_to(host, call, group, kGroupId); }
SP_CALL(int, setegid, (gid_t group), (group)) { return change_to(host, call, group, kGroupId); }
SP_CALL(int, setreuid, (uid_t actual, uid_t effective), (actual, effective)) {
  return change_all_to(host, call, {actual, effective}, kUserId);
}
SP_CALL(int, setregid, (gid_t actual, gid_t effective), (actual, effective)) {
  return change_all_to(host, call, {actual, effective}, kGroupId);
}
SP_CALL(int, setresuid, (uid_t actual, uid_t effective, uid_t saved), (actual, effective, saved)) {
  return change_all_to(host, call, {actual, effective, saved}, kUserId);
}
SP_CALL(int, setresgid, (gid_t actual, gid_t effective, gid_t saved), (actual, effective, saved)) {
  return change_all_to(host, call, {actual, effective, saved}, kGroupId);
}
SP_CALL(int, initgroups, (const char* user, gid_t group), (user, group)) { return fail(host, call, EPERM); }
SP_CALL(int, setgroups, (size_t size, const gid_t* groups), (size, groups)) { return fail(host, call, EPERM); }

SP_CALL(pid_t, getppid, (), ()) { return kInit; }
SP_CALL(pid_t, getpgrp, (), ()) { return host.pid(); }
SP_CALL(pid_t, getpgid, (pid_t pid), (pid)) { return is_self(host, pid) ? host.pid() : fail<pid_t>(host, call, ESRCH); }
SP_CALL(pid_t, getsid, (pid_t pid), (pid)) { return is_self(host, pid) ? host.pid() : fail<pid_t>(host, call, ESRCH); }
// setsid(2): a leader of a process group cannot leave it.
SP_CALL(pid_t, setsid, (), ()) { return fail<pid_t>(host, call, EPERM); }

// ---- processors ----

SP_CALL(int, get_nprocs, (), ()) { return host.processors(); }
SP_CALL(int, get_nprocs_conf, (), ()) { return host.processors(); }
SP_CALL(int, sched_getcpu, (), ()) { return 0; }
SP_CALL(int, getcpu, (unsigned* processor, unsigned* node), (processor, node)) {
  if (processor != nullptr) *processor = 0;
  if (node != nullptr) *node = 0;
  return 0;
}

namespace {

// EINVAL: not a whole number of words, or too short for all processors (sched_getaffinity(2)).
int get_affinity(const Host& host, size_t size, cpu_set_t* set) {
  if (size % sizeof(unsigned long) != 0 || size * CHAR_BIT < static_cast<std::size_t>(host.processors())) return EINVAL;
  if (!is_writable_bytes(set, size)) return EFAULT;
  CPU_ZERO_S(size, set);
  for (int i = 0; i < host.processors(); ++i) CPU_SET_S(static_cast<std::size_t>(i), size, set);
  return 0;
}

// It is accepted, and changes nothing. EINVAL: it has none of the processors that there are.
int set_affinity(const Host& host, size_t size, const cpu_set_t* set) {
  if (!is_readable_bytes(set, std::min(size, sizeof(cpu_set_t)))) return EFAULT;
  for (std::size_t i = 0; i < static_cast<std::size_t>(host.processors()); ++i) {
    if (CPU_ISSET_S(i, size, set)) return 0;
  }
  return EINVAL;
}

bool is_task(const Host& host, pid_t id) {
  return is_self(host, id) || (host.running_task() != nullptr && host.running_task()->id == id);
}

}  // namespace

SP_CALL(int, sched_getaffinity, (pid_t pid, size_t size, cpu_set_t* set), (pid, size, set)) {
  const int error = is_task(host, pid) ? get_affinity(host, size, set) : ESRCH;
  return error == 0 ? 0 : fail(host, call, error);
}
SP_CALL(int, sched_setaffinity, (pid_t pid, size_t size, const cpu_set_t* set), (pid, size, set)) {
  const int error = is_task(host, pid) ? set_affinity(host, size, set) : ESRCH;
  return error == 0 ? 0 : fail(host, call, error);
}
SP_CALL(int, pthread_getaffinity_np, (pthread_t thread, size_t size, cpu_set_t* set), (thread, size, set)) {
  return get_affinity(host, size, set);
}
SP_CALL(int, pthread_setaffinity_np, (pthread_t thread, size_t size, const cpu_set_t* set), (thread, size, set)) {
  return set_affinity(host, size, set);
}

// ---- limits, usage, memory ----

namespace {

// A limit that has an effect at once.
int set_limit(Host& host, const Call& call, int resource, const rlimit* limit) {
  if (!is_readable(limit)) return fail(host, call, EFAULT);
  const stillpoint::Status set = host.limits.set(resource, *limit);
  if (set && resource == RLIMIT_NOFILE)
    host.descriptors.set_limit(static_cast<int>(std::min<rlim_t>(limit->rlim_cur, INT_MAX)));
  return finish(host, call, set);
}

int get_limit(Host& host, const Call& call, int resource, rlimit* limit) {
  const Result<rlimit> found = host.limits.get(resource);
  if (!found) return fail(host, call, found.error());
  return finish(host, call, give(limit, found.value()));
}

int change_limit(Host& host, const Call& call, pid_t pid, int resource, const rlimit* limit, rlimit* old) {
  if (limit != nullptr && !is_readable(limit)) return fail(host, call, EFAULT);
  if (!is_self(host, pid)) return fail(host, call, ESRCH);
  const Result<rlimit> before = host.limits.get(resource);
  if (!before) return fail(host, call, before.error());
  if (limit != nullptr && set_limit(host, call, resource, limit) != 0) return -1;
  return old == nullptr ? 0 : finish(host, call, give(old, before.value()));
}

timeval timeval_of(Duration duration) {
  const timespec time = stillpoint::kernel::timespec_of(duration);
  return {time.tv_sec, time.tv_nsec / 1'000};
}

}  // namespace

// rlimit and rlimit64 are the same on 64-bit machines.
SP_CALL(int, getrlimit, (int resource, rlimit* limit), (resource, limit)) {
  return get_limit(host, call, resource, limit);
}
SP_CALL(int, getrlimit64, (int resource, rlimit* limit), (resource, limit)) {
  return get_limit(host, call, resource, limit);
}
SP_CALL(int, setrlimit, (int resource, const rlimit* limit), (resource, limit)) {
  return set_limit(host, call, resource, limit);
}
SP_CALL(int, setrlimit64, (int resource, const rlimit* limit), (resource, limit)) {
  return set_limit(host, call, resource, limit);
}
SP_CALL(int, prlimit, (pid_t pid, int resource, const rlimit* limit, rlimit* old), (pid, resource, limit, old)) {
  return change_limit(host, call, pid, resource, limit, old);
}
SP_CALL(int, prlimit64, (pid_t pid, int resource, const rlimit* limit, rlimit* old), (pid, resource, limit, old)) {
  return change_limit(host, call, pid, resource, limit, old);
}

// The time that CLOCK_PROCESS_CPUTIME_ID shows, as time of the user; everything else is zero.
SP_CALL(int, getrusage, (int who, rusage* usage), (who, usage)) {
  if (who != RUSAGE_SELF && who != RUSAGE_CHILDREN && who != RUSAGE_THREAD) return fail(host, call, EINVAL);
  if (!is_writable(usage)) return fail(host, call, EFAULT);
  *usage = {};
  if (who != RUSAGE_CHILDREN) usage->ru_utime = timeval_of(host.read_clock(CLOCK_PROCESS_CPUTIME_ID));
  return 0;
}

SP_CALL(int, sysinfo, (struct sysinfo * info), (info)) {
  if (!is_writable(info)) return fail(host, call, EFAULT);
  *info = {};
  info->uptime = stillpoint::kernel::timespec_of(host.read_clock(CLOCK_BOOTTIME)).tv_sec;
  info->totalram = kMemory;
  info->freeram = kFreeMemory;
  info->procs = 1;
  info->mem_unit = 1;
  return 0;
}

SP_CALL(long, get_phys_pages, (), ()) { return static_cast<long>(kMemory) / getpagesize(); }
SP_CALL(long, get_avphys_pages, (), ()) { return static_cast<long>(kFreeMemory) / getpagesize(); }

SP_CALL(int, getloadavg, (double* averages, int count), (averages, count)) {
  const int told = std::min(count, 3);
  for (int i = 0; i < told; ++i) averages[i] = 0;
  return told;
}

// sysconf(3): what a machine has is the host's, what the C library has is the C library's.
namespace {
long configured(Host& host, int name) {
  switch (name) {
    case _SC_NPROCESSORS_ONLN:
    case _SC_NPROCESSORS_CONF:
      return host.processors();
    case _SC_OPEN_MAX:
      return static_cast<long>(host.limits.get(RLIMIT_NOFILE).value().rlim_cur);
    case _SC_CHILD_MAX:
      return static_cast<long>(host.limits.get(RLIMIT_NPROC).value().rlim_cur);
    case _SC_SIGQUEUE_MAX:
      return static_cast<long>(host.limits.get(RLIMIT_SIGPENDING).value().rlim_cur);
    case _SC_ARG_MAX:
      return static_cast<long>(host.limits.get(RLIMIT_STACK).value().rlim_cur / 4);
    case _SC_PHYS_PAGES:
      return static_cast<long>(kMemory) / getpagesize();
    case _SC_AVPHYS_PAGES:
      return static_cast<long>(kFreeMemory) / getpagesize();
    case _SC_LEVEL1_DCACHE_LINESIZE:
      return 64;
    default:
      break;
  }
  // What else glibc reads from the machine: its caches. It says zero where it does not know.
  if (name >= _SC_LEVEL1_ICACHE_SIZE && name <= _SC_LEVEL4_CACHE_LINESIZE) return 0;
  const stillpoint::kernel::CurrentHost none(nullptr);
  return sysconf(name);
}
}  // namespace
SP_CALL(long, sysconf, (int name), (name)) { return configured(host, name); }
SP_CALL_AS(long, sysconf_internal, "__sysconf", (int name), (name)) { return configured(host, name); }

// ---- network interfaces ----

namespace {

using stillpoint::interpose::kInterfaces;
constexpr unsigned kLoopbackFlags = IFF_UP | IFF_LOOPBACK | IFF_RUNNING | 0x10000;  // IFF_LOWER_UP of linux/if.h
constexpr unsigned kNetworkFlags = IFF_UP | IFF_BROADCAST | IFF_RUNNING | IFF_MULTICAST | 0x10000;

// All that one entry of getifaddrs(3) points to; an array of them is one allocation, freed through its first.
struct Interface {
  ifaddrs entry;
  char name[IF_NAMESIZE];
  union Place {
    sockaddr_storage any;
    sockaddr_in in;
    sockaddr_in6 in6;
    sockaddr_ll link;
  } address, netmask, broadcast;
  // struct rtnl_link_stats: counters, which stay at zero.
  std::uint32_t statistics[24];
};

sockaddr* generic(Interface::Place& place) { return reinterpret_cast<sockaddr*>(&place); }

void set_v4(Interface::Place& place, std::uint32_t address) {
  place.in.sin_family = AF_INET;
  place.in.sin_addr.s_addr = htonl(address);
}

void set_v6(Interface::Place& place, stillpoint::net::Ip address) {
  place.in6.sin6_family = AF_INET6;
  place.in6.sin6_addr = stillpoint::net::to_in6(address);
}

void set_link(Interface::Place& place, std::size_t index, std::uint32_t v4) {
  const bool loopback = index == 0;
  place.link.sll_family = AF_PACKET;
  place.link.sll_ifindex = static_cast<int>(index + 1);
  place.link.sll_hatype = loopback ? ARPHRD_LOOPBACK : ARPHRD_ETHER;
  place.link.sll_halen = 6;
  // A locally administered address, made of the IPv4 one.
  if (!loopback) place.link.sll_addr[0] = 0x02;
  for (unsigned i = 0; i < 4 && !loopback; ++i)
    place.link.sll_addr[2 + i] = static_cast<unsigned char>(v4 >> (24 - 8 * i));
}

// Linux lists the links, then IPv4 addresses, then IPv6 addresses.
int list_interfaces(Host& host, ifaddrs** result) {
  constexpr std::size_t kCount = 6;
  void* memory = std::calloc(kCount, sizeof(Interface));
  if (memory == nullptr) return ENOMEM;
  auto* all = static_cast<Interface*>(memory);
  const std::uint32_t v4 = host.address().v4();
  for (std::size_t i = 0; i < kCount; ++i) {
    Interface& each = *new (&all[i]) Interface{};
    const std::size_t index = i % 2;
    const bool loopback = index == 0;
    copy_name(each.name, kInterfaces[index]);
    each.entry.ifa_name = each.name;
    each.entry.ifa_flags = loopback ? kLoopbackFlags : kNetworkFlags;
    each.entry.ifa_addr = generic(each.address);
    each.entry.ifa_netmask = generic(each.netmask);
    if (i < 2) {
      set_link(each.address, index, v4);
      each.entry.ifa_netmask = nullptr;
      each.broadcast.link = each.address.link;
      std::memset(each.broadcast.link.sll_addr, loopback ? 0 : 0xFF, 6);
      each.entry.ifa_broadaddr = generic(each.broadcast);
      each.entry.ifa_data = each.statistics;
    } else if (i < 4) {
      constexpr std::uint32_t kNetmask = 0xFF000000;
      set_v4(each.address, loopback ? INADDR_LOOPBACK : v4);
      set_v4(each.netmask, kNetmask);
      // rtnetlink tells lo's own address here, as there is no broadcast address.
      set_v4(each.broadcast, loopback ? INADDR_LOOPBACK : v4 | ~kNetmask);
      each.entry.ifa_broadaddr = generic(each.broadcast);
    } else {
      set_v6(each.address, loopback ? stillpoint::net::kLoopback6 : stillpoint::net::v6_of(host.address()));
      set_v6(each.netmask, stillpoint::net::Ip::v6(~std::uint64_t{0}, loopback ? ~std::uint64_t{0} : 0));
    }
    each.entry.ifa_next = i + 1 < kCount ? &all[i + 1].entry : nullptr;
  }
  *result = &all->entry;
  return 0;
}

}  // namespace

SP_CALL(int, getifaddrs, (ifaddrs * *result), (result)) {
  const int error = list_interfaces(host, result);
  return error == 0 ? 0 : fail(host, call, error);
}
SP_CALL(void, freeifaddrs, (ifaddrs * list), (list)) { std::free(list); }

SP_CALL(unsigned, if_nametoindex, (const char* name), (name)) {
  for (unsigned i = 0; i < std::size(kInterfaces); ++i) {
    if (std::strcmp(name, kInterfaces[i]) == 0) return i + 1;
  }
  errno = ENODEV;
  return 0;
}

SP_CALL(char*, if_indextoname, (unsigned index, char* name), (index, name)) {
  if (index >= 1 && index <= std::size(kInterfaces)) return std::strcpy(name, kInterfaces[index - 1]);
  errno = ENXIO;
  return nullptr;
}

SP_CALL(struct if_nameindex*, if_nameindex, (), ()) {
  constexpr std::size_t kCount = std::size(kInterfaces);
  auto* list = static_cast<struct if_nameindex*>(std::calloc(kCount + 1, sizeof(struct if_nameindex)));
  for (unsigned i = 0; list != nullptr && i < kCount; ++i) list[i] = {i + 1, strdup(kInterfaces[i])};
  return list;
}
SP_CALL(void, if_freenameindex, (struct if_nameindex * list), (list)) {
  for (struct if_nameindex* each = list; each->if_name != nullptr; ++each) std::free(each->if_name);
  std::free(list);
}
