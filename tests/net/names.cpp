// The virtual zone: who is found under which name, after how long, and in which order.
#include "sim-core/net/names.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;

namespace {

constexpr Ip kPlaza{0x0A000001};
constexpr Ip kUser{0x0A000002};

Zone zone(std::uint64_t seed = 1) {
  Zone made(seed);
  made.add_host("plaza-1", kPlaza);
  made.add_host("user", kUser);
  return made;
}

std::string text_of(const NameAnswer& answer) {
  if (answer.error != NameError::none) return "error " + std::to_string(static_cast<int>(answer.error));
  std::string text = answer.name;
  for (const Ip ip : answer.addresses) text += ' ' + to_string(ip);
  return text;
}

constexpr const char* kFound = "plaza-1 10.0.0.1 fd00::a00:1";
constexpr const char* kUnknown = "error 1";
constexpr const char* kTryAgain = "error 3";

std::string ordered(std::vector<Ip> destinations) {
  const auto source = [](Ip ip) {
    if (ip.is_loopback()) return ip;
    return ip.is_v4() ? kUser : v6_of(kUser);
  };
  std::string text;
  for (const Ip ip : in_order_of_preference(std::move(destinations), source)) text += to_string(ip) + ' ';
  return text;
}

Ip ip(const char* text) { return *parse_ip(text); }

}  // namespace

TEST_CASE("a host is found under its name, whatever the case, with both its addresses") {
  Zone names = zone();
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == "plaza-1 10.0.0.1 fd00::a00:1");
  CHECK(text_of(names.addresses_of("user", "Plaza-1.")) == "plaza-1 10.0.0.1 fd00::a00:1");
  CHECK(text_of(names.addresses_of("user", "plaza-2")) == kUnknown);
  CHECK(text_of(names.addresses_of("user", "")) == kUnknown);
  CHECK(text_of(names.addresses_of("user", ".")) == kUnknown);
}

TEST_CASE("an address leads back to its first name") {
  Zone names = zone();
  names.add_record("www", kPlaza);
  CHECK(text_of(names.name_of("user", kPlaza)) == "plaza-1 10.0.0.1");
  CHECK(text_of(names.name_of("user", v6_of(kPlaza))) == "plaza-1 fd00::a00:1");
  CHECK(text_of(names.name_of("user", Ip(0x0A000063))) == kUnknown);
  CHECK(text_of(names.name_of("user", kLoopback6)) == "localhost ::1");
}

TEST_CASE("further records come after those that are there") {
  Zone names = zone();
  names.add_record("cluster", kPlaza);
  names.add_record("CLUSTER", kUser);
  CHECK(text_of(names.addresses_of("user", "cluster")) == "cluster 10.0.0.1 10.0.0.2");
}

TEST_CASE("what a machine knows by itself takes no time, and a query does") {
  Zone names = zone();
  CHECK(names.addresses_of("user", "localhost").latency == 0us);
  CHECK(text_of(names.addresses_of("user", "localhost")) == "localhost 127.0.0.1 ::1");
  CHECK(names.addresses_of("user", "USER").latency == 0us);
  CHECK(names.name_of("user", kUser).latency == 0us);
  names.set_latency(3ms, 3ms);
  CHECK(names.addresses_of("user", "plaza-1").latency == 3ms);
  CHECK(names.addresses_of("user", "nobody").latency == 3ms);
  CHECK(names.name_of("user", kPlaza).latency == 3ms);
}

TEST_CASE("latencies are those of the seed, of who asks and of what is asked") {
  Zone names = zone();
  names.set_latency(1ms, 100ms);
  std::vector<Duration> first;
  for (int i = 0; i < 20; ++i) first.push_back(names.addresses_of("user", "plaza-1").latency);
  CHECK(std::set(first.begin(), first.end()).size() > 10);
  for (const Duration latency : first) CHECK((latency >= 1ms && latency <= 100ms && latency % 1us == 0us));

  Zone again = zone();
  again.set_latency(1ms, 100ms);
  std::vector<Duration> second;
  for (int i = 0; i < 20; ++i) {
    again.addresses_of("user", "somebody else");  // shifts nothing
    again.addresses_of("plaza-1", "user");
    second.push_back(again.addresses_of("user", "plaza-1").latency);
  }
  CHECK(first == second);
  Zone other = zone(2);
  other.set_latency(1ms, 100ms);
  CHECK(other.addresses_of("user", "plaza-1").latency != first.front());
}

