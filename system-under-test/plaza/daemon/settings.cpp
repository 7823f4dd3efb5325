#include "system-under-test/plaza/daemon/settings.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "system-under-test/plaza/daemon/values.hpp"

namespace plaza {

namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using Text = std::string_view;

constexpr auto kNumber = ValueKind::number;

std::size_t count(Text text, std::uint64_t least, std::uint64_t most) {
  return static_cast<std::size_t>(parse_number(text, {.least = least, .most = most}));
}

microseconds time(Text text, microseconds least, microseconds most) {
  return parse_duration(text, {.least = least, .most = most});
}

PublicKey public_key(Text text) {
  const auto key = parse_public_key(text);
  if (!key) throw BadValue("'" + std::string(text) + "' is no public key, which has 64 hexadecimal digits");
  return *key;
}

LogLevel log_level(Text text) {
  const auto level = find_log_level(text);
  if (level) return *level;
  static constexpr std::array<Text, 4> kNames{"debug", "info", "warn", "error"};
  throw BadValue("'" + std::string(text) + "' is none of debug, info, warn and error." + did_you_mean(text, kNames));
}

LogTime ttl(Text text) { return time(text, microseconds(1), tickets::kTtlMost); }

const std::array kConfig{
    Setting<Config>{"node", "id", "--node", "N", "This node's number, from 1 on", kNumber,
                    [](Config& c, Text text) { c.node.replica.node = parse_node(text); }},
    Setting<Config>{"node",
                    "cluster",
                    "--cluster",
                    "NAME",
                    "The cluster's name, which all nodes must agree on",
                    {},
                    [](Config& c, Text text) { c.node.replica.cluster = parse_name(text); }},
    Setting<Config>{"node",
                    "data",
                    "--data",
                    "DIR",
                    "Folder for node.db, which must be there",
                    {},
                    [](Config& c, Text text) { c.node.replica.data_folder = text; }},
    Setting<Config>{"listen",
                    "clients",
                    "--listen",
                    "ADDRESS:PORT",
                    "Where clients connect; port 0: any that is free",
                    {},
                    [](Config& c, Text text) { c.node.gateway.listen_on = parse_listen(text); }},
    Setting<Config>{"listen",
                    "peers",
                    "--peer-listen",
                    "ADDRESS:PORT",
                    "Where the other nodes connect",
                    {},
                    [](Config& c, Text text) { c.node.replica.listen_on = parse_listen(text); }},
    Setting<Config>{"tokens",
                    "key",
                    "--token-key",
                    "HEX",
                    "Public key of those who sign tokens; none: users are believed",
                    {},
                    [](Config& c, Text text) { c.node.gateway.token_key = public_key(text); }},
    Setting<Config>{"log",
                    "file",
                    "--log",
                    "FILE",
                    "Where to write the log, instead of to standard output",
                    {},
                    [](Config& c, Text text) { c.log_file = text; }},
    Setting<Config>{"log",
                    "level",
                    "--log-level",
                    "LEVEL",
                    "debug, info, warn or error",
                    {},
                    [](Config& c, Text text) { c.log_level = log_level(text); }},

    Setting<Config>{"timing",
                    "tick",
                    "--tick",
                    "DURATION",
                    "Of consensus: heartbeats; ten of them are an election time-out",
                    {},
                    [](Config& c, Text text) { c.node.replica.tick = time(text, milliseconds(1), seconds(10)); }},
    Setting<Config>{
        "timing", "election_ticks", "", "N", "", kNumber,
        [](Config& c, Text text) { c.node.replica.election_ticks = static_cast<unsigned>(count(text, 3, 1000)); }},
    Setting<Config>{"timing",
                    "commit_delay",
                    "--commit-delay",
                    "DURATION",
                    "How long a leader gathers what it then commits",
                    {},
                    [](Config& c, Text text) { c.node.replica.commit_delay = time(text, {}, seconds(1)); }},
    Setting<Config>{
        "timing",
        "flush_interval",
        "",
        "DURATION",
        "",
        {},
        [](Config& c, Text text) { c.node.replica.flush_interval = time(text, milliseconds(1), minutes(10)); }},
    Setting<Config>{"timing",
                    "payment_delay",
                    "--payment-delay",
                    "DURATION",
                    "How long a payment takes",
                    {},
                    [](Config& c, Text text) { c.node.gateway.payments.delay = time(text, {}, hours(1)); }},
    Setting<Config>{"timing",
                    "push_interval",
                    "--push-interval",
                    "DURATION",
                    "Least time between two pushes of a topic",
                    {},
                    [](Config& c, Text text) { c.node.gateway.push_interval = time(text, {}, minutes(10)); }},
    Setting<Config>{
        "timing",
        "request_deadline",
        "",
        "DURATION",
        "",
        {},
        [](Config& c, Text text) { c.node.gateway.request_deadline = time(text, milliseconds(10), hours(1)); }},
    Setting<Config>{
        "timing",
        "idle_timeout",
        "",
        "DURATION",
        "",
        {},
        [](Config& c, Text text) { c.node.gateway.idle_timeout = time(text, milliseconds(100), hours(24)); }},
    Setting<Config>{"timing",
                    "drain_timeout",
                    "--drain-timeout",
                    "DURATION",
                    "How long the end may take after SIGTERM",
                    {},
                    [](Config& c, Text text) { c.drain_timeout = time(text, {}, hours(1)); }},

    Setting<Config>{"limits", "log_keep", "--log-keep", "N",
                    "Entries that another node may lack without needing a snapshot", kNumber,
                    [](Config& c, Text text) { c.node.replica.log_keep = count(text, 10, 100'000'000); }},
    Setting<Config>{"limits", "waiting", "", "N", "", kNumber,
                    [](Config& c, Text text) { c.node.replica.waiting_most = count(text, 1, 10'000'000); }},
    Setting<Config>{"limits", "sessions", "", "N", "", kNumber,
                    [](Config& c, Text text) { c.node.gateway.sessions_most = count(text, 1, 1'000'000); }},
    Setting<Config>{"limits", "requests_in_progress", "", "N", "", kNumber,
                    [](Config& c, Text text) { c.node.gateway.requests_in_progress_most = count(text, 1, 100'000); }},
    Setting<Config>{"limits", "requests_per_second", "", "N", "", kNumber,
                    [](Config& c, Text text) {
                      c.node.gateway.requests.per_second = static_cast<std::uint32_t>(count(text, 0, 1'000'000));
                    }},
    Setting<Config>{"limits", "requests_burst", "", "N", "", kNumber,
                    [](Config& c, Text text) {
                      c.node.gateway.requests.burst = static_cast<std::uint32_t>(count(text, 1, 1'000'000));
                    }},
    Setting<Config>{"limits", "watches", "", "N", "", kNumber,
                    [](Config& c, Text text) { c.node.gateway.watches_most = count(text, 0, 10'000); }},
    Setting<Config>{"limits", "outbound_messages", "", "N", "", kNumber,
                    [](Config& c, Text text) { c.node.gateway.outbound_messages_most = count(text, 1, 1'000'000); }},
    Setting<Config>{"limits", "outbound_bytes", "", "N", "", kNumber,
                    [](Config& c, Text text) {
                      c.node.gateway.outbound_bytes_most = count(text, 16 * 1024, std::uint64_t{1} << 32);
                    }},
};

const std::array kEvent{
    Setting<tickets::Open>{
        "event", "name", "", "", "", {}, [](tickets::Open& event, Text text) { event.event = parse_name(text); }},
    Setting<tickets::Open>{"event", "capacity", "", "", "", kNumber,
                           [](tickets::Open& event, Text text) {
                             event.capacity = static_cast<std::uint32_t>(count(text, 1, tickets::kCapacityMost));
                           }},
    Setting<tickets::Open>{"event", "seated", "", "", "", ValueKind::truth,
                           [](tickets::Open& event, Text text) { event.seated = parse_bool(text); }},
    Setting<tickets::Open>{
        "event", "hold_ttl", "", "", "", {}, [](tickets::Open& event, Text text) { event.hold_ttl = ttl(text); }},
    Setting<tickets::Open>{
        "event", "payment_ttl", "", "", "", {}, [](tickets::Open& event, Text text) { event.payment_ttl = ttl(text); }},
    Setting<tickets::Open>{
        "event", "offer_ttl", "", "", "", {}, [](tickets::Open& event, Text text) { event.offer_ttl = ttl(text); }},
};

}  // namespace

std::span<const Setting<Config>> config_settings() { return kConfig; }

std::span<const Setting<tickets::Open>> event_settings() { return kEvent; }

void set_event(Config& config, tickets::Open event) {
  auto& events = config.node.events;
  const auto found = std::ranges::find(events, event.event, &tickets::Open::event);
  if (found == events.end()) {
    events.push_back(std::move(event));
  } else {
    *found = std::move(event);
  }
}

void set_peer(Config& config, raft::NodeId node, peer::MeshConfig::Address address, const std::string& place) {
  config.node.replica.peers.insert_or_assign(node, std::move(address));
  config.peer_places.insert_or_assign(node, place);
}

}  // namespace plaza
