// The virtual zone: who is found under which name, after how long, and in which order.
#include "sim-core/net/names.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

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
