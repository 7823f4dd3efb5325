// The scenario `fault-tour`: a cluster of small nodes that every kind of fault can hit. It is there to try faults on,
// and to see that each of them does what it says.
#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <map>

#include <stillpoint/scenario.hpp>

#include "system-under-test/tour/node.hpp"

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

class FaultTour final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    nodes_ = settings.count("nodes.count", {2, 100}, 3);
    slice_cost_ = settings.duration("nodes.slice_cost", {.most = 1s}, 5us);
    network_.latency_min = settings.duration("network.latency_min", {}, 200us);
    network_.latency_max = settings.duration("network.latency_max", {.least = network_.latency_min},
                                             std::max<Duration>(network_.latency_min, 1ms));
    heard_within_ = settings.duration("nodes.heard_within", {.least = 1ms}, 3s);
  }

  void build(Simulation& simulation) override {
    simulation_ = &simulation;
    simulation.default_link(network_);
    simulation.label("longest journal", {});
    words_ = &simulation.safety("what is heard was sent");
    journal_ = &simulation.safety("what is read back was written");
    contact_ = &simulation.liveness("everybody hears everybody");
    std::vector<std::string> names;
    for (std::uint64_t number = 1; number <= nodes_; ++number) names.push_back(fmt::format("node-{}", number));
    for (const std::string& name : names) {
      std::vector<std::string> peers = names;
      std::erase(peers, name);
      ids_[name] = simulation.add_host(
          {.name = name,
           .role = "node",
           .slice_cost = slice_cost_,
           .start = [this, name, peers](boost::asio::io_context& context) { return start(context, name, peers); }});
    }
  }

  // Nothing is wrong any more, and was not for a while.
  void finish(Simulation& simulation) override {
    for (const auto& [name, id] : ids_) {
      for (const auto& [peer, peer_id] : ids_) {
        if (peer == name) continue;
        for (const Over over : {Over::tcp, Over::udp}) {
          if (!in_touch(name, peer, over)) return;
        }
      }
    }
    contact_->held();
    static_cast<void>(simulation);
  }

 private:
  using Over = tour::NodeHooks::Over;

  std::shared_ptr<void> start(boost::asio::io_context& context, const std::string& name,
                              const std::vector<std::string>& peers) {
    tour::NodeHooks hooks;
    hooks.heard = [this, name](const std::string& peer, std::uint64_t beat, Over over) {
      heard(name, peer, beat, over);
    };
    hooks.recovered = [this, name](std::uint64_t last) { recovered(name, last); };
    hooks.wrote = [this, name](std::uint64_t number) { wrote(name, number); };
    hooks.failed = [this](const std::string& what) {
      const Observing observing(*simulation_);
      simulation_->note("failed: " + what);
    };
    return std::make_shared<tour::Node>(context, tour::NodeConfig{.name = name, .peers = peers}, hooks);
  }

  void heard(const std::string& name, const std::string& peer, std::uint64_t beat, Over over) {
    const Observing observing(*simulation_);
    heard_[{name, peer, over}] = simulation_->now();
    if (ids_.contains(peer) && beat < 1'000'000) return words_->held();
    words_->broken(
        {.promised = "a beat of a node of the cluster", .found = fmt::format("beat {} of '{}'", beat, peer)});
  }

  void wrote(const std::string& name, std::uint64_t number) {
    const Observing observing(*simulation_);
    written_[name] = std::max(written_[name], number);
    if (number <= longest_) return;
    longest_ = number;
    simulation_->label("longest journal", {ids_[name]});
  }

  // Disks may lose anything in this scenario, but nobody reads what nobody wrote. The record that was being written
  // when the power went may be there.
  void recovered(const std::string& name, std::uint64_t last) {
    const Observing observing(*simulation_);
    std::uint64_t& written = written_[name];
    const bool possible = last <= written + 1;
    written = std::max(written, last);
    if (possible) return journal_->held();
    journal_->broken({.promised = "at most one record more than it knew of",
                      .found = fmt::format("{} in the journal of {}", last, name)});
  }

  bool in_touch(const std::string& name, const std::string& peer, Over over) {
    const auto last = heard_.find({name, peer, over});
    const Duration ago =
        last == heard_.end() ? simulation_->now().time_since_epoch() : simulation_->now() - last->second;
    if (ago <= heard_within_ + simulation_->disturbed(simulation_->now() - ago, heard_within_)) return true;
    contact_->broken({.promised = fmt::format("{} hears {} over {}", name, peer, over == Over::tcp ? "TCP" : "UDP"),
                      .found = fmt::format("it has not for {} ms", ago.count() / 1'000'000)});
    return false;
  }

  std::uint64_t nodes_ = 0;
  Duration slice_cost_{};
  LinkOptions network_;
  Duration heard_within_{};
  Simulation* simulation_ = nullptr;
  Check* words_ = nullptr;
  Check* journal_ = nullptr;
  Check* contact_ = nullptr;
  std::map<std::string, HostId> ids_;
  std::map<std::tuple<std::string, std::string, Over>, VirtualTime> heard_;
  std::map<std::string, std::uint64_t> written_;  // the highest number of a record that each node knew of
  std::uint64_t longest_ = 0;
};

const RegisterBehaviour kRegistered{
    {.name = "fault-tour", .bugs = {}, .make = [] { return std::make_unique<FaultTour>(); }}};

}  // namespace
