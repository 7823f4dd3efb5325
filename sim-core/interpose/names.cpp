// netdb.h: names of hosts, services and protocols, answered from the simulation's zone (net/names.hpp).
//
// What glibc would have to ask a name server for takes the latency of a query, during which the calling thread sleeps.
// Numeric addresses, localhost and the host's own name take no time. Results have the memory layout of glibc's, so that
// its own functions may free them as well.
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/net/names.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::interpose::Call;
using stillpoint::interpose::require_sleep;
using stillpoint::kernel::Host;
using stillpoint::net::find_service;
using stillpoint::net::Ip;
using stillpoint::net::NameAnswer;
using stillpoint::net::NameError;
using stillpoint::net::Protocol;
using stillpoint::net::Service;

// ---- asking ----

// Signals do not shorten it: glibc's resolver goes on waiting (resolv/res_send.c).
NameAnswer after_latency(Host& host, const Call& call, NameAnswer answer) {
  if (answer.latency == Duration::zero()) return answer;
  require_sleep(host, call);
  const auto arrival = host.now() + answer.latency;
  while (host.now() < arrival) host.sleep(arrival);
  return answer;
}

NameAnswer addresses_of(Host& host, const Call& call, const char* name) {
  return after_latency(host, call, host.kernel().names.addresses_of(host.name(), name));
}

NameAnswer name_of(Host& host, const Call& call, Ip address) {
  return after_latency(host, call, host.kernel().names.name_of(host.name(), address));
}

int eai_of(NameError error) {
  switch (error) {
    case NameError::none:
      return 0;
    case NameError::unknown:
      return EAI_NONAME;
    case NameError::no_data:
      return EAI_NODATA;
    case NameError::try_again:
      return EAI_AGAIN;
    case NameError::failed:
      return EAI_FAIL;
  }
  return EAI_FAIL;
}

int h_errno_of(NameError error) {
  switch (error) {
    case NameError::none:
      return NETDB_SUCCESS;
    case NameError::unknown:
      return HOST_NOT_FOUND;
    case NameError::no_data:
      return NO_DATA;
    case NameError::try_again:
      return TRY_AGAIN;
    case NameError::failed:
      return NO_RECOVERY;
  }
  return NO_RECOVERY;
}

// ---- numeric addresses ----

// As __inet_aton_exact: also "127.1" and "0x7f000001", but nothing behind it, where inet_aton(3) accepts a space.
std::optional<Ip> parse_v4(const char* text) {
  in_addr address{};
  if (std::strpbrk(text, " \t\n\v\f\r") != nullptr || inet_aton(text, &address) == 0) return std::nullopt;
  return Ip(ntohl(address.s_addr));
}

// The network interfaces of every host.
constexpr const char* kInterfaces[] = {"lo", "eth0"};

bool takes_zones(const in6_addr& address) {
  return IN6_IS_ADDR_LINKLOCAL(&address) || IN6_IS_ADDR_MC_LINKLOCAL(&address);
}

struct Numeric {
  Ip ip;
  int family = AF_INET;  // as it is written: ::ffff:1.2.3.4 is AF_INET6
  std::uint32_t scope = 0;
  int error = 0;
};

// An IPv4 or IPv6 address, with a zone (RFC 4007, 11): the name of an interface where the address is a link's, or a
// number. None if the text is no address; EAI_NONAME in it if the zone is none.
std::optional<Numeric> parse_numeric(const char* text) {
  if (const auto v4 = parse_v4(text)) return Numeric{*v4};
  const char* percent = std::strchr(text, '%');
  const std::string address = percent == nullptr ? std::string(text) : std::string(text, percent);
  in6_addr in6{};
  if (inet_pton(AF_INET6, address.c_str(), &in6) != 1) return std::nullopt;
  Numeric numeric{stillpoint::net::from_in6(in6), AF_INET6};
  if (percent == nullptr) return numeric;
  const std::string_view zone(percent + 1);
  if (takes_zones(in6)) {
    for (std::uint32_t i = 0; i < std::size(kInterfaces); ++i) {
      if (zone == kInterfaces[i]) numeric.scope = i + 1;
    }
    if (numeric.scope != 0) return numeric;
  }
  const auto [end, error] = std::from_chars(zone.data(), zone.data() + zone.size(), numeric.scope);
  if (error != std::errc() || end != zone.data() + zone.size()) numeric.error = EAI_NONAME;
  return numeric;
}

