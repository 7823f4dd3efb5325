// netdb.h: numeric addresses, services, flags and errors of getaddrinfo(3) and its kin. Nothing here asks a name
// server, and of names only localhost is known everywhere.
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {
namespace {

std::string name_of_error(int error) {
  switch (error) {
    case EAI_BADFLAGS:
      return "EAI_BADFLAGS";
    case EAI_NONAME:
      return "EAI_NONAME";
    case EAI_FAMILY:
      return "EAI_FAMILY";
    case EAI_SOCKTYPE:
      return "EAI_SOCKTYPE";
    case EAI_SERVICE:
      return "EAI_SERVICE";
    case EAI_OVERFLOW:
      return "EAI_OVERFLOW";
    case EAI_ADDRFAMILY:
      return "EAI_ADDRFAMILY";
    default:
      return std::to_string(error);
  }
}

std::string kind_of(const addrinfo& entry) {
  const char* type = entry.ai_socktype == SOCK_STREAM  ? "stream"
                     : entry.ai_socktype == SOCK_DGRAM ? "datagram"
                     : entry.ai_socktype == SOCK_RAW   ? "raw"
                                                       : "other";
  return type + ('/' + std::to_string(entry.ai_protocol));
}

std::string address_of(const sockaddr* address, socklen_t size) {
  char host[NI_MAXHOST], service[NI_MAXSERV];
  const int error =
      getnameinfo(address, size, host, sizeof host, service, sizeof service, NI_NUMERICHOST | NI_NUMERICSERV);
  if (error != 0) return name_of_error(error);
  return (address->sa_family == AF_INET ? "4 " : "6 ") + std::string(host) + ':' + service;
}

struct Hints {
  int flags = 0;
  int family = AF_UNSPEC;
  int type = 0;
  int protocol = 0;
};

std::string text_of(const addrinfo& entry) {
  return address_of(entry.ai_addr, entry.ai_addrlen) + ' ' + kind_of(entry) +
         (entry.ai_canonname != nullptr ? " = " + std::string(entry.ai_canonname) : "");
}

// "4 127.0.0.1:80 stream/6, …", or the error.
std::string look_up(const char* name, const char* service, Hints wanted = {}) {
  addrinfo hints{};
  hints.ai_flags = wanted.flags;
  hints.ai_family = wanted.family;
  hints.ai_socktype = wanted.type;
  hints.ai_protocol = wanted.protocol;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(name, service, &hints, &found);
  if (error != 0) return name_of_error(error);
  std::string text;
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next)
    text += (each == found ? "" : ", ") + text_of(*each);
  freeaddrinfo(found);
  return text;
}

constexpr Hints kStream{.type = SOCK_STREAM};
constexpr Hints stream(int flags, int family = AF_UNSPEC) {
  return {.flags = flags, .family = family, .type = SOCK_STREAM};
}

void numeric_addresses(World& w) {
  for (const char* text : {"127.0.0.1", "127.1", "0x7f000001", "017700000001", "1.2.3", "0", "255.255.255.255", "::1",
                           "::", "fd00::a00:1", "::ffff:1.2.3.4", "0:0:0:0:0:0:0:1"})
    w.note(text, look_up(text, "80", kStream));
}

void what_is_no_address(World& w) {
  for (const char* text : {"127.0.0.1 ", " 127.0.0.1", "256.1.1.1", "1.2.3.4.5", "1.2.3.4x", ":::1", "1::2::3",
                           "::1%lo", "fe80::1%nosuch", "x.invalid", ""})
    w.note(text, look_up(text, "80", stream(AI_NUMERICHOST)));
}

void families(World& w) {
  for (const int family : {AF_INET, AF_INET6}) {
    for (const char* text : {"127.0.0.1", "::1", "::ffff:1.2.3.4"}) {
      w.note(text, look_up(text, "80", stream(0, family)));
      w.note("mapped", look_up(text, "80", stream(AI_V4MAPPED, family)));
      w.note("all", look_up(text, "80", stream(AI_V4MAPPED | AI_ALL, family)));
    }
  }
  w.note("of no family", look_up("127.0.0.1", "80", {.family = 99}));
  w.note("of files", look_up("127.0.0.1", "80", {.family = AF_UNIX}));
}

void zones(World& w) {
  for (const char* text : {"fe80::1%lo", "fe80::1%1", "fe80::1%77", "::1%3", "ff02::1%lo"}) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(text, "80", &hints, &found);
    if (error != 0) {
      w.note(text, name_of_error(error));
      continue;
    }
    w.note(text, std::to_string(reinterpret_cast<const sockaddr_in6*>(found->ai_addr)->sin6_scope_id));
    w.note("and back", address_of(found->ai_addr, found->ai_addrlen));
    freeaddrinfo(found);
  }
}

