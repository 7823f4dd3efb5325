#include "system-under-test/plaza/daemon/config.hpp"

#include <catch2/catch.hpp>
#include <string>

#include "system-under-test/plaza/daemon/values.hpp"
#include "tests/plaza/daemon/processes.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

namespace {

constexpr const char* kWhole = R"(
[node]
id = 2
cluster = "box-office"
data = "/var/lib/plaza"

[listen]
clients = "0.0.0.0:7127"
peers = "[::1]:7128"

[peers]
1 = "node-1.example:7118"
"3" = "[::1]:7138"

[tokens]
key = "00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF"

[log]
file = "/var/log/plaza.log"
level = "debug"

[timing]
tick = "20ms"
election_ticks = 15
commit_delay = "0s"
flush_interval = "2s"
payment_delay = "1.5s"
push_interval = "100ms"
request_deadline = "8s"
idle_timeout = "1m"
drain_timeout = "1h"

[limits]
log_keep = 500
waiting = 600
sessions = 700
requests_in_progress = 8
requests_per_second = 0
requests_burst = 9
watches = 10
outbound_messages = 11
outbound_bytes = 65536

[[event]]
name = "concert"
capacity = 100

[[event]]
name = "stand"
capacity = 1000000
seated = false
hold_ttl = "5m"
payment_ttl = "250us"
offer_ttl = "2h"
)";