// ---- getaddrinfo ----

// An address of the result. An IPv4 address as AF_INET6 is mapped.
struct Destination {
  Ip ip;
  int family;
  std::uint32_t scope = 0;
};

struct Destinations {
  int error = 0;
  std::string canonical_name = {};
  std::vector<Destination> addresses = {};
};

bool wants(const addrinfo& hints, int family) { return hints.ai_family == AF_UNSPEC || hints.ai_family == family; }
bool has(const addrinfo& hints, int flag) { return (hints.ai_flags & flag) != 0; }

Destinations without_name(const addrinfo& hints) {
  Destinations found;
  if (has(hints, AI_PASSIVE)) {  // IPv4 first, as glibc has it
    if (wants(hints, AF_INET)) found.addresses.push_back({Ip(0), AF_INET});
    if (wants(hints, AF_INET6)) found.addresses.push_back({stillpoint::net::kAny6, AF_INET6});
  } else {
    if (wants(hints, AF_INET6)) found.addresses.push_back({stillpoint::net::kLoopback6, AF_INET6});
    if (wants(hints, AF_INET)) found.addresses.push_back({stillpoint::net::kLoopback, AF_INET});
  }
  return found;
}

Destinations of_numeric(const addrinfo& hints, const char* name, const Numeric& numeric) {
  Destinations found{.canonical_name = name};
  const bool mapped = numeric.family == AF_INET6 && numeric.ip.is_v4();
  if (wants(hints, numeric.family)) {
    found.addresses.push_back({numeric.ip, numeric.family, numeric.scope});
  } else if (hints.ai_family == AF_INET6 ? has(hints, AI_V4MAPPED) : mapped) {
    found.addresses.push_back({numeric.ip, hints.ai_family});
  } else {
    found.error = EAI_ADDRFAMILY;
  }
  if (numeric.error != 0) found.error = numeric.error;
  return found;
}

Destinations of_answer(const Host& host, const addrinfo& hints, NameAnswer answer) {
  if (answer.error != NameError::none) return {.error = eai_of(answer.error)};
  Destinations found{.canonical_name = std::move(answer.name)};
  const auto source = [&host](Ip to) { return host.kernel().fabric.source_for(host.id(), to); };
  const std::vector<Ip> ordered = stillpoint::net::in_order_of_preference(std::move(answer.addresses), source);
  bool any_v6 = false;
  for (const Ip ip : ordered) any_v6 |= !ip.is_v4();
  const bool map = hints.ai_family == AF_INET6 && has(hints, AI_V4MAPPED) && (has(hints, AI_ALL) || !any_v6);
  for (const Ip ip : ordered) {
    const int family = ip.is_v4() ? AF_INET : AF_INET6;
    if (wants(hints, family)) found.addresses.push_back({ip, family});
    if (ip.is_v4() && map) found.addresses.push_back({ip, AF_INET6});
  }
  if (found.addresses.empty()) found.error = EAI_NODATA;
  return found;
}

Destinations find_destinations(Host& host, const Call& call, const addrinfo& hints, const char* name) {
  if (name == nullptr) return without_name(hints);
  if (const auto numeric = parse_numeric(name)) return of_numeric(hints, name, *numeric);
  if (has(hints, AI_NUMERICHOST)) return {.error = EAI_NONAME};
  return of_answer(host, hints, addresses_of(host, call, name));
}

// What a result says besides its address.
struct Kind {
  int type;
  int protocol;
  std::uint16_t port;
};