void no_name(World& w) {
  w.note("active", look_up(nullptr, "80"));
  w.note("passive", look_up(nullptr, "80", {.flags = AI_PASSIVE}));
  w.note("passive, IPv4", look_up(nullptr, "80", stream(AI_PASSIVE, AF_INET)));
  w.note("active, IPv6", look_up(nullptr, "80", stream(0, AF_INET6)));
  w.note("a star", look_up("*", "80", stream(AI_PASSIVE)));
  w.note("numeric", look_up(nullptr, "80", stream(AI_NUMERICHOST)));
  w.note("nor a service", look_up(nullptr, nullptr));
  w.note("nor a star for one", look_up(nullptr, "*"));
  w.note("its canonical name", look_up(nullptr, "80", {.flags = AI_CANONNAME}));
}

void types_and_protocols(World& w) {
  w.note("any", look_up("127.0.0.1", "80"));
  w.note("any, no service", look_up("127.0.0.1", nullptr));
  for (const int type : std::initializer_list<int>{SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, 99})
    w.note("of type " + std::to_string(type), look_up("127.0.0.1", "80", {.type = type}));
  for (const int protocol :
       std::initializer_list<int>{IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, IPPROTO_SCTP, IPPROTO_UDPLITE, 99})
    w.note("of protocol " + std::to_string(protocol), look_up("127.0.0.1", "80", {.protocol = protocol}));
  w.note("a stream of UDP", look_up("127.0.0.1", "80", {.type = SOCK_STREAM, .protocol = IPPROTO_UDP}));
  w.note("datagrams of TCP", look_up("127.0.0.1", "80", {.type = SOCK_DGRAM, .protocol = IPPROTO_TCP}));
  w.note("raw ICMP", look_up("127.0.0.1", nullptr, {.type = SOCK_RAW, .protocol = IPPROTO_ICMP}));
  w.note("raw, no service", look_up("127.0.0.1", nullptr, {.type = SOCK_RAW}));
}

void named_services(World& w) {
  for (const char* service : {"http", "https", "domain", "ntp", "www", "HTTP", "nosuch", "smtp", "ssh"}) {
    w.note(service, look_up("127.0.0.1", service));
    w.note("stream", look_up("127.0.0.1", service, kStream));
    w.note("datagram", look_up("127.0.0.1", service, {.type = SOCK_DGRAM}));
    w.note("raw", look_up("127.0.0.1", service, {.type = SOCK_RAW}));
  }
  w.note("of UDP", look_up("127.0.0.1", "http", {.protocol = IPPROTO_UDP}));
  w.note("of TCP", look_up("127.0.0.1", "http", {.protocol = IPPROTO_TCP}));
  w.note("numeric", look_up("127.0.0.1", "http", {.flags = AI_NUMERICSERV}));
}

void numbers_as_services(World& w) {
  for (const char* service :
       {"0", "80", "080", "+80", " 80", "80 ", "0x50", "65535", "65536", "70000", "-1", "4294967376", ""})
    w.note(service, look_up("127.0.0.1", service, kStream));
  w.note("numeric, too large", look_up("127.0.0.1", "70000", stream(AI_NUMERICSERV)));
}

void canonical_names(World& w) {
  for (const char* text : {"127.0.0.1", "127.1", "0:0::1"}) w.note(text, look_up(text, "80", {.flags = AI_CANONNAME}));
  w.note("passive too", look_up("127.0.0.1", "80", stream(AI_CANONNAME | AI_PASSIVE)));
}

