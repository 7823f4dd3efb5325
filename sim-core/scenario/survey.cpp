#include "sim-core/scenario/survey.hpp"

#include <fmt/format.h>

#include <deque>

namespace stillpoint::scenario {
namespace {

class NoCheck final : public Check {
 public:
  void broken(const Finding&) override {}
};

// What build() may call, and what has no answer before a run.
class Surveyed final : public Simulation {
 public:
  explicit Surveyed(std::uint64_t seed) : seed_(seed) {}

  faults::Topology topology;

  HostId add_host(HostOptions options) override {
    topology.hosts.push_back({options.name, options.role});
    return static_cast<HostId>(topology.hosts.size());
  }
  // As Run gives them out.
  std::string address(HostId host) const override { return fmt::format("10.0.{}.{}", host >> 8, host & 0xFF); }
  Check& safety(std::string) override { return checks_.emplace_back(); }
  Check& liveness(std::string) override { return checks_.emplace_back(); }
  void label(std::string_view label, std::vector<HostId>) override {
    if (!topology.has_label(label)) topology.labels.emplace_back(label);
  }
  std::uint64_t seed() const override { return seed_; }

  void default_link(LinkOptions) override {}
  void link(HostId, HostId, LinkOptions) override {}
  void at(VirtualTime, std::function<void()>) override {}
  void signal(HostId, int) override {}
  void crash(HostId) override {}
  void kill(HostId) override {}
  void boot(HostId) override {}
  void crash_after_disk_operations(HostId, std::uint64_t) override {}
  std::uint64_t disk_operations(HostId) const override { return 0; }
  std::uint64_t disk_bytes(HostId) const override { return 0; }
  bool is_up(HostId) const override { return true; }
  Duration disturbed(VirtualTime, Duration) const override { return {}; }
  VirtualTime heals_at() const override { return VirtualTime::max(); }
  VirtualTime now() const override { return {}; }
  void measure(std::string_view, std::uint64_t) override {}
  void stop(std::string_view) override {}
  EventId step(std::string_view, std::string_view) override { return kNoEvent; }
  EventId invoke(std::string_view, std::string_view, std::string_view, EventId) override { return kNoEvent; }
  EventId ok(EventId, std::string_view) override { return kNoEvent; }
  EventId fail(EventId, std::string_view) override { return kNoEvent; }
  EventId info(EventId, std::string_view) override { return kNoEvent; }
  EventId receive(std::string_view) override { return kNoEvent; }
  EventId apply(std::string_view, ApplyCauses) override { return kNoEvent; }
  EventId note(std::string_view) override { return kNoEvent; }
  void log(std::string_view) override {}

 private:
  void set_observed(bool) override {}

  std::uint64_t seed_;
  std::deque<NoCheck> checks_;
};

}  // namespace

faults::Topology survey(LoadedScenario loaded, std::uint64_t seed) {
  Surveyed surveyed(seed);
  loaded.scenario->build(surveyed);
  return std::move(surveyed.topology);
}

}  // namespace stillpoint::scenario