// gaih_inet_typeproto of glibc's getaddrinfo.c: the types and protocols that there are, in the order of results.
struct KnownKind {
  int type;
  int protocol;
  const char* name;  // as services(5) calls the protocol
  bool by_default;   // it is a result where neither type nor protocol is asked for
};
constexpr KnownKind kKinds[] = {
    {SOCK_STREAM, IPPROTO_TCP, "tcp", true},
    {SOCK_DGRAM, IPPROTO_UDP, "udp", true},
    {SOCK_DCCP, IPPROTO_DCCP, "dccp", false},
    {SOCK_DGRAM, IPPROTO_UDPLITE, "udplite", false},
    {SOCK_STREAM, IPPROTO_SCTP, "sctp", false},
    {SOCK_SEQPACKET, IPPROTO_SCTP, "sctp", false},
    {SOCK_RAW, 0, "raw", true},  // of any protocol, and without services
};

struct Kinds {
  int error = 0;
  std::vector<Kind> kinds = {};
};

struct Port {
  const char* text = nullptr;  // null: none is asked for
  int number = 0;              // negative: it is a name
};

Kinds find_kinds(const addrinfo& hints, const Port& port) {
  const bool any = hints.ai_socktype == 0 && hints.ai_protocol == 0;
  Kinds found;
  for (const KnownKind& known : kKinds) {
    const bool raw = known.type == SOCK_RAW;
    if (hints.ai_socktype != 0 && hints.ai_socktype != known.type) continue;
    if (hints.ai_protocol != 0 && !raw && hints.ai_protocol != known.protocol) continue;
    if (any && port.number >= 0 && !known.by_default) continue;
    const int protocol = raw ? hints.ai_protocol : known.protocol;
    if (raw && port.text != nullptr && (!any || port.number < 0)) {
      if (any) continue;
      return {.error = EAI_SERVICE};
    }
    if (port.number >= 0) {
      found.kinds.push_back({known.type, protocol, static_cast<std::uint16_t>(port.number)});
    } else if (const Service* service = find_service(port.text, known.name)) {
      found.kinds.push_back({known.type, protocol, service->port});
    } else if (!any) {
      return {.error = EAI_SERVICE};
    }
    if (!any) return found;  // the first that fits
  }
  if (found.kinds.empty()) found.error = hints.ai_socktype != 0 ? EAI_SOCKTYPE : EAI_SERVICE;
  return found;
}

// One allocation for both, as glibc makes it.
addrinfo* make_result(const addrinfo& hints, const Destination& destination, const Kind& kind) {
  const stillpoint::net::SocketAddress address{destination.ip, kind.port};
  auto as_sockaddr = stillpoint::kernel::address_of(address, destination.family);
  if (destination.family == AF_INET6)
    reinterpret_cast<sockaddr_in6&>(as_sockaddr.storage).sin6_scope_id = destination.scope;
  void* memory = std::malloc(sizeof(addrinfo) + as_sockaddr.length);
  if (memory == nullptr) return nullptr;
  auto* result = new (memory) addrinfo{};
  result->ai_flags = hints.ai_flags;
  result->ai_family = destination.family;
  result->ai_socktype = kind.type;
  result->ai_protocol = kind.protocol;
  result->ai_addrlen = as_sockaddr.length;
  result->ai_addr = reinterpret_cast<sockaddr*>(result + 1);
  std::memcpy(result->ai_addr, &as_sockaddr.storage, as_sockaddr.length);
  return result;
}

void free_results(addrinfo* first) {
  while (first != nullptr) {
    addrinfo* next = first->ai_next;
    std::free(first->ai_canonname);
    std::free(first);
    first = next;
  }
}

constexpr int kKnownFlags = AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | AI_IDN |
                            AI_CANONIDN | AI_NUMERICSERV | 0x100 | 0x200;  // AI_IDN_ALLOW_UNASSIGNED and the like

