#include "scenarios/last_ticket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <optional>

#include "system-under-test/plaza/gateway/server.hpp"

namespace last_ticket {
namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 9000;
// Of the node's own disk: where its program starts.
constexpr const char* kDataFolder = "/srv";
// A node that has lost its store ends, and so does one that cannot start: whoever looks after it starts it again.
constexpr Duration kRestart = 100ms;

class LastTicket final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string& bug) override {
    server_.listen_on = {boost::asio::ip::address_v4::any(), kPort};
    server_.capacity = static_cast<plaza::TicketNumber>(settings.count("tickets.capacity", {1, 1'000'000}, 100));
    server_.hold_ttl = settings.duration("tickets.hold_ttl", {.least = 1ms}, 1s);
    server_.payments.delay = settings.duration("tickets.payment_delay", {}, 5ms);
    server_.push_interval = settings.duration("plaza.push_interval", {.least = 1ms}, 50ms);
    server_.journal.commit_delay = settings.duration("plaza.commit_delay", {.most = 10s}, 1ms);
    server_.bugs.oversell = bug == "oversell";
    server_.bugs.ack_before_fsync = bug == "ack-before-fsync";
    slice_cost_ = settings.duration("plaza.slice_cost", {.most = 1s}, 5us);
    disk_ = disk_options(settings, "disk");
    network_.latency_min = settings.duration("network.latency_min", {}, 1ms);
    network_.latency_max = settings.duration("network.latency_max", {.least = network_.latency_min},
                                             std::max<Duration>(network_.latency_min, 8ms));
    users_.count = settings.count("users.count", {1, 1'000'000}, 1000);
    users_.hosts = settings.count("users.hosts", {1, 10'000}, 4);
    users_.arrive_within = settings.duration("users.arrive_within", {}, 500ms);
    users_.think_min = settings.duration("users.think_min", {.least = 1us}, 20ms);
    users_.think_max =
        settings.duration("users.think_max", {.least = users_.think_min}, std::max<Duration>(users_.think_min, 400ms));
    users_.buy_now = settings.ratio("users.buy_now", Ratio::percent(60));
    users_.give_back = settings.ratio("users.give_back", Ratio::percent(10));
    users_.abandon = settings.ratio("users.abandon", Ratio::percent(10));
    users_.answer_within = settings.duration("users.answer_within", {.least = 1ms}, 5s);
    users_.recover_within = settings.duration("users.recover_within", {}, 5s);
    server_.data_folder = kDataFolder;
  }

  void build(Simulation& simulation) override {
    simulation.default_link(network_);
    ledger_.emplace(simulation, users_.answer_within, users_.recover_within);
    const HostId plaza = simulation.add_host(
        {.name = "plaza-1",
         .role = "plaza",
         .slice_cost = slice_cost_,
         .disk = disk_,
         .start = [this, &simulation](boost::asio::io_context& context) { return start_server(simulation, context); }});
    node_ = plaza;
    shared_.emplace(UserContext{simulation, *ledger_, users_, simulation.address(plaza), kPort, [this, &simulation] {
                                  if (++done_ == users_.count) simulation.stop("every user is done");
                                }});
    for (std::uint64_t host = 0; host < users_.hosts; ++host) {
      simulation.add_host(
          {.name = fmt::format("users-{}", host + 1),
           .role = "users",
           .start = [this, host](boost::asio::io_context& context) { return start_users(context, host); }});
    }
  }

  void finish(Simulation&) override { ledger_->finish(); }

 private:
  std::shared_ptr<void> start_server(Simulation& simulation, boost::asio::io_context& context) {
    try {
      return std::make_shared<plaza::Server>(context.get_executor(), server_, hooks(simulation));
    } catch (const std::exception& error) {  // as plazad does, which says so and exits
      simulation.note(std::string("plaza-1 cannot start: ") + error.what());
      restart_later(simulation);
      return nullptr;
    }
  }

  void restart_later(Simulation& simulation) {
    simulation.at(simulation.now() + kRestart, [this, &simulation] {
      if (!simulation.is_up(node_)) return;  // it has lost its power meanwhile
      simulation.kill(node_);
      simulation.boot(node_);
    });
  }

  plaza::Hooks hooks(Simulation& simulation) {
    plaza::Hooks hooks;
    hooks.received = [this, &simulation](const plaza::Request& request) {
      const Observing observing(simulation);
      ledger_->received(request);
    };
    hooks.applied = [this, &simulation](const plaza::Applied& applied, const plaza::Inventory&) {
      const Observing observing(simulation);
      ledger_->applied(applied);
    };
    hooks.committed = [this, &simulation](const plaza::Committed& committed) {
      const Observing observing(simulation);
      ledger_->committed(committed);
    };
    hooks.recovered = [this, &simulation](const plaza::Inventory& inventory) {
      const Observing observing(simulation);
      ledger_->recovered(inventory);
    };
    hooks.store_lost = [this, &simulation](const std::string& why) {
      const Observing observing(simulation);
      simulation.note("plaza-1 has lost its store: " + why);
      restart_later(simulation);
    };
    return hooks;
  }

  // User n sits at host n modulo the number of hosts, so that one user less moves nobody.
  std::shared_ptr<void> start_users(boost::asio::io_context& context, std::uint64_t host) {
    auto users = std::make_shared<std::vector<std::shared_ptr<User>>>();
    for (std::uint64_t number = host; number < users_.count; number += users_.hosts) {
      users->push_back(start_user(context, *shared_, fmt::format("user-{:04}", number)));
    }
    return users;
  }

  plaza::ServerConfig server_;
  Duration slice_cost_{};
  DiskOptions disk_;
  LinkOptions network_;
  UserSettings users_;
  HostId node_ = kHarness;
  std::optional<Ledger> ledger_;
  std::optional<UserContext> shared_;
  std::uint64_t done_ = 0;
};

const RegisterBehaviour kRegistered{{
    .name = "last-ticket",
    .bugs = {{"oversell",
              "buy-now looks for a free ticket, awaits the payment, and sells what it saw (check, then act)"},
             {"ack-before-fsync", "answers leave when their batch was handed to the journal, not when it is durable"}},
    .make = [] { return std::make_unique<LastTicket>(); },
}};

}  // namespace
}  // namespace last_ticket
