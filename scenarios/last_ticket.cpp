#include "scenarios/last_ticket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address_v4.hpp>
#include <optional>

#include <stillpoint/error.hpp>

#include "scenarios/cluster_checks.hpp"
#include "system-under-test/plaza/node/node.hpp"

namespace last_ticket {
namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

constexpr std::uint16_t kClientPort = 7117;
constexpr std::uint16_t kPeerPort = 7118;
// Of the node's own disk: where its program starts.
constexpr const char* kDataFolder = "/srv";
// A node that has lost its store ends, and so does one that cannot start: whoever looks after it starts it again.
constexpr Duration kRestart = 100ms;
// How often logs and disks are looked at, where somebody wants to know.
constexpr Duration kSizesEvery = 1min;

class LastTicket final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string& bug) override {
    read_plaza(settings);
    read_users(settings);
    network_.latency_min = settings.duration("network.latency_min", {}, 1ms);
    network_.latency_max = settings.duration("network.latency_max", {.least = network_.latency_min},
                                             std::max<Duration>(network_.latency_min, 8ms));
    between_nodes_.latency_min = settings.duration("network.node_latency_min", {}, 200us);
    between_nodes_.latency_max = settings.duration("network.node_latency_max", {.least = between_nodes_.latency_min},
                                                   std::max<Duration>(between_nodes_.latency_min, 1ms));
    plaza::Bugs bugs;
    if (!bug.empty() && !plaza::switch_on(bugs, bug)) throw Error(fmt::format("plaza has no bug '{}'", bug));
    node_.replica.bugs = bugs;
    node_.gateway.bugs = bugs;
  }

  void build(Simulation& simulation) override {
    simulation_ = &simulation;
    simulation.default_link(network_);
    simulation.label("leader", {});
    cluster_.emplace(simulation, nodes_);
    ledger_.emplace(simulation, Ledger::Bounds{.answer_within = users_.answer_within,
                                               .recover_within = users_.recover_within,
                                               .hold_slack = hold_slack_});
    ledger_->use_events([this](std::uint64_t index) { return cluster_->event_of(index); });
    // Where something stays wrong nobody promises that.
    if (heals()) {
      leads_ = &simulation.liveness("a leader in time");
      caught_up_ = &simulation.liveness("everybody catches up");
    }
    if (leaders_most_ > 0) stable_ = &simulation.liveness("leaders stay");
    if (log_most_ > 0 || disk_most_ > 0) {
      bounded_ = &simulation.safety("logs and disks stay small");
      watch_sizes();
    }
    for (std::uint64_t number = 1; number <= nodes_; ++number) add_node(number);
    for (const HostId from : hosts_) {
      for (const HostId to : hosts_) {
        if (from != to) simulation.link(from, to, between_nodes_);
      }
    }
    add_users();
    if (heals()) watch_for_a_leader();
  }

  void finish(Simulation& simulation) override {
    simulation.measure("answered operations", ledger_->answers());
    if (heals()) {
      // A run that ends before there was time to look is judged by how it ends.
      if (leads_->times() == 0 && cluster_->leader() != 0) leads_->held();
      check_caught_up();
      cluster_remarks();
    }
    if (stable_ != nullptr) check_stable();
    ledger_->finish(newest_machine());
  }

 private:
  void read_plaza(const Settings& settings) {
    nodes_ = settings.count("plaza.nodes", {1, 9}, 3);
    slice_cost_ = settings.duration("plaza.slice_cost", {.most = 1s}, 5us);
    disk_ = disk_options(settings, "disk");
    plaza::tickets::Open event;
    event.event = kEvent;
    event.capacity =
        static_cast<std::uint32_t>(settings.count("tickets.capacity", {1, plaza::tickets::kCapacityMost}, 100));
    event.seated = settings.flag("tickets.seated", true);
    event.hold_ttl = micros(settings.duration("tickets.hold_ttl", {.least = 1ms}, 1s));
    event.payment_ttl = micros(settings.duration("tickets.payment_ttl", {.least = 1ms}, 5s));
    event.offer_ttl = micros(settings.duration("tickets.offer_ttl", {.least = 1ms}, 1s));
    node_.events = {event};
    node_.gateway.payments.delay = settings.duration("tickets.payment_delay", {}, 5ms);
    node_.gateway.push_interval = settings.duration("plaza.push_interval", {.least = 1ms}, 50ms);
    node_.replica.tick = settings.duration("plaza.tick", {.least = 1ms}, 50ms);
    node_.replica.election_ticks = static_cast<unsigned>(settings.count("plaza.election_ticks", {2, 1'000}, 10));
    node_.replica.commit_delay = settings.duration("plaza.commit_delay", {.most = 10s}, 1ms);
    node_.replica.flush_interval = settings.duration("plaza.flush_interval", {}, 1s);
    node_.replica.append_bytes_most = settings.count("plaza.append_bytes", {1, 8'000'000}, 65'536);
    node_.replica.log_keep = settings.count("plaza.log_keep", {10, 10'000'000}, 10'000);
    node_.replica.data_folder = kDataFolder;
    lead_within_ = settings.duration("plaza.lead_within", {.least = 1ms}, 3s);
    hold_slack_ = settings.duration("tickets.hold_slack", {}, 2s);
    settle_ = settings.duration("plaza.settle", {}, 1s);
    leaders_most_ = settings.count("plaza.leaders_most", {0, 1'000'000}, 0);
    log_most_ = settings.count("plaza.log_most", {0, 1'000'000'000}, 0);
    disk_most_ = settings.count("plaza.disk_most", {0, 1'000'000'000'000}, 0);
  }

  void read_users(const Settings& settings) {
    users_.count = settings.count("users.count", {1, 1'000'000}, 1000);
    users_.hosts = settings.count("users.hosts", {1, 10'000}, 4);
    users_.arrive_within = settings.duration("users.arrive_within", {}, 500ms);
    users_.think_min = settings.duration("users.think_min", {.least = 1us}, 20ms);
    users_.think_max =
        settings.duration("users.think_max", {.least = users_.think_min}, std::max<Duration>(users_.think_min, 400ms));
    users_.buy_now = settings.ratio("users.buy_now", Ratio::percent(60));
    users_.give_back = settings.ratio("users.give_back", Ratio::percent(10));
    users_.abandon = settings.ratio("users.abandon", Ratio::percent(10));
    users_.group = settings.ratio("users.group", Ratio::percent(10));
    users_.look = settings.ratio("users.look", Ratio::percent(5));
    users_.wait = settings.ratio("users.wait", Ratio::percent(10));
    users_.patience = settings.duration("users.patience", {}, 2s);
    users_.busy = settings.duration("users.busy", {}, 0s);
    users_.go_without = settings.flag("users.go_without", false);
    users_.answer_within = settings.duration("users.answer_within", {.least = 1ms}, 5s);
    users_.recover_within = settings.duration("users.recover_within", {}, 5s);
    users_.give_up_after = settings.duration("users.give_up_after", {.least = 1ms}, 60s);
  }

  static plaza::LogTime micros(Duration duration) { return std::chrono::duration_cast<plaza::LogTime>(duration); }

  // ---- the nodes ----

  void add_node(std::uint64_t number) {
    const auto id = static_cast<plaza::raft::NodeId>(number);
    const HostId host = simulation_->add_host(
        {.name = name_of(id),
         .role = "plaza",
         .slice_cost = slice_cost_,
         .disk = disk_,
         .start = [this, id](boost::asio::io_context& context) { return start_node(context, id); }});
    hosts_.push_back(host);
    running_.emplace_back();
  }

  static std::string name_of(plaza::raft::NodeId id) { return fmt::format("plaza-{}", id); }

  std::shared_ptr<void> start_node(boost::asio::io_context& context, plaza::raft::NodeId id) {
    plaza::NodeConfig config = node_;
    config.replica.node = id;
    config.replica.listen_on = {boost::asio::ip::address_v4::any(), kPeerPort};
    for (plaza::raft::NodeId peer = 1; peer <= nodes_; ++peer) {
      if (peer != id) config.replica.peers[peer] = {.host = simulation_->address(hosts_[peer - 1]), .port = kPeerPort};
    }
    config.gateway.listen_on = {boost::asio::ip::address_v4::any(), kClientPort};
    cluster_->started(id, hosts_[id - 1]);
    try {
      const auto node = std::make_shared<plaza::Node>(context.get_executor(), std::move(config), hooks(id));
      running_[id - 1] = node;
      return node;
    } catch (const std::exception& error) {  // as plazad does, which says so and exits
      simulation_->note(fmt::format("{} cannot start: {}", name_of(id), error.what()));
      restart_later(id);
      return nullptr;
    }
  }

  void restart_later(plaza::raft::NodeId id) {
    cluster_->ended(id);
    simulation_->at(simulation_->now() + kRestart, [this, host = hosts_[id - 1]] {
      if (!simulation_->is_up(host)) return;  // it has lost its power meanwhile
      simulation_->kill(host);
      simulation_->boot(host);
    });
  }

  // Sees nothing of what a node still does, to the end of its turn, when its power has failed in the midst of it: it
  // has not happened. (Nobody is killed in the midst of a turn here.)
  template <typename Hook>
  auto seen(plaza::raft::NodeId id, Hook hook) {
    return [this, id, hook](const auto&... what) {
      if (!simulation_->is_up(hosts_[id - 1])) return;
      const Observing observing(*simulation_);
      hook(what...);
    };
  }

  plaza::NodeHooks hooks(plaza::raft::NodeId id) {
    plaza::NodeHooks hooks;
    hooks.replica.recovered =
        seen(id, [this, id](const plaza::raft::Stored& stored, const plaza::Machine&, std::uint64_t incarnation) {
          cluster_->recovered(id, stored, incarnation);
        });
    hooks.replica.persisting =
        seen(id, [this, id](const plaza::NodeStore::Batch& batch) { cluster_->persisting(id, batch); });
    hooks.replica.persisted =
        seen(id, [this, id](const plaza::NodeStore::Batch& batch) { cluster_->persisted(id, batch); });
    hooks.replica.role_changed =
        seen(id, [this, id](const plaza::raft::Status& status) { cluster_->role_changed(id, status); });
    hooks.replica.applied = seen(id, [this, id](const plaza::raft::Entry& entry, const plaza::Machine::Applied& applied,
                                                const plaza::Machine& machine) {
      if (cluster_->applied(id, entry, machine.hash()))
        cluster_->names(entry.index, ledger_->applied(applied, machine));
    });
    hooks.replica.installed = seen(id, [this, id](const plaza::raft::Mark& mark, const plaza::Machine& machine) {
      cluster_->installed(id, mark, machine.hash());
    });
    hooks.replica.store_lost = seen(id, [this, id](const std::string& why) {
      simulation_->note(fmt::format("{} has lost its store: {}", name_of(id), why));
      restart_later(id);
    });
    hooks.replica.said =
        seen(id, [this, id](const std::string& line) { simulation_->log(fmt::format("{}: {}", name_of(id), line)); });
    hooks.gateway.received =
        seen(id, [this](const std::string& user, const plaza::Request& request) { ledger_->received(user, request); });
    return hooks;
  }

  // ---- the users ----

  void add_users() {
    std::vector<boost::asio::ip::tcp::endpoint> endpoints;
    for (const HostId host : hosts_)
      endpoints.emplace_back(boost::asio::ip::make_address_v4(simulation_->address(host)), kClientPort);
    shared_.emplace(UserContext{*simulation_, *ledger_, users_, std::move(endpoints), [this] {
                                  if (++done_ == users_.count) everybody_is_done();
                                }});
    for (std::uint64_t host = 0; host < users_.hosts; ++host) {
      simulation_->add_host(
          {.name = fmt::format("users-{}", host + 1),
           .role = "users",
           .start = [this, host](boost::asio::io_context& context) { return start_users(context, host); }});
    }
  }

  // User n sits at host n modulo the number of hosts, so that one user less moves nobody.
  std::shared_ptr<void> start_users(boost::asio::io_context& context, std::uint64_t host) {
    auto users = std::make_shared<std::vector<std::shared_ptr<User>>>();
    for (std::uint64_t number = host; number < users_.count; number += users_.hosts) {
      users->push_back(start_user(context, *shared_, fmt::format("user-{:04}", number)));
    }
    return users;
  }

  // ---- the end ----

  bool heals() const { return simulation_->heals_at() != VirtualTime::max(); }

  // What was wrong is over first, and the slowest node may catch up.
  void everybody_is_done() {
    VirtualTime end = simulation_->now();
    if (heals() && simulation_->heals_at() > VirtualTime{}) end = std::max(end, simulation_->heals_at() + lead_within_);
    simulation_->at(end, [this] { goal_ = cluster_->last_index(); });
    stop_at(end + settle_);
  }

  // Or as soon after it as somebody is up who can be looked at.
  void stop_at(VirtualTime when) {
    simulation_->at(when, [this] {
      if (newest_machine() != nullptr) return simulation_->stop("every user is done");
      stop_at(simulation_->now() + kRestart);
    });
  }

  // When nothing is wrong any more there is a leader in time, whoever asks for anything.
  void watch_for_a_leader() {
    simulation_->at(simulation_->heals_at() + lead_within_, [this] {
      if (cluster_->leader() != 0) return leads_->held();
      leads_->broken({.promised = fmt::format("a leader within {} ms", lead_within_.count() / 1'000'000),
                      .found = "nobody leads"});
    });
  }

  void check_caught_up() {
    if (!goal_) return;
    const std::uint64_t slowest = cluster_->slowest();
    if (slowest >= *goal_) return caught_up_->held();
    caught_up_->broken(
        {.promised = fmt::format("every node has applied entry {}, {} ms later", *goal_, settle_.count() / 1'000'000),
         .found = fmt::format("one is at entry {}", slowest)});
  }

  // Whether a plan's faults are a reason to change leaders so often is for whoever wrote it to say.
  void check_stable() {
    const std::uint64_t leaders = cluster_->changes_of_leader();
    if (leaders <= leaders_most_) return stable_->held();
    stable_->broken({.promised = fmt::format("{} leaders at most, one after the other", leaders_most_),
                     .found = fmt::format("{}", leaders)});
  }

  // What a node keeps must not hang on how long it has run: looked at every so often.
  void watch_sizes() {
    simulation_->at(simulation_->now() + kSizesEvery, [this] {
      std::uint64_t disk = 0;
      for (const HostId host : hosts_) disk = std::max(disk, simulation_->disk_bytes(host));
      check_size(cluster_->longest_log(), log_most_, longest_log_, "entries in a log");
      check_size(disk, disk_most_, fullest_disk_, "bytes on a disk");
      bounded_->remark(
          fmt::format("at most {} entries in a log, {} KiB on a disk", longest_log_, fullest_disk_ / 1024));
      watch_sizes();
    });
  }

  void check_size(std::uint64_t is, std::uint64_t most, std::uint64_t& largest, std::string_view what) {
    largest = std::max(largest, is);
    if (most == 0 || is <= most) return bounded_->held();
    bounded_->broken({.promised = fmt::format("{} {} at most", most, what), .found = fmt::format("{}", is)});
  }

  void cluster_remarks() {
    leads_->remark(fmt::format("{} leaders", cluster_->changes_of_leader()));
    caught_up_->remark(fmt::format("{} entries", cluster_->last_index()));
  }

  // Of the nodes that run, that of the one which has applied most; or none.
  const plaza::Machine* newest_machine() const {
    const plaza::Machine* newest = nullptr;
    for (std::size_t number = 0; number < hosts_.size(); ++number) {
      const auto node = running_[number].lock();
      if (!node || !simulation_->is_up(hosts_[number])) continue;
      const plaza::Machine& machine = node->replica().machine();
      if (newest == nullptr || machine.applied_index() > newest->applied_index()) newest = &machine;
    }
    return newest;
  }

  plaza::NodeConfig node_;
  std::uint64_t nodes_ = 0;
  Duration slice_cost_{};
  Duration lead_within_{};
  Duration hold_slack_{};
  Duration settle_{};
  DiskOptions disk_;
  LinkOptions network_;
  LinkOptions between_nodes_;
  UserSettings users_;
  Simulation* simulation_ = nullptr;
  std::vector<HostId> hosts_;
  std::vector<std::weak_ptr<plaza::Node>> running_;
  std::optional<ClusterChecks> cluster_;
  std::optional<Ledger> ledger_;
  Check* leads_ = nullptr;
  Check* caught_up_ = nullptr;
  Check* stable_ = nullptr;   // null: not asked for
  Check* bounded_ = nullptr;  // likewise
  std::uint64_t leaders_most_ = 0;
  std::uint64_t log_most_ = 0;
  std::uint64_t disk_most_ = 0;
  std::uint64_t longest_log_ = 0;
  std::uint64_t fullest_disk_ = 0;
  std::optional<UserContext> shared_;
  std::uint64_t done_ = 0;
  std::optional<std::uint64_t> goal_;
};

std::vector<Bug> bugs() {
  std::vector<Bug> bugs;
  for (const plaza::BugSwitch& bug : plaza::kBugSwitches)
    bugs.push_back({.name = std::string(bug.name), .about = std::string(bug.mechanism), .id = std::string(bug.id)});
  return bugs;
}

const RegisterBehaviour kRegistered{
    {.name = "last-ticket", .bugs = bugs(), .make = [] { return std::make_unique<LastTicket>(); }}};

}  // namespace
}  // namespace last_ticket