// getaddrinfo(3), with the order of checks of glibc's getaddrinfo.c. AI_ADDRCONFIG leaves nothing out: every host has
// addresses of both families. Names are not translated from other alphabets (AI_IDN).
int get_address_info(Host& host, const Call& call, const char* name, const char* service, const addrinfo* wanted,
                     addrinfo** result) {
  const auto is_star = [](const char* text) { return text != nullptr && std::strcmp(text, "*") == 0; };
  if (is_star(name)) name = nullptr;
  if (is_star(service)) service = nullptr;
  if (name == nullptr && service == nullptr) return EAI_NONAME;
  addrinfo hints{};
  hints.ai_flags = AI_V4MAPPED | AI_ADDRCONFIG;
  if (wanted != nullptr) hints = *wanted;
  if ((hints.ai_flags & ~kKnownFlags) != 0) return EAI_BADFLAGS;
  if (has(hints, AI_CANONNAME) && name == nullptr) return EAI_BADFLAGS;
  if (!wants(hints, AF_INET) && !wants(hints, AF_INET6)) return EAI_FAMILY;
  Port port;
  if (service != nullptr && service[0] != '\0') {
    char* end = nullptr;
    port = {service, static_cast<int>(std::strtoul(service, &end, 10))};
    if (*end != '\0') {
      if (has(hints, AI_NUMERICSERV)) return EAI_NONAME;
      port.number = -1;
    }
  }
  const Kinds kinds = find_kinds(hints, port);
  if (kinds.error != 0) return kinds.error;
  const Destinations destinations = find_destinations(host, call, hints, name);
  if (destinations.error != 0) return destinations.error;

  addrinfo* first = nullptr;
  addrinfo** last = &first;
  for (const Destination& destination : destinations.addresses) {
    for (const Kind& kind : kinds.kinds) {
      *last = make_result(hints, destination, kind);
      if (*last == nullptr) {
        free_results(first);
        return EAI_MEMORY;
      }
      last = &(*last)->ai_next;
    }
  }
  if (has(hints, AI_CANONNAME)) first->ai_canonname = strdup(destinations.canonical_name.c_str());
  *result = first;
  return 0;
}

}  // namespace

SP_CALL(int, getaddrinfo, (const char* node, const char* service, const addrinfo* hints, addrinfo** result),
        (node, service, hints, result)) {
  return get_address_info(host, call, node, service, hints, result);
}

// glibc's does the same, but libc's own copy must not be relied on for what was allocated here.
SP_CALL(void, freeaddrinfo, (addrinfo * first), (first)) { free_results(first); }

// ---- getnameinfo ----

namespace {

// EAI_OVERFLOW if it does not fit.
int copy_text(std::string_view text, char* to, socklen_t size) {
  if (text.size() + 1 > size) return EAI_OVERFLOW;
  std::memcpy(to, text.data(), text.size());
  to[text.size()] = '\0';
  return 0;
}

std::string numeric_text(const sockaddr_in6& address) {
  char text[INET6_ADDRSTRLEN];
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  std::string with_zone = text;
  const std::uint32_t scope = address.sin6_scope_id;
  if (scope == 0) return with_zone;
  with_zone += '%';
  const bool named = takes_zones(address.sin6_addr) && scope <= std::size(kInterfaces);
  return with_zone + (named ? kInterfaces[scope - 1] : std::to_string(scope));
}

struct Names {
  char* host;
  socklen_t host_size;
  char* service;
  socklen_t service_size;
  bool wants_host() const { return host != nullptr && host_size > 0; }
  bool wants_service() const { return service != nullptr && service_size > 0; }
};

int internet_names(Host& host, const Call& call, Ip ip, std::uint16_t port, const std::string& numeric,
                   const Names& names, int flags) {
  if (names.wants_host()) {
    std::string text = numeric;
    NameError error = NameError::unknown;
    if ((flags & NI_NUMERICHOST) == 0) {
      NameAnswer answer = name_of(host, call, ip);
      error = answer.error;
      if (error == NameError::none) text = std::move(answer.name);
    }
    if (error == NameError::try_again) return EAI_AGAIN;
    if (error != NameError::none && (flags & NI_NAMEREQD) != 0) return EAI_NONAME;
    if (const int failed = copy_text(text, names.host, names.host_size); failed != 0) return failed;
  }
  if (!names.wants_service()) return 0;
  const Service* service =
      (flags & NI_NUMERICSERV) != 0 ? nullptr : find_service(port, (flags & NI_DGRAM) != 0 ? "udp" : "tcp");
  return copy_text(service != nullptr ? service->name : std::to_string(port), names.service, names.service_size);
}

}  // namespace