TEST_CASE("queries fail as they are told, until they are healed") {
  Zone names = zone();
  names.set_latency(1ms, 1ms);
  names.fail("Plaza-1", NameFault::timeout());
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == kTryAgain);
  CHECK(names.addresses_of("user", "plaza-1").latency == 10s);
  CHECK(text_of(names.addresses_of("plaza-1", "user")) == "user 10.0.0.2 fd00::a00:2");
  names.heal("plaza-1");
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == "plaza-1 10.0.0.1 fd00::a00:1");

  names.fail_all({NameError::unknown, 50ms});
  names.fail("plaza-1", {NameError::try_again});
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == kTryAgain);
  CHECK(names.addresses_of("user", "plaza-1").latency == 1ms);
  CHECK(text_of(names.name_of("user", kPlaza)) == kUnknown);
  CHECK(names.name_of("user", kPlaza).latency == 50ms);
  CHECK(text_of(names.addresses_of("user", "localhost")) == "localhost 127.0.0.1 ::1");
  CHECK(text_of(names.addresses_of("user", "user")) == "user 10.0.0.2 fd00::a00:2");
  names.heal_all();
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == "plaza-1 10.0.0.1 fd00::a00:1");
}

TEST_CASE("a fault of the name service slows queries down or makes them fail, whose and about what it says") {
  struct Case {
    const char* what;
    NameTrouble trouble;
    const char* asker;
    const char* name;
    const char* answer;
    Duration took = 1ms;
    bool blamed = true;
  };
  const auto a_case = GENERATE(values<Case>({
      {"all slower", {.slower_min = 4ms, .slower_max = 4ms}, "user", "nobody", kUnknown, 5ms},
      {"all fail", {.failure = NameFault{}}, "user", "plaza-1", kTryAgain},
      {"all time out", {.failure = NameFault::timeout()}, "user", "plaza-1", kTryAgain, 10s},
      {"fail late",
       {.slower_min = 2ms, .slower_max = 2ms, .failure = NameFault{NameError::failed, 7ms}},
       "user",
       "plaza-1",
       "error 4",
       9ms},
      {"whose", {.asker = "User", .failure = NameFault{}}, "user", "plaza-1", kTryAgain},
      {"whose not", {.asker = "another", .failure = NameFault{}}, "user", "plaza-1", kFound, 1ms, false},
      {"about what", {.about = "PLAZA-1.", .failure = NameFault{}}, "user", "plaza-1", kTryAgain},
      {"about what not", {.about = "user", .failure = NameFault{}}, "user", "plaza-1", kFound, 1ms, false},
      {"known without a query", {.failure = NameFault{}}, "user", "user", "user 10.0.0.2 fd00::a00:2", 0ms, false},
      {"not slower", {.slower_min = 0ms, .slower_max = 0ms}, "user", "plaza-1", kFound, 1ms, false},
  }));
  INFO(a_case.what);
  Zone names = zone();
  names.set_latency(1ms, 1ms);
  NameTrouble trouble = a_case.trouble;
  trouble.fault = 7;
  names.add_trouble(trouble);
  const NameAnswer answer = names.addresses_of(a_case.asker, a_case.name);
  CHECK(text_of(answer) == a_case.answer);
  CHECK(answer.latency == a_case.took);
  CHECK(answer.faults == std::vector<EventId>(a_case.blamed ? 1 : 0, 7));

  names.remove_trouble(7);
  const NameAnswer after = names.addresses_of("user", "plaza-1");
  CHECK(text_of(after) == "plaza-1 10.0.0.1 fd00::a00:1");
  CHECK(after.latency == 1ms);
  CHECK(after.faults.empty());
}

TEST_CASE("a query that times out once is tried again, and answered if there are servers again by then") {
  EventQueue queue;
  Zone names(7);
  names.set_clock(queue);
  names.add_host("plaza-1", kPlaza);
  names.set_latency(1ms, 1ms);
  for (const auto& [ends, latency, fails] :
       {std::tuple{VirtualTime(3s), Duration(5s + 1ms), false}, std::tuple{VirtualTime(5s), Duration(5s + 1ms), false},
        std::tuple{VirtualTime(6s), Duration(10s), true}}) {
    names.add_trouble({.fault = 1, .failure = NameFault::timeout(), .ends = ends});
    const NameAnswer answer = names.addresses_of("user", "plaza-1");
    CHECK(answer.latency == latency);
    CHECK((answer.error != NameError::none) == fails);
    names.remove_trouble(1);
  }
}

TEST_CASE("a fault may be about an address, and affects a query that would take no time") {
  Zone names = zone();
  names.set_latency(0us, 0us);
  names.add_trouble({.fault = 7, .about = "10.0.0.1", .failure = NameFault{}});
  CHECK(text_of(names.addresses_of("user", "plaza-1")) == "plaza-1 10.0.0.1 fd00::a00:1");
  CHECK(text_of(names.name_of("user", kPlaza)) == kTryAgain);
  CHECK(names.name_of("user", kPlaza).latency == 1us);
}