void flags(World& w) {
  for (const int flag :
       {AI_ADDRCONFIG, AI_V4MAPPED, AI_ALL, AI_PASSIVE, 0x40, 0x80, 0x100, 0x200, 0x800, 0x8000, 0x10000})
    w.note("flag " + std::to_string(flag), look_up("127.0.0.1", "80", stream(flag)));
}

void which_error_comes_first(World& w) {
  w.note("flags and family", look_up("127.0.0.1", "80", {.flags = 0x8000, .family = 99}));
  w.note("family and type", look_up("127.0.0.1", "80", {.family = 99, .type = 99}));
  w.note("type and name", look_up("x", "80", {.flags = AI_NUMERICHOST, .type = 99}));
  w.note("service and name", look_up("x", "nosuch", {.flags = AI_NUMERICHOST}));
  w.note("service and family of the name", look_up("::1", "nosuch", {.family = AF_INET}));
  w.note("number and family", look_up("127.0.0.1", "http", {.flags = AI_NUMERICSERV, .family = 99}));
}

void without_hints(World& w) {
  addrinfo* found = nullptr;
  w.note("error", name_of_error(getaddrinfo("127.0.0.1", "80", nullptr, &found)));
  w.note("flags", std::to_string(found->ai_flags));
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) w.note("result", text_of(*each));
  freeaddrinfo(found);
}

// Of several lines about localhost in /etc/hosts glibc makes several equal results: the first is enough.
void localhost(World& w) {
  for (const char* name : {"localhost", "LocalHost"}) {
    const std::string all = look_up(name, "http", stream(AI_CANONNAME, AF_INET));
    w.note(name, all.substr(0, all.find(',')));
  }
  const std::string mapped = look_up("localhost", "80", {.flags = AI_NUMERICHOST});
  w.note("numeric", mapped);
  addrinfo hints{};
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo("localhost", "0", &hints, &found) != 0) return;
  const int listener = w.keep(::socket(found->ai_family, found->ai_socktype | SOCK_NONBLOCK, found->ai_protocol));
  w.note("bind", result(::bind(listener, found->ai_addr, found->ai_addrlen)));
  w.note("listen", result(::listen(listener, 1)));
  freeaddrinfo(found);
  const int user = w.socket();
  w.note("connect", w.connect(user, listener));
  w.settle();
  w.note("accept", w.accept(listener));
}

// ---- getnameinfo ----

struct NameQuery {
  socklen_t host_size = 100;
  socklen_t service_size = 100;
  int flags = 0;
  socklen_t length = sizeof(sockaddr_in);
};

std::string name_of(const sockaddr* address, NameQuery query) {
  char host[100] = "-", service[100] = "-";
  const int error = getnameinfo(address, query.length, host, query.host_size, service, query.service_size, query.flags);
  return (error == 0 ? "" : name_of_error(error) + ' ') + (error == 0 ? std::string(host) + ' ' + service : "");
}

sockaddr_in v4(std::uint32_t ip, int port) { return test::address_of(ip, port); }
const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

void names_of_addresses(World& w) {
  const sockaddr_in http = v4(INADDR_LOOPBACK, 80);
  w.note("localhost", name_of(generic(http), {}));
  w.note("required", name_of(generic(http), {.flags = NI_NAMEREQD}));
  w.note("numeric", name_of(generic(http), {.flags = NI_NUMERICHOST}));
  w.note("all numeric", name_of(generic(http), {.flags = NI_NUMERICHOST | NI_NUMERICSERV}));
  w.note("numeric and required", name_of(generic(http), {.flags = NI_NUMERICHOST | NI_NAMEREQD}));
  w.note("without a domain", name_of(generic(http), {.flags = NI_NOFQDN}));
  w.note("unknown flag", name_of(generic(http), {.flags = 0x1000}));
}