SP_CALL(int, getnameinfo,
        (const sockaddr* address, socklen_t size, char* host_name, socklen_t host_size, char* service,
         socklen_t service_size, int flags),
        (address, size, host_name, host_size, service, service_size, flags)) {
  constexpr int kKnown = NI_NUMERICHOST | NI_NUMERICSERV | NI_NOFQDN | NI_NAMEREQD | NI_DGRAM | NI_IDN;
  if ((flags & ~kKnown) != 0) return EAI_BADFLAGS;
  if (address == nullptr || size < sizeof(sa_family_t)) return EAI_FAMILY;
  if ((flags & NI_NAMEREQD) != 0 && host_name == nullptr && service == nullptr) return EAI_NONAME;
  const Names names{host_name, host_size, service, service_size};
  if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    const auto& in = *reinterpret_cast<const sockaddr_in*>(address);
    const Ip ip(ntohl(in.sin_addr.s_addr));
    return internet_names(host, call, ip, ntohs(in.sin_port), stillpoint::net::to_string(ip), names, flags);
  }
  if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    const auto& in6 = *reinterpret_cast<const sockaddr_in6*>(address);
    const Ip ip = stillpoint::net::from_in6(in6.sin6_addr);
    return internet_names(host, call, ip, ntohs(in6.sin6_port), numeric_text(in6), names, flags);
  }
  if (address->sa_family == AF_UNIX) {
    const auto& un = *reinterpret_cast<const sockaddr_un*>(address);
    const std::string_view here = (flags & NI_NUMERICHOST) != 0 ? "localhost" : std::string_view(host.name());
    if (names.wants_host() && copy_text(here, host_name, host_size) != 0) return EAI_OVERFLOW;
    const std::string_view path(un.sun_path, strnlen(un.sun_path, size - offsetof(sockaddr_un, sun_path)));
    return names.wants_service() ? copy_text(path, service, service_size) : 0;
  }
  return EAI_FAMILY;
}

// ---- gethostbyname and its kin ----