std::string complaint(const std::string& text) {
  Config config;
  try {
    read_config(config, text, "node.toml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a configuration file says everything", "[plaza][daemon]") {
  Config config;
  read_config(config, kWhole, "node.toml");
  const ReplicaConfig& replica = config.node.replica;
  const GatewayConfig& gateway = config.node.gateway;
  CHECK(replica.node == 2);
  CHECK(replica.cluster == "box-office");
  CHECK(replica.data_folder == "/var/lib/plaza");
  CHECK(gateway.listen_on == boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("0.0.0.0"), 7127));
  CHECK(replica.listen_on == boost::asio::ip::tcp::endpoint(boost::asio::ip::make_address("::1"), 7128));
  REQUIRE(replica.peers.size() == 2);
  CHECK(replica.peers.at(1).host == "node-1.example");
  CHECK(replica.peers.at(1).port == 7118);
  CHECK(replica.peers.at(3).host == "::1");
  CHECK(config.peer_places.at(3) == "node.toml:13: peers");
  REQUIRE(gateway.token_key);
  CHECK(to_hex(*gateway.token_key) == "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
  CHECK(config.log_file == "/var/log/plaza.log");
  CHECK(config.log_level == LogLevel::debug);
  CHECK(replica.tick == 20ms);
  CHECK(replica.election_ticks == 15);
  CHECK(replica.commit_delay == 0s);
  CHECK(replica.flush_interval == 2s);
  CHECK(gateway.payments.delay == 1500ms);
  CHECK(gateway.push_interval == 100ms);
  CHECK(gateway.request_deadline == 8s);
  CHECK(gateway.idle_timeout == 1min);
  CHECK(config.drain_timeout == 1h);
  CHECK(replica.log_keep == 500);
  CHECK(replica.waiting_most == 600);
  CHECK(gateway.sessions_most == 700);
  CHECK(gateway.requests_in_progress_most == 8);
  CHECK(gateway.requests.per_second == 0);
  CHECK(gateway.requests.burst == 9);
  CHECK(gateway.watches_most == 10);
  CHECK(gateway.outbound_messages_most == 11);
  CHECK(gateway.outbound_bytes_most == 65536);
  REQUIRE(config.node.events.size() == 2);
  CHECK(config.node.events[0] == tickets::Open{.event = "concert", .capacity = 100});
  CHECK(config.node.events[1] == tickets::Open{.event = "stand",
                                               .capacity = 1'000'000,
                                               .seated = false,
                                               .hold_ttl = 5min,
                                               .payment_ttl = 250us,
                                               .offer_ttl = 2h});
}

TEST_CASE("a file that says nothing changes nothing", "[plaza][daemon]") {
  const auto text = GENERATE(values<std::string>({"", "# nothing\n", "[node]\n[peers]\n", "event = []\n"}));
  Config config;
  read_config(config, text, "node.toml");
  CHECK(config.node.replica.node == 1);
  CHECK(config.node.gateway.listen_on.port() == 7117);
  CHECK(config.node.replica.listen_on.port() == 7118);
  CHECK(config.node.events.empty());
}

TEST_CASE("what is wrong with a file is said in one line, with its place", "[plaza][daemon]") {
  struct Case {
    std::string text;
    std::string complaint;
  };
  const auto c = GENERATE(values<Case>({
      {"[peers]\n\"2x\" = \"a:1\"", "node.toml:2: peers: '2x' is no node's number (1 or more)"},
      {"[peers]\n0 = \"a:1\"", "node.toml:2: peers: '0' is no node's number (1 or more)"},
      {"[peers]\n02 = \"a:1\"", "node.toml:2: peers: '02' is no node's number (1 or more)"},
      {"[peers]\n4294967296 = \"a:1\"", "node.toml:2: peers: '4294967296' is no node's number (1 or more)"},
      {"[peers]\n2 = \"a\"",
       "node.toml:2: peers: 'a' is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118"},
      {"[peers]\n2 = \"::1:7118\"",
       "node.toml:2: peers: '::1:7118' is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118"},
      {"[peers]\n2 = \":7118\"",
       "node.toml:2: peers: ':7118' is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118"},
      {"[peers]\n2 = \"a:0\"",
       "node.toml:2: peers: 'a:0' is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118"},
      {"[peers]\n2 = \"a:65536\"",
       "node.toml:2: peers: 'a:65536' is no node's address; one is written node-2.example:7118 or 10.0.0.2:7118"},
      {"[peers]\n2 = 7118", "node.toml:2: peers: is a number, not a text"},
      {"peers = [\"a:1\"]", "node.toml:1: peers: is a list, not a table"},
      {"[nod]\nid = 1", "node.toml:1: there is no 'nod'. Did you mean 'node'?"},
      {"[zebra]", "node.toml:1: there is no 'zebra'."},
      {"node = 1", "node.toml:1: node: is a number, not a table"},
      {"[node]\nclutser = \"a\"", "node.toml:2: node: there is no 'clutser'. Did you mean 'cluster'?"},
      {"[node]\nid = \"1\"", "node.toml:2: node.id: is a text, not a number"},
      {"[node]\nid = 1.0", "node.toml:2: node.id: is a number with a fraction, not a number"},
      {"[node]\nid = -1", "node.toml:2: node.id: '-1' is no node's number (1 or more)"},
      {"[node]\ncluster = \"\"",
       "node.toml:2: node.cluster: '' is no name: it has 1 to 64 bytes, and no control characters"},
      {"[node]\ndata = true", "node.toml:2: node.data: is true or false, not a text"},
      {"[listen]\nclients = \"localhost:7117\"",
       "node.toml:2: listen.clients: 'localhost:7117' is no address to listen on; one is written 127.0.0.1:7117 or "
       "[::1]:7117"},
      {"[tokens]\nkey = \"00ff\"", "node.toml:2: tokens.key: '00ff' is no public key, which has 64 hexadecimal digits"},
      {"[log]\nlevel = \"wran\"",
       "node.toml:2: log.level: 'wran' is none of debug, info, warn and error. Did you mean 'warn'?"},
      {"[timing]\ntick = 50", "node.toml:2: timing.tick: is a number, not a text"},
      {"[timing]\ntick = \"50\"",
       "node.toml:2: timing.tick: '50' is no duration; one is written 30s, 1.5s, 250ms, 10m or 2h"},
      {"[timing]\ntick = \"0s\"", "node.toml:2: timing.tick: '0s' is not from 1ms to 10s"},
      {"[timing]\ntick = \"99999999999h\"", "node.toml:2: timing.tick: '99999999999h' is not from 1ms to 10s"},
      {"[timing]\nhold_ttl = \"1s\"", "node.toml:2: timing: there is no 'hold_ttl'."},
      {"[limits]\nsessions = 0", "node.toml:2: limits.sessions: '0' is no number from 1 to 1000000"},
      {"[event]\nname = \"a\"", "node.toml:1: event: there may be several: one is written [[event]]"},
      {"event = [1]", "node.toml:1: event: is a number, not a table"},
      {"\n[[event]]\ncapacity = 1", "node.toml:2: event: it has no name"},
      {"\n[[event]]\nname = \"a\"", "node.toml:2: event: it has no capacity"},
      {"[[event]]\nname = \"a\"\ncapacity = 0", "node.toml:3: event.capacity: '0' is no number from 1 to 1000000"},
      {"[[event]]\nseated = 1", "node.toml:2: event.seated: is a number, not true or false"},
      {"[[event]]\nholdttl = \"1s\"", "node.toml:2: event: there is no 'holdttl'. Did you mean 'hold_ttl'?"},
      {"[[event]]\nname = \"a\"\ncapacity = 1\n[[event]]\nname = \"a\"\ncapacity = 1",
       "node.toml:4: event: there is another one of the name 'a'"},
      {"[node]\ncluster = \"\\u0000\"", "node.toml:2: node.cluster: has a control character"},
      {"[node]\ndata = \"n1\\u0000x\"", "node.toml:2: node.data: has a control character"},
      {"[listen]\nclients = \"127.0.0.1:1\\u0000\"", "node.toml:2: listen.clients: has a control character"},
      {"[peers]\n2 = \"a\\nb:1\"", "node.toml:2: peers: has a control character"},
      {"[tokens]\nkey = \"a\\u0000b\"", "node.toml:2: tokens.key: has a control character"},
      {"[log]\nfile = \"n1.log\\u0000x\"", "node.toml:2: log.file: has a control character"},
      {"[log]\nfile = \"n1\\u007f\"", "node.toml:2: log.file: has a control character"},
      {"[timing]\ntick = \"1s\\u0000\"", "node.toml:2: timing.tick: has a control character"},
      {"[[event]]\nname = \"a\\u0000b\"", "node.toml:2: event.name: has a control character"},
      {"\n\"n\\u0000\" = 1", "node.toml:2: a key has a control character"},
      {"[node]\n\"id\\u0000\" = 1", "node.toml:2: node: a key has a control character"},
      {"[peers]\n\"2\\u0000\" = \"a:1\"", "node.toml:2: peers: a key has a control character"},
      {std::string(40'000, '#'), "node.toml: is larger than 32768 bytes"},
  }));
  CHECK(complaint(c.text) == c.complaint);
}

TEST_CASE("of what is no TOML at all the line is said", "[plaza][daemon]") {
  const std::string twice = complaint("[node]\nid = 1\nid = 2");
  CHECK(twice.starts_with("node.toml:3: "));
  CHECK(twice.find("cannot redefine existing integer 'id'") != std::string::npos);
  CHECK(complaint("\n[node\n").starts_with("node.toml:2: "));
  CHECK(complaint("a = \xff").starts_with("node.toml:1: "));
}

TEST_CASE("a file that is nested as deeply as its size allows is refused or read", "[plaza][daemon]") {
  std::string dots = "a";
  while (dots.size() < 32'000) dots += ".a";
  CHECK(complaint(dots + " = 1") == "node.toml:1: there is no 'a'.");
  CHECK_FALSE(complaint("a = " + std::string(32'000, '[')).empty());
}

TEST_CASE("a file that cannot be read is named", "[plaza][daemon]") {
  Config config;
  CHECK_THROWS_WITH(read_config_file(config, "/nowhere/node.toml"),
                    "/nowhere/node.toml: cannot be read: No such file or directory");
  CHECK_THROWS_WITH(read_config_file(config, "/tmp"), "/tmp: is a folder");
  CHECK_THROWS_WITH(read_config_file(config, "/dev/zero"), "/dev/zero: is larger than 32768 bytes");
}

TEST_CASE("durations are read and written", "[plaza][daemon]") {
  struct Case {
    std::string text;
    std::chrono::microseconds duration;
    std::string written;
  };
  const auto c = GENERATE(values<Case>({
      {"0s", 0us, "0s"},
      {"1us", 1us, "1us"},
      {"1.5ms", 1500us, "1500us"},
      {"90s", 90s, "90s"},
      {"0.000001s", 1us, "1us"},
      {"1.25h", 75min, "75m"},
      {"120m", 2h, "2h"},
  }));
  CHECK(parse_duration(c.text, {.least = 0us, .most = 24h}) == c.duration);
  CHECK(duration_text(c.duration) == c.written);
}

TEST_CASE("what is no duration is not taken for one", "[plaza][daemon]") {
  const auto bad = GENERATE(values<std::string>(
      {"", "s", "1", "1 s", "-1s", "+1s", "1d", "1.s", ".5s", "1.5.5s", "1.5us", "1.0000001s", "1e3s", "01s"}));
  CHECK_THROWS_AS(parse_duration(bad, {.least = 0us, .most = 24h}), BadValue);
}
