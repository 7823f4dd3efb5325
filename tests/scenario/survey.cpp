#include "sim-core/scenario/survey.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint;

namespace {

// Calls all that build() may, and leaves a mark where something would run.
struct Builder final : Scenario {
  void configure(const Settings&, const std::string&) override {}
  void build(Simulation& simulation) override {
    simulation.default_link({});
    const HostId one =
        simulation.add_host({.name = "node-1", .role = "node", .start = [](auto&) -> std::shared_ptr<void> {
                               FAIL("it runs");
                               return nullptr;
                             }});
    const HostId two = simulation.add_host({.name = "users-1", .role = "users"});
    simulation.link(one, two, {});
    simulation.label("leader", {});
    simulation.label("leader", {one});
    simulation.safety("safe").held();
    simulation.liveness("alive").broken({});
    simulation.at({}, [] { FAIL("it runs"); });
    CHECK(simulation.address(two) == "10.0.0.2");
    CHECK(simulation.seed() == 7);
    CHECK(simulation.is_up(one));
    CHECK(simulation.stream("x", "y").next() == RandomStream(7, "x", "y").next());
  }
};

}  // namespace

TEST_CASE("which hosts a scenario has is known before anything runs") {
  scenario::LoadedScenario loaded;
  loaded.scenario = std::make_unique<Builder>();
  const faults::Topology topology = scenario::survey(std::move(loaded), 7);
  REQUIRE(topology.hosts.size() == 2);
  CHECK(topology.hosts[0].name == "node-1");
  CHECK(topology.hosts[1].role == "users");
  CHECK(topology.labels == std::vector<std::string>{"leader"});
}