void names_of_ports(World& w) {
  for (const int port : {0, 22, 53, 80, 123, 443, 8080, 54321}) {
    const sockaddr_in address = v4(INADDR_LOOPBACK, port);
    w.note("stream", name_of(generic(address), {.flags = NI_NUMERICHOST}));
    w.note("datagram", name_of(generic(address), {.flags = NI_NUMERICHOST | NI_DGRAM}));
  }
}

void room_for_names(World& w) {
  const sockaddr_in http = v4(INADDR_LOOPBACK, 80);
  for (const socklen_t size : {0, 1, 9, 10}) {
    w.note("host", name_of(generic(http), {.host_size = size, .flags = NI_NUMERICHOST}));
    w.note("localhost", name_of(generic(http), {.host_size = size}));
  }
  for (const socklen_t size : {0, 1, 4, 5}) {
    w.note("service", name_of(generic(http), {.service_size = size}));
    w.note("port", name_of(generic(http), {.service_size = size, .flags = NI_NUMERICSERV}));
  }
  w.note("nothing", name_of(generic(http), {.host_size = 0, .service_size = 0}));
}

void addresses_that_are_none(World& w) {
  sockaddr_in address = v4(INADDR_LOOPBACK, 80);
  for (const socklen_t length : {0, 1, 2, 8, 15, 16}) w.note("short", name_of(generic(address), {.length = length}));
  w.note("long", name_of(generic(address), {.length = 100}));
  address.sin_family = 99;
  w.note("of no family", name_of(generic(address), {}));
  w.note("null", name_of(nullptr, {}));
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(443);
  six.sin6_addr = in6addr_loopback;
  for (const socklen_t length : {16, 24, 28})
    w.note("IPv6", name_of(reinterpret_cast<const sockaddr*>(&six), {.flags = NI_NUMERICHOST, .length = length}));
}

void texts_of_errors(World& w) {
  for (const int error : {EAI_AGAIN, EAI_BADFLAGS, EAI_FAIL, EAI_FAMILY, EAI_NONAME, EAI_SERVICE, EAI_OVERFLOW, 7})
    w.note(std::to_string(error), gai_strerror(error));
}

// ---- gethostbyname and its kin ----

std::string text_of(const hostent* entry) {
  if (entry == nullptr) return "none";
  std::string text =
      std::string(entry->h_name) + ' ' + std::to_string(entry->h_addrtype) + ' ' + std::to_string(entry->h_length);
  char address[INET6_ADDRSTRLEN];
  // As above: the first is enough.
  return text + ' ' + inet_ntop(entry->h_addrtype, entry->h_addr_list[0], address, sizeof address);
}

void hosts_by_name(World& w) {
  w.note("localhost", text_of(gethostbyname("localhost")));
  w.note("dotted", text_of(gethostbyname("127.0.0.1")));
  w.note("short", text_of(gethostbyname("127.1")));
  w.note("IPv6", text_of(gethostbyname2("::1", AF_INET6)));
  w.note("IPv6 as IPv4", text_of(gethostbyname2("::1", AF_INET)));
  w.note("why", std::to_string(h_errno));
  w.note("IPv4 as IPv6", text_of(gethostbyname2("127.0.0.1", AF_INET6)));
  const hostent* first = gethostbyname("127.0.0.2");
  const hostent* second = gethostbyname("127.0.0.3");
  w.note("one place for all", first == second);
  w.note("the later one", text_of(second));
}

void hosts_by_name_in_own_memory(World& w) {
  hostent entry{};
  hostent* found = nullptr;
  int error = 0;
  char memory[1024];
  w.note("enough", std::to_string(gethostbyname_r("127.0.0.1", &entry, memory, sizeof memory, &found, &error)));
  w.note("it is there", found == &entry);
  w.note("entry", text_of(found));
  w.note("too little", strerrorname_np(gethostbyname_r("127.0.0.1", &entry, memory, 4, &found, &error)));
  w.note("nothing is there", found == nullptr);
  w.note("IPv6", std::to_string(gethostbyname2_r("::1", AF_INET6, &entry, memory, sizeof memory, &found, &error)));
  w.note("entry of IPv6", text_of(found));
}

