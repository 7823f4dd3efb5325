#include "sim-core/net/names.hpp"

#include <algorithm>
#include <bit>

#include "sim-core/base/assert.hpp"
#include "sim-core/net/latency.hpp"

namespace stillpoint::net {

std::string_view name_of(NameError error) {
  switch (error) {
    case NameError::none:
      return "found";
    case NameError::unknown:
      return "no such name";
    case NameError::no_data:
      return "no such record";
    case NameError::try_again:
      return "no answer in time";
    case NameError::failed:
      return "the server failed";
  }
  return "unknown";
}

std::string Zone::canonical(std::string_view name) {
  if (name.size() > 1 && name.ends_with('.')) name.remove_suffix(1);
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

void Zone::add_host(std::string_view name, Ip address) {
  add_record(name, address);
  if (address.is_v4()) add_record(name, v6_of(address));
}

void Zone::add_record(std::string_view name, Ip address) {
  records_[canonical(name)].push_back(address);
  names_.emplace(address, canonical(name));  // the first name of an address is the one that it leads back to
}

void Zone::set_latency(Duration min, Duration max) {
  SP_ASSERT(min >= Duration::zero() && min <= max);
  SP_ASSERT(min % std::chrono::microseconds(1) == Duration::zero());
  SP_ASSERT(max % std::chrono::microseconds(1) == Duration::zero());
  latency_min_ = min;
  latency_max_ = max;
}

void Zone::heal_all() {
  faults_.clear();
  fault_of_all_.reset();
}

void Zone::add_trouble(NameTrouble trouble) {
  SP_ASSERT(trouble.fault != kNoEvent);
  SP_ASSERT(trouble.slower_min >= Duration::zero() && trouble.slower_min <= trouble.slower_max);
  SP_ASSERT(trouble.slower_min % std::chrono::microseconds(1) == Duration::zero());
  SP_ASSERT(trouble.slower_max % std::chrono::microseconds(1) == Duration::zero());
  trouble.asker = canonical(trouble.asker);
  trouble.about = canonical(trouble.about);
  troubles_.push_back(std::move(trouble));
}

void Zone::remove_trouble(EventId fault) {
  std::erase_if(troubles_, [&](const NameTrouble& each) { return each.fault == fault; });
}

void Zone::trouble(NameAnswer& answer, const std::string& asker, const std::string& question, std::uint64_t nth) const {
  const auto concerns = [&](const NameTrouble& each) {
    return (each.asker.empty() || each.asker == canonical(asker)) && (each.about.empty() || each.about == question);
  };
  Duration slower{};
  bool failed = false;
  for (const NameTrouble& each : troubles_) {
    if (!concerns(each)) continue;
    Duration more{};
    if (each.slower_max > Duration::zero()) {
      const RandomStream random(seed_, "fault " + each.name, asker + '\0' + question);
      more = uniform_latency(each.slower_min, each.slower_max, random.at(nth));
    }
    slower += more;
    if (each.failure || more > Duration::zero()) answer.faults.push_back(each.fault);
    if (!each.failure || std::exchange(failed, true)) continue;
    if (outlasts(each)) {
      answer.latency += NameFault::kAttempt;
      continue;
    }
    answer.error = each.failure->error;
    if (each.failure->after > Duration::zero()) answer.latency = each.failure->after;
  }
  answer.latency += slower;
  // What a fault affects is a query, even in a zone that answers at once: its answer is what the fault is a cause of.
  if (!answer.faults.empty()) answer.latency = std::max<Duration>(answer.latency, std::chrono::microseconds(1));
}

// A query of now whose first attempt is lost, and whose second one comes when servers answer again.
bool Zone::outlasts(const NameTrouble& trouble) const {
  if (clock_ == nullptr || !trouble.ends || trouble.failure->after != NameFault::timeout().after) return false;
  return *trouble.ends <= clock_->now() + NameFault::kAttempt;
}

NameAnswer Zone::query(std::string_view asker, const std::string& question) {
  const std::pair key(std::string(asker), question);
  auto found = latencies_.find(key);
  if (found == latencies_.end()) {
    const std::string entity = key.first + '\0' + question;
    found = latencies_.emplace(key, RandomStream(seed_, "name query", entity)).first;
  }
  const std::uint64_t nth = found->second.drawn();
  NameAnswer answer{.latency = found->second.between(latency_min_, latency_max_)};
  const auto fault = faults_.find(question);
  if (fault != faults_.end() || fault_of_all_) {
    const NameFault& how = fault != faults_.end() ? fault->second : *fault_of_all_;
    answer.error = how.error;
    if (how.after > Duration::zero()) answer.latency = how.after;
  }
  if (!troubles_.empty()) trouble(answer, key.first, question, nth);
  return answer;
}

// The lines of a Debian machine's /etc/hosts, hosts(5), come before any name server (nsswitch.conf(5): "files dns").
NameAnswer Zone::addresses_of(std::string_view asker, std::string_view name) {
  const std::string wanted = canonical(name);
  if (wanted == "localhost") return {.name = wanted, .addresses = {kLoopback, kLoopback6}};
  if (wanted == "ip6-localhost" || wanted == "ip6-loopback") return {.name = "localhost", .addresses = {kLoopback6}};
  const auto found = records_.find(wanted);
  if (wanted == canonical(asker) && found != records_.end()) return {.name = wanted, .addresses = found->second};
  NameAnswer answer = query(asker, wanted);
  if (answer.error != NameError::none) return answer;
  if (found == records_.end()) {
    answer.error = NameError::unknown;
    return answer;
  }
  answer.name = wanted;
  answer.addresses = found->second;
  return answer;
}

NameAnswer Zone::name_of(std::string_view asker, Ip address) {
  if (address == kLoopback || address == kLoopback6) return {.name = "localhost", .addresses = {address}};
  const auto found = names_.find(address);
  if (found != names_.end() && found->second == canonical(asker))
    return {.name = found->second, .addresses = {address}};
  NameAnswer answer = query(asker, to_string(address));
  if (answer.error != NameError::none) return answer;
  if (found == names_.end()) {
    answer.error = NameError::unknown;
    return answer;
  }
  answer.name = found->second;
  answer.addresses = {address};
  return answer;
}

// ---- the order of destinations ----

namespace {

// The policy table, default_precedence in glibc's getaddrinfo.c. Loopback comes first, then IPv6, then IPv4.
int precedence(Ip ip) {
  if (ip.is_v4()) return 10;                           // ::ffff:0:0/96
  if (ip.high() == 0) return ip.low() == 1 ? 50 : 20;  // ::1/128, ::/96
  return ip.high() >> 48 == 0x2002 ? 30 : 40;          // 2002::/16, ::/0
}

// RFC 6724, 3.1 and 3.2: what is local to the host or the link has a smaller scope than the rest.
int scope(Ip ip) {
  constexpr int kLinkLocal = 2;
  constexpr int kGlobal = 14;
  if (ip.is_loopback()) return kLinkLocal;
  const bool link_local = ip.is_v4() ? ip.v4() >> 16 == 0xA9FE : ip.high() >> 54 == 0xFE80 >> 6;
  return link_local ? kLinkLocal : kGlobal;
}

// How many bits, from the lowest, differ: fewer is a longer common prefix. glibc compares IPv4 addresses only within
// the network of the source, here 10.0.0.0/8.
int differing_bits(Ip destination, Ip source) {
  constexpr std::uint32_t kNetmask = 0xFF000000;
  if (destination.is_v4()) {
    const std::uint32_t differ = destination.v4() ^ source.v4();
    return (differ & kNetmask) == 0 ? static_cast<int>(std::bit_width(differ)) : 0;
  }
  const std::uint64_t high = destination.high() ^ source.high();
  const std::uint64_t low = destination.low() ^ source.low();
  return static_cast<int>(high != 0 ? 64 + std::bit_width(high) : std::bit_width(low));
}

}  // namespace

std::vector<Ip> in_order_of_preference(std::vector<Ip> destinations, const std::function<Ip(Ip)>& source) {
  // Rules 6, 8, 9 and 10. Every destination has a source of its own family, scope and label here, so that rules 1 to 5
  // and 7 do not tell any two apart.
  std::ranges::stable_sort(destinations, [&](Ip a, Ip b) {
    if (precedence(a) != precedence(b)) return precedence(a) > precedence(b);
    if (scope(a) != scope(b)) return scope(a) < scope(b);
    return differing_bits(a, source(a)) < differing_bits(b, source(b));  // of one family: the precedence is the same
  });
  return destinations;
}

// ---- services and protocols ----

namespace {

constexpr Service kServices[] = {
    {"echo", 7, "tcp"},
    {"echo", 7, "udp"},
    {"daytime", 13, "tcp"},
    {"daytime", 13, "udp"},
    {"ftp-data", 20, "tcp"},
    {"ftp", 21, "tcp"},
    {"ssh", 22, "tcp"},
    {"telnet", 23, "tcp"},
    {"smtp", 25, "tcp", {"mail"}},
    {"time", 37, "tcp", {"timserver"}},
    {"time", 37, "udp", {"timserver"}},
    {"domain", 53, "tcp"},
    {"domain", 53, "udp"},
    {"bootps", 67, "udp"},
    {"bootpc", 68, "udp"},
    {"tftp", 69, "udp"},
    {"http", 80, "tcp", {"www"}},
    {"kerberos", 88, "tcp", {"kerberos5", "krb5", "kerberos-sec"}},
    {"kerberos", 88, "udp", {"kerberos5", "krb5", "kerberos-sec"}},
    {"pop3", 110, "tcp", {"pop-3"}},
    {"sunrpc", 111, "tcp", {"portmapper"}},
    {"sunrpc", 111, "udp", {"portmapper"}},
    {"ntp", 123, "udp"},
    {"netbios-ns", 137, "udp"},
    {"netbios-ssn", 139, "tcp"},
    {"imap2", 143, "tcp", {"imap"}},
    {"snmp", 161, "tcp"},
    {"snmp", 161, "udp"},
    {"snmp-trap", 162, "tcp", {"snmptrap"}},
    {"snmp-trap", 162, "udp", {"snmptrap"}},
    {"bgp", 179, "tcp"},
    {"ldap", 389, "tcp"},
    {"ldap", 389, "udp"},
    {"https", 443, "tcp"},
    {"https", 443, "udp"},
    {"submissions", 465, "tcp", {"ssmtp", "smtps", "urd"}},
    {"isakmp", 500, "udp"},
    {"rtsp", 554, "tcp"},
    {"rtsp", 554, "udp"},
    {"ipp", 631, "tcp"},
    {"syslog", 514, "udp"},
    {"submission", 587, "tcp"},
    {"ldaps", 636, "tcp"},
    {"ldaps", 636, "udp"},
    {"domain-s", 853, "tcp"},
    {"domain-s", 853, "udp"},
    {"rsync", 873, "tcp"},
    {"ftps", 990, "tcp"},
    {"imaps", 993, "tcp"},
    {"pop3s", 995, "tcp"},
    {"socks", 1080, "tcp"},
    {"openvpn", 1194, "tcp"},
    {"openvpn", 1194, "udp"},
    {"ms-sql-s", 1433, "tcp"},
    {"radius", 1812, "tcp"},
    {"radius", 1812, "udp"},
    {"nfs", 2049, "tcp"},
    {"nfs", 2049, "udp"},
    {"mysql", 3306, "tcp"},
    {"epmd", 4369, "tcp"},
    {"sip", 5060, "tcp"},
    {"sip", 5060, "udp"},
    {"sip-tls", 5061, "tcp"},
    {"sip-tls", 5061, "udp"},
    {"xmpp-client", 5222, "tcp", {"jabber-client"}},
    {"xmpp-server", 5269, "tcp", {"jabber-server"}},
    {"mdns", 5353, "udp"},
    {"postgresql", 5432, "tcp", {"postgres"}},
    {"amqps", 5671, "tcp"},
    {"amqp", 5672, "tcp"},
    {"redis", 6379, "tcp"},
    {"http-alt", 8080, "tcp", {"webcache"}},
    {"git", 9418, "tcp"},
};

// /etc/protocols of netbase 6.4, of what can be carried by IP here or is often asked for.
constexpr Protocol kProtocols[] = {
    {"ip", 0, "IP"},
    {"icmp", 1, "ICMP"},
    {"igmp", 2, "IGMP"},
    {"tcp", 6, "TCP"},
    {"udp", 17, "UDP"},
    {"ipv6", 41, "IPv6"},
    {"ipv6-icmp", 58, "IPv6-ICMP"},
    {"sctp", 132, "SCTP"},
};

bool is_called(const Service& service, std::string_view name) {
  return name == service.name ||
         std::ranges::any_of(service.aliases, [&](const char* alias) { return alias != nullptr && name == alias; });
}

template <typename Matches>
const Service* first_service(std::string_view protocol, Matches matches) {
  const auto* found = std::ranges::find_if(kServices, [&](const Service& service) {
    return (protocol.empty() || protocol == service.protocol) && matches(service);
  });
  return found == std::end(kServices) ? nullptr : found;
}

}  // namespace

std::span<const Service> services() { return kServices; }
std::span<const Protocol> protocols() { return kProtocols; }

const Service* find_service(std::string_view name, std::string_view protocol) {
  return first_service(protocol, [&](const Service& service) { return is_called(service, name); });
}

const Service* find_service(std::uint16_t port, std::string_view protocol) {
  return first_service(protocol, [&](const Service& service) { return service.port == port; });
}

}  // namespace stillpoint::net
