// getaddrinfo(3) and getnameinfo(3), answered from the simulation's zone (net/names.hpp).
//
// What glibc would have to ask a name server for takes the latency of a query, during which the calling thread sleeps.
// Numeric addresses, localhost and the host's own name take no time. Results have the memory layout of glibc's, so that
// its own functions may free them as well.
#include "sim-core/interpose/names.hpp"

#include <sys/un.h>

#include <cstdlib>
#include <new>
#include <vector>

namespace {

using stillpoint::interpose::addresses_of;
using stillpoint::interpose::Call;
using stillpoint::interpose::kInterfaces;
using stillpoint::interpose::name_of;
using stillpoint::interpose::Numeric;
using stillpoint::interpose::parse_numeric;
using stillpoint::interpose::takes_zones;
using stillpoint::kernel::Host;
using stillpoint::net::find_service;
using stillpoint::net::Ip;
using stillpoint::net::NameAnswer;
using stillpoint::net::NameError;
using stillpoint::net::Service;

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