void hosts_by_address(World& w) {
  const in_addr loopback{htonl(INADDR_LOOPBACK)};
  const hostent* found = gethostbyaddr(&loopback, sizeof loopback, AF_INET);
  w.note("loopback", text_of(found));
  w.note("too short", text_of(gethostbyaddr(&loopback, 3, AF_INET)));
  w.note("why", errno == EAFNOSUPPORT);
  hostent entry{};
  hostent* own = nullptr;
  int error = 0;
  char memory[1024];
  w.note("in own memory", std::to_string(gethostbyaddr_r(&loopback, sizeof loopback, AF_INET, &entry, memory,
                                                         sizeof memory, &own, &error)));
  w.note("entry", text_of(own));
}

// ---- services and protocols ----

std::string text_of(const servent* entry) {
  if (entry == nullptr) return "none";
  std::string text = std::string(entry->s_name) + ' ' +
                     std::to_string(ntohs(static_cast<std::uint16_t>(entry->s_port))) + '/' + entry->s_proto;
  for (char** alias = entry->s_aliases; *alias != nullptr; ++alias) text += ' ' + std::string(*alias);
  return text;
}

void services(World& w) {
  for (const char* name :
       {"http", "www", "https", "domain", "smtp", "mail", "ntp", "HTTP", "nosuch", "submissions", "smtps"}) {
    w.note(name, text_of(getservbyname(name, nullptr)));
    w.note("of TCP", text_of(getservbyname(name, "tcp")));
    w.note("of UDP", text_of(getservbyname(name, "udp")));
  }
  for (const int port : {53, 80, 123, 443, 3306, 6379}) {
    w.note("port", text_of(getservbyport(htons(static_cast<std::uint16_t>(port)), nullptr)));
    w.note("of UDP", text_of(getservbyport(htons(static_cast<std::uint16_t>(port)), "udp")));
  }
}

void services_in_own_memory(World& w) {
  servent entry{};
  servent* found = nullptr;
  char memory[1024];
  w.note("http", std::to_string(getservbyname_r("http", "tcp", &entry, memory, sizeof memory, &found)));
  w.note("it is there", found == &entry);
  w.note("entry", text_of(found));
  w.note("53", std::to_string(getservbyport_r(htons(53), "udp", &entry, memory, sizeof memory, &found)));
  w.note("entry of it", text_of(found));
  getservbyname_r("nosuch", "tcp", &entry, memory, sizeof memory, &found);
  w.note("nothing", found == nullptr);
}

void protocols(World& w) {
  const auto text = [](const protoent* entry) {
    return entry == nullptr
               ? "none"
               : std::string(entry->p_name) + ' ' + std::to_string(entry->p_proto) + ' ' + entry->p_aliases[0];
  };
  for (const char* name : {"tcp", "TCP", "udp", "icmp", "ipv6", "ipv6-icmp", "Tcp", "nosuch"})
    w.note(name, text(getprotobyname(name)));
  for (const int number : {0, 1, 6, 17, 41, 58}) w.note("number", text(getprotobynumber(number)));
}

constexpr Case kCases[] = {{"numeric addresses", numeric_addresses},
                           {"what is no address", what_is_no_address},
                           {"families", families},
                           {"zones of addresses", zones},
                           {"no name", no_name},
                           {"types and protocols", types_and_protocols},
                           {"named services", named_services},
                           {"numbers as services", numbers_as_services},
                           {"canonical names", canonical_names},
                           {"flags", flags},
                           {"which error comes first", which_error_comes_first},
                           {"without hints", without_hints},
                           {"localhost", localhost},
                           {"names of addresses", names_of_addresses},
                           {"names of ports", names_of_ports},
                           {"room for names", room_for_names},
                           {"addresses that are none", addresses_that_are_none},
                           {"texts of errors", texts_of_errors},
                           {"hosts by name", hosts_by_name},
                           {"hosts by name in own memory", hosts_by_name_in_own_memory},
                           {"hosts by address", hosts_by_address},
                           {"services", services},
                           {"services in own memory", services_in_own_memory},
                           {"protocols", protocols}};

const Suite kSuite("names", kCases);

}  // namespace

}  // namespace stillpoint::test
