#include "system-under-test/plaza/daemon/service.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "system-under-test/plaza/daemon/values.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;

namespace {

std::string text_of(const asio::ip::tcp::endpoint& endpoint) {
  std::ostringstream text;
  text << endpoint;
  return text.str();
}

// Each node asks for an event under the same id, its name: other terms under it are another request to the machine.
std::string_view why_refused(Refusal refusal) {
  if (refusal != Refusal::id_reused && refusal != Refusal::event_exists) return name_of(refusal);
  return "the cluster has an event of this name with other terms, which stays as it is";
}

class Service {
 public:
  Service(const Config& config, Log& log) : config_(config), log_(log), signals_(io_, SIGINT, SIGTERM) {}

  Ending run() {
    tell_start();
    start();
    tell_listening();
    await_signal();
    io_.run();
    log_.info("end", {{"code", static_cast<unsigned>(ending_)}});
    return ending_;
  }

 private:
  void start() {
    try {
      node_.emplace(io_.get_executor(), config_.node, hooks());
    } catch (const CannotListen& failure) {
      throw ConfigError(failure.what());
    } catch (const StoreError& failure) {
      throw ConfigError(failure.what());
    } catch (const DamagedState& failure) {
      throw ConfigError(config_.node.replica.data_folder.string() + ": damaged: " + failure.what());
    }
  }

  NodeHooks hooks() {
    NodeHooks hooks;
    hooks.replica.recovered = [this](const raft::Stored& stored, const Machine& machine, std::uint64_t incarnation) {
      if (incarnation == 1) {
        log_.warn("new_store",
                  {{"data", config_.node.replica.data_folder.string()},
                   {"meaning", "nothing was there: this node begins without any promise, entry or ticket"}});
      }
      log_.info("recovered", {{"incarnation", incarnation},
                              {"term", stored.hard_state.term},
                              {"entries", stored.entries.size()},
                              {"after", stored.start.index},
                              {"applied", machine.applied_index()}});
    };
    hooks.replica.role_changed = [this](const raft::Status& status) {
      log_.info("role", {{"role", raft::name_of(status.role)},
                         {"term", status.term},
                         {"leader", status.leader},
                         {"last", status.last_index},
                         {"commit", status.commit}});
    };
    hooks.replica.installed = [this](const raft::Mark& mark, const Machine&) {
      log_.info("snapshot_installed", {{"index", mark.index}, {"term", mark.term}});
    };
    hooks.replica.said = [this](const std::string& line) {
      const bool of_peers = line.starts_with("to node ") || line.starts_with("from ");
      log_.info(of_peers ? "peer" : "replica", {{"said", line}});
    };
    hooks.replica.store_lost = [this](const std::string& why) {
      log_.error("store_lost", {{"why", why}});
      end(Ending::store_lost);
    };
    hooks.event_refused = [this](const tickets::Open& event, Refusal refusal) {
      log_.warn("event_refused", {{"name", event.event}, {"capacity", event.capacity}, {"why", why_refused(refusal)}});
    };
    return hooks;
  }

  // The first asks it to end in good order, the second to end.
  void await_signal() {
    signals_.async_wait([this](boost::system::error_code error, int signal) {
      if (error) return;
      const std::string_view name = signal == SIGINT ? "SIGINT" : "SIGTERM";
      if (std::exchange(draining_, true)) {
        log_.warn("ended_at_once", {{"signal", name}});
        return end(Ending::at_once);
      }
      const auto within = std::chrono::duration_cast<std::chrono::microseconds>(config_.drain_timeout);
      log_.info("draining", {{"signal", name}, {"within", duration_text(within)}});
      spawn(io_.get_executor(), drain());
      await_signal();
    });
  }

  asio::awaitable<void> drain() {
    const auto began = std::chrono::steady_clock::now();
    co_await node_->drain(began + config_.drain_timeout);
    const auto took = std::chrono::steady_clock::now() - began;
    log_.info("drained", {{"took", duration_text(std::chrono::duration_cast<std::chrono::milliseconds>(took))}});
    end(Ending::drained);
  }

  // The first word counts, but a disk that is lost is the last.
  void end(Ending ending) {
    if (ended_ && ending != Ending::store_lost) return;
    ended_ = true;
    ending_ = ending;
    io_.stop();
  }

  void tell_start() {
    const ReplicaConfig& replica = config_.node.replica;
    log_.info("start", {{"version", PLAZA_VERSION},
                        {"cluster", replica.cluster},
                        {"nodes", replica.peers.size() + 1},
                        {"data", replica.data_folder.string()},
                        {"tokens", config_.node.gateway.token_key ? "on" : "off"}});
    if (!config_.node.gateway.token_key) {
      log_.warn("no_tokens", {{"meaning", "whoever connects is believed to be who they say they are"}});
    }
    for (const tickets::Open& event : config_.node.events) {
      log_.info("event", {{"name", event.event},
                          {"capacity", event.capacity},
                          {"seated", event.seated ? "true" : "false"},
                          {"hold_ttl", duration_text(event.hold_ttl)},
                          {"payment_ttl", duration_text(event.payment_ttl)},
                          {"offer_ttl", duration_text(event.offer_ttl)}});
    }
    for (const BugSwitch& bug : kBugSwitches) {
      if (replica.bugs.*bug.on) log_.warn("bug", {{"name", bug.name}, {"mechanism", bug.mechanism}});
    }
  }

  void tell_listening() {
    const std::string clients = text_of(node_->server().local_endpoint());
    const ReplicaConfig& replica = config_.node.replica;
    if (replica.peers.empty()) return log_.info("listening", {{"clients", clients}});
    log_.info("listening", {{"clients", clients}, {"peers", text_of(replica.listen_on)}});
  }

  const Config& config_;
  Log& log_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  std::optional<Node> node_;
  bool draining_ = false;
  bool ended_ = false;
  Ending ending_ = Ending::drained;
};

}  // namespace

Ending serve(const Config& config, Log& log) { return Service(config, log).run(); }

}  // namespace plaza