namespace {

// What a hostent tells.
struct HostRecord {
  NameError error = NameError::none;
  std::string name = {};
  int family = AF_INET;
  std::vector<Ip> addresses = {};
};

HostRecord record_by_name(Host& host, const Call& call, const char* name, int family) {
  const auto numeric = parse_numeric(name);
  if (numeric && numeric->error == 0) {
    if (numeric->family != family) return {.error = NameError::unknown};
    return {.name = name, .family = family, .addresses = {numeric->ip}};
  }
  NameAnswer answer = addresses_of(host, call, name);
  if (answer.error != NameError::none) return {.error = answer.error};
  HostRecord record{.name = std::move(answer.name), .family = family};
  for (const Ip ip : answer.addresses) {
    if (ip.is_v4() == (family == AF_INET)) record.addresses.push_back(ip);
  }
  if (record.addresses.empty()) record.error = NameError::no_data;
  return record;
}

HostRecord record_by_address(Host& host, const Call& call, const void* address, int family) {
  Ip ip;
  if (family == AF_INET) {
    in_addr in;
    std::memcpy(&in, address, sizeof in);
    ip = Ip(ntohl(in.s_addr));
  } else {
    in6_addr in6;
    std::memcpy(&in6, address, sizeof in6);
    ip = stillpoint::net::from_in6(in6);
  }
  NameAnswer answer = name_of(host, call, ip);
  if (answer.error != NameError::none) return {.error = answer.error};
  return {.name = std::move(answer.name), .family = family, .addresses = {ip}};
}

bool is_internet(int family) { return family == AF_INET || family == AF_INET6; }
std::size_t size_of_address(int family) { return family == AF_INET ? sizeof(in_addr) : sizeof(in6_addr); }

// Memory for what a record takes: pointers first, then addresses, then the name.
std::size_t size_of(const HostRecord& record) {
  return alignof(char*) + (record.addresses.size() + 2) * sizeof(char*) +
         record.addresses.size() * size_of_address(record.family) + record.name.size() + 1;
}

// Requires size_of(record) bytes at `memory`.
void write_record(const HostRecord& record, hostent* result, char* memory) {
  const std::size_t size = size_of_address(record.family);
  void* aligned = memory;
  std::size_t room = size_of(record);
  std::align(alignof(char*), room - alignof(char*), aligned, room);
  auto** pointers = static_cast<char**>(aligned);
  char** const addresses = pointers;
  char* bytes = reinterpret_cast<char*>(pointers + record.addresses.size() + 2);
  for (const Ip ip : record.addresses) {
    const in_addr in{htonl(ip.v4())};
    const in6_addr in6 = stillpoint::net::to_in6(ip);
    std::memcpy(bytes, record.family == AF_INET ? static_cast<const void*>(&in) : &in6, size);
    *pointers++ = bytes;
    bytes += size;
  }
  *pointers++ = nullptr;
  *pointers = nullptr;
  std::memcpy(bytes, record.name.c_str(), record.name.size() + 1);
  result->h_name = bytes;
  result->h_aliases = pointers;
  result->h_addrtype = record.family;
  result->h_length = static_cast<int>(size);
  result->h_addr_list = addresses;
}

// The static result of gethostbyname(3): one of each process, so one of each host.
hostent* in_static_memory(Host& host, const HostRecord& record) {
  struct Static {
    hostent entry{};
    std::vector<char> memory;
  };
  static std::map<stillpoint::HostId, Static> results;
  if (record.error != NameError::none) {
    h_errno = h_errno_of(record.error);
    return nullptr;
  }
  Static& result = results[host.id()];
  result.memory.resize(size_of(record));
  write_record(record, &result.entry, result.memory.data());
  return &result.entry;
}

struct Buffer {
  hostent* entry;
  char* memory;
  std::size_t size;
  hostent** result;
  int* error;
};

// gethostbyname_r(3): ERANGE if the memory is too small. That there is no such name is no error of the call's.
int in_memory_of_caller(const HostRecord& record, const Buffer& buffer) {
  *buffer.result = nullptr;
  *buffer.error = h_errno_of(record.error);
  if (record.error == NameError::try_again) return EAGAIN;
  if (record.error != NameError::none) return 0;
  if (buffer.size < size_of(record)) {
    *buffer.error = NETDB_INTERNAL;
    return ERANGE;
  }
  write_record(record, buffer.entry, buffer.memory);
  *buffer.result = buffer.entry;
  return 0;
}

// A family that there is none of: as glibc leaves it.
hostent* no_such_family() {
  h_errno = NETDB_INTERNAL;
  errno = EAFNOSUPPORT;
  return nullptr;
}

}  // namespace

SP_CALL(hostent*, gethostbyname, (const char* name), (name)) {
  return in_static_memory(host, record_by_name(host, call, name, AF_INET));
}

SP_CALL(hostent*, gethostbyname2, (const char* name, int family), (name, family)) {
  if (!is_internet(family)) return no_such_family();
  return in_static_memory(host, record_by_name(host, call, name, family));
}

SP_CALL(int, gethostbyname_r,
        (const char* name, hostent* entry, char* memory, size_t size, hostent** result, int* error),
        (name, entry, memory, size, result, error)) {
  return in_memory_of_caller(record_by_name(host, call, name, AF_INET), {entry, memory, size, result, error});
}

SP_CALL(int, gethostbyname2_r,
        (const char* name, int family, hostent* entry, char* memory, size_t size, hostent** result, int* error),
        (name, family, entry, memory, size, result, error)) {
  if (!is_internet(family)) {
    *result = nullptr;
    *error = NETDB_INTERNAL;
    return EAFNOSUPPORT;
  }
  return in_memory_of_caller(record_by_name(host, call, name, family), {entry, memory, size, result, error});
}