TEST_CASE("faults of the name service add up, and leave one by one") {
  Zone names = zone();
  names.set_latency(1ms, 1ms);
  names.add_trouble({.fault = 1, .name = "slow", .slower_min = 4ms, .slower_max = 4ms});
  names.add_trouble({.fault = 2, .name = "fails", .failure = NameFault{NameError::failed}});
  names.add_trouble({.fault = 3, .name = "fails too", .failure = NameFault{NameError::try_again}});
  NameAnswer answer = names.addresses_of("user", "plaza-1");
  CHECK(text_of(answer) == "error 4");
  CHECK(answer.latency == 5ms);
  CHECK(answer.faults == std::vector<EventId>{1, 2, 3});
  names.remove_trouble(2);
  answer = names.addresses_of("user", "plaza-1");
  CHECK(text_of(answer) == kTryAgain);
  CHECK(answer.faults == std::vector<EventId>{1, 3});
  names.remove_trouble(1);
  CHECK(names.addresses_of("user", "plaza-1").latency == 1ms);
}

TEST_CASE("a fault of the name service shifts no latency of the zone, nor of another fault") {
  const auto latencies = [](const std::vector<std::string>& faults) {
    Zone names = zone();
    names.set_latency(1ms, 100ms);
    EventId event = 0;
    for (const std::string& name : faults)
      names.add_trouble({.fault = ++event, .name = name, .slower_min = 1ms, .slower_max = 900ms});
    std::vector<Duration> seen;
    for (int i = 0; i < 20; ++i) seen.push_back(names.addresses_of("user", "plaza-1").latency);
    return seen;
  };
  const auto none = latencies({}), first = latencies({"first"}), second = latencies({"second"});
  const auto both = latencies({"second", "first"});
  std::set<Duration> slower;
  for (std::size_t i = 0; i < none.size(); ++i) slower.insert(first[i] - none[i]);
  CHECK(slower.size() > 10);
  CHECK(first != second);
  for (std::size_t i = 0; i < none.size(); ++i) CHECK(both[i] - first[i] == second[i] - none[i]);
}

TEST_CASE("destinations are ordered as RFC 6724 has it") {
  CHECK(ordered({kLoopback, kLoopback6}) == "::1 127.0.0.1 ");
  CHECK(ordered({kPlaza, v6_of(kPlaza)}) == "fd00::a00:1 10.0.0.1 ");
  CHECK(ordered({kPlaza, kLoopback}) == "127.0.0.1 10.0.0.1 ");  // the smaller scope
  CHECK(ordered({ip("10.128.0.1"), ip("10.0.0.3"), ip("10.0.0.9")}) == "10.0.0.3 10.0.0.9 10.128.0.1 ");
  CHECK(ordered({ip("fd00::b00:1"), ip("fd00::a00:3")}) == "fd00::a00:3 fd00::b00:1 ");
  // Outside of the network the order of the records stays.
  CHECK(ordered({ip("192.0.2.9"), ip("192.0.2.1")}) == "192.0.2.9 192.0.2.1 ");
  CHECK(ordered({ip("2002::1"), ip("2001:db8::1"), ip("192.0.2.1")}) == "2001:db8::1 2002::1 192.0.2.1 ");
}

TEST_CASE("services and protocols are found by name, alias and number") {
  CHECK(find_service("http", "tcp")->port == 80);
  CHECK(find_service("www", "")->port == 80);
  CHECK(find_service("http", "udp") == nullptr);
  CHECK(find_service("HTTP", "") == nullptr);
  CHECK(find_service("ntp", "")->protocol == std::string("udp"));
  CHECK(find_service(53, "")->protocol == std::string("tcp"));
  CHECK(find_service(53, "udp")->name == std::string("domain"));
  CHECK(find_service(1, "") == nullptr);
}

TEST_CASE("services are those of this machine's /etc/services") {
  std::ifstream file("/etc/services");
  std::set<std::string> real;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string name, port, alias, text;
    if (!(words >> name >> port)) continue;
    text = name + ' ' + port;
    while (words >> alias) text += ' ' + alias;
    real.insert(text);
  }
  if (real.empty()) return;  // a machine without netbase
  for (const Service& service : services()) {
    std::string text = std::string(service.name) + ' ' + std::to_string(service.port) + '/' + service.protocol;
    for (const char* alias : service.aliases) {
      if (alias != nullptr) text += ' ' + std::string(alias);
    }
    INFO(text);
    CHECK(real.contains(text));
  }
}
