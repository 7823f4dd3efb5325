#pragma once
// The names of a simulation: what /etc/hosts, a name server, /etc/services and /etc/protocols are to a real machine.
//
// Every host is known under its name, with its IPv4 address and the IPv6 address that belongs to it; further records
// can be added. What a machine knows by itself (localhost, its own name) is answered at once; anything else is a query,
// which takes a latency, drawn from a stream of the asking host and the name, and which can be made to fail.
//
// There are no search domains, no aliases (CNAME) and no time to live: each question is a query of its own.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <stillpoint/ids.hpp>
#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/engine/event_queue.hpp"
#include "sim-core/net/address.hpp"

namespace stillpoint::net {

// Why there is no answer: what netdb.h calls HOST_NOT_FOUND, NO_DATA, TRY_AGAIN and NO_RECOVERY.
enum class NameError : std::uint8_t { none, unknown, no_data, try_again, failed };
std::string_view name_of(NameError error);

// How a query fails, and after how long; zero: after the latency of a query.
struct NameFault {
  NameError error = NameError::try_again;
  Duration after{};
  // No server answers: two attempts of five seconds, the defaults of resolv.conf(5).
  static constexpr Duration kAttempt = std::chrono::seconds(5);
  static constexpr NameFault timeout() { return {NameError::try_again, 2 * kAttempt}; }
};

// What one fault does to the name service. Several add up.
struct NameTrouble {
  EventId fault = kNoEvent;  // its event: the cause of all that it does. It also names the trouble for removal
  std::string name = {};     // its stable name: its random streams hang on it
  std::string asker = {};    // the host whose queries it troubles; empty: those of all
  std::string about = {};    // the name or address that is asked for; empty: any
  // On top of the latency of each query, in whole microseconds.
  Duration slower_min{};
  Duration slower_max{};
  std::optional<NameFault> failure = {};  // of several, the first that was added
  // When it will have ended, if that is known: a query that timed out once, and is tried again after that, is answered.
  std::optional<VirtualTime> ends = {};
};

struct NameAnswer {
  Duration latency{};  // zero: known without a query
  NameError error = NameError::none;
  std::string name = {};  // the canonical one
  std::vector<Ip> addresses = {};
  std::vector<EventId> faults = {};  // those that delay it or make it fail, by their events
};

class Zone {
 public:
  explicit Zone(std::uint64_t seed) : seed_(seed) {}
  // By which it knows when a query is tried again. It outlives the zone.
  void set_clock(const EventQueue& queue) { clock_ = &queue; }

  // How names are compared: two are one if these are equal.
  static std::string canonical(std::string_view name);

  void add_host(std::string_view name, Ip address);
  // One more address of a name, which need not be a host's; it comes after those that are there.
  void add_record(std::string_view name, Ip address);
  // How long a query takes, in whole microseconds.
  void set_latency(Duration min, Duration max);
  // Queries for this name (or address, as to_string() gives it) fail from now on; those of any name. Answers that need
  // no query are given all the same.
  void fail(std::string_view name, NameFault fault) { faults_[canonical(name)] = fault; }
  void fail_all(NameFault fault) { fault_of_all_ = fault; }
  // It does not fail any more; nothing does.
  void heal(std::string_view name) { faults_.erase(canonical(name)); }
  void heal_all();
  // What a fault does to queries that are asked from now on; those that are under way are not affected.
  void add_trouble(NameTrouble trouble);
  // All that this fault does.
  void remove_trouble(EventId fault);

  // What the host of this name learns when it asks for the addresses of `name`. Case does not matter, nor does a dot at
  // the end (RFC 1034, 3.1).
  NameAnswer addresses_of(std::string_view asker, std::string_view name);
  // What it learns when it asks for the name of an address.
  NameAnswer name_of(std::string_view asker, Ip address);

 private:
  // The answer to a question, but for what is asked.
  NameAnswer query(std::string_view asker, const std::string& question);
  // What the troubles make of the answer to the n-th query of this kind.
  void trouble(NameAnswer& answer, const std::string& asker, const std::string& question, std::uint64_t nth) const;

  bool outlasts(const NameTrouble& trouble) const;

  std::uint64_t seed_;
  const EventQueue* clock_ = nullptr;
  std::map<std::string, std::vector<Ip>> records_;
  std::map<Ip, std::string> names_;
  std::map<std::string, NameFault> faults_;
  std::optional<NameFault> fault_of_all_;
  std::vector<NameTrouble> troubles_;  // in the order in which they were added
  Duration latency_min_ = std::chrono::microseconds(500);
  Duration latency_max_ = std::chrono::microseconds(2'000);
  std::map<std::pair<std::string, std::string>, RandomStream> latencies_;  // by who asks for what
};

// The order in which getaddrinfo(3) returns destinations: RFC 6724, 6, as far as it tells these addresses apart, with
// the policy table of glibc's getaddrinfo.c. `source` gives the address that would be used to speak to one.
std::vector<Ip> in_order_of_preference(std::vector<Ip> destinations, const std::function<Ip(Ip)>& source);

// ---- services(5) and protocols(5) ----

struct Service {
  const char* name;
  std::uint16_t port;
  const char* protocol;
  std::array<const char*, 3> aliases = {};  // null after the last
};

struct Protocol {
  const char* name;
  int number;
  const char* alias;
};

// The usual services, as Debian's /etc/services (netbase 6.4) has them, in its order.
std::span<const Service> services();
std::span<const Protocol> protocols();
// By name or alias, and by port; of any protocol if that is empty. Null if there is none. Case matters.
const Service* find_service(std::string_view name, std::string_view protocol);
const Service* find_service(std::uint16_t port, std::string_view protocol);

}  // namespace stillpoint::net