SP_CALL(hostent*, gethostbyaddr, (const void* address, socklen_t length, int family), (address, length, family)) {
  if (!is_internet(family) || length != size_of_address(family)) return no_such_family();
  return in_static_memory(host, record_by_address(host, call, address, family));
}

SP_CALL(int, gethostbyaddr_r,
        (const void* address, socklen_t length, int family, hostent* entry, char* memory, size_t size, hostent** result,
         int* error),
        (address, length, family, entry, memory, size, result, error)) {
  if (!is_internet(family) || length != size_of_address(family)) {
    *result = nullptr;
    *error = NETDB_INTERNAL;
    return EAFNOSUPPORT;
  }
  return in_memory_of_caller(record_by_address(host, call, address, family), {entry, memory, size, result, error});
}

// ---- services and protocols ----

namespace {

// The tables, as the structures of netdb.h. They are the same for all hosts, and never change.
struct ServiceEntry {
  servent entry;
  std::array<char*, 4> aliases;
};

servent* entry_of(const Service* service) {
  if (service == nullptr) return nullptr;
  static std::vector<ServiceEntry> entries(stillpoint::net::services().size());
  ServiceEntry& made = entries[static_cast<std::size_t>(service - stillpoint::net::services().data())];
  for (std::size_t i = 0; i < service->aliases.size(); ++i) made.aliases[i] = const_cast<char*>(service->aliases[i]);
  made.entry = {const_cast<char*>(service->name), made.aliases.data(), htons(service->port),
                const_cast<char*>(service->protocol)};
  return &made.entry;
}

struct ProtocolEntry {
  protoent entry;
  std::array<char*, 2> aliases;
};

template <typename Matches>
protoent* find_protocol(Matches matches) {
  static std::vector<ProtocolEntry> entries(stillpoint::net::protocols().size());
  std::size_t place = 0;
  for (const Protocol& protocol : stillpoint::net::protocols()) {
    ProtocolEntry& made = entries[place++];
    if (!matches(protocol)) continue;
    made.aliases[0] = const_cast<char*>(protocol.alias);
    made.entry = {const_cast<char*>(protocol.name), made.aliases.data(), protocol.number};
    return &made.entry;
  }
  return nullptr;
}

std::string_view protocol_or_any(const char* protocol) { return protocol == nullptr ? "" : protocol; }

// The entries of the tables stay where they are, so the caller's memory is not needed.
template <typename Entry>
int in_entry_of_caller(const Entry* found, Entry* entry, Entry** result) {
  *result = nullptr;
  if (found == nullptr) return 0;
  *entry = *found;
  *result = entry;
  return 0;
}

}  // namespace

SP_CALL(servent*, getservbyname, (const char* name, const char* protocol), (name, protocol)) {
  return entry_of(find_service(name, protocol_or_any(protocol)));
}

SP_CALL(servent*, getservbyport, (int port, const char* protocol), (port, protocol)) {
  return entry_of(find_service(ntohs(static_cast<std::uint16_t>(port)), protocol_or_any(protocol)));
}

SP_CALL(int, getservbyname_r,
        (const char* name, const char* protocol, servent* entry, char* memory, size_t size, servent** result),
        (name, protocol, entry, memory, size, result)) {
  return in_entry_of_caller(entry_of(find_service(name, protocol_or_any(protocol))), entry, result);
}

SP_CALL(int, getservbyport_r,
        (int port, const char* protocol, servent* entry, char* memory, size_t size, servent** result),
        (port, protocol, entry, memory, size, result)) {
  const Service* service = find_service(ntohs(static_cast<std::uint16_t>(port)), protocol_or_any(protocol));
  return in_entry_of_caller(entry_of(service), entry, result);
}

SP_CALL(protoent*, getprotobyname, (const char* name), (name)) {
  const std::string_view wanted(name);
  return find_protocol([&](const Protocol& each) { return wanted == each.name || wanted == each.alias; });
}

SP_CALL(protoent*, getprotobynumber, (int number), (number)) {
  return find_protocol([&](const Protocol& each) { return number == each.number; });
}
