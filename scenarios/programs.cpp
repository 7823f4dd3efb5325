// The behaviour `programs`: hosts that run ordinary programs, named in the scenario's file. A scenario for whoever has
// programs and does not want to write C++ for it.
//
//   [hosts.server]
//   program = "build/server.so"   # a shared object that exports main
//   args = ["7000"]
//   [hosts.client]
//   program = "build/client.so"
//   count = 3                     # client-1 to client-3
//   must_end = true
//
// Checks: a program that ends ends with the status it should (0 where nothing is said), none is ended by a signal, and
// those that must end do.
#include <fmt/format.h>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>
#include <stillpoint/scenario.hpp>

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

struct Described {
  std::string name;
  HostOptions options;
  std::uint64_t count = 1;
  int status = 0;
  bool any_status = false;
  bool must_end = false;
};

class ProgramsScenario final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    link_.latency_min = settings.duration("network.latency_min", {}, 500us);
    link_.latency_max = settings.duration("network.latency_max", {.least = link_.latency_min}, link_.latency_min);
    for (const std::string& name : settings.keys_of("hosts")) hosts_.push_back(read(settings, name));
    if (hosts_.empty())
      throw Error("a scenario of programs needs a [hosts.NAME] with its program  (docs/scenarios.md)");
  }

  void build(Simulation& simulation) override {
    simulation.default_link(link_);
    ends_well_ = &simulation.safety("programs end well");
    all_end_ = &simulation.liveness("programs end");
    for (const Described& host : hosts_) {
      for (std::uint64_t n = 1; n <= host.count; ++n) {
        HostOptions options = host.options;
        options.name = host.count == 1 ? host.name : fmt::format("{}-{}", host.name, n);
        options.ended = [this, &simulation, &host, name = options.name](const ProgramEnd& end) {
          on_end(simulation, host, name, end);
        };
        if (host.must_end) awaited_.push_back(options.name);
        simulation.add_host(std::move(options));
      }
    }
    // Where nothing has to end, running until the time is over is all that is asked.
    if (awaited_.empty()) all_end_->held();
  }

  void finish(Simulation&) override {
    ends_well_->held();
    if (awaited_.empty()) return;
    all_end_->broken({.promised = fmt::format("the program of host {} ends", awaited_.front()),
                      .found = "it still runs",
                      .because = "",
                      .witnesses = {}});
  }

 private:
  static Described read(const Settings& settings, const std::string& name) {
    const std::string table = "hosts." + name;
    Described host;
    host.name = name;
    host.options = program_host(settings, table);
    host.count = settings.count(table + ".count", {1, 10'000}, 1);
    host.status = static_cast<int>(settings.count(table + ".status", {0, 255}, 0));
    host.any_status = settings.flag(table + ".any_status", false);
    host.must_end = settings.flag(table + ".must_end", false);
    return host;
  }

  void on_end(Simulation& simulation, const Described& host, const std::string& name, const ProgramEnd& end) {
    simulation.log(end.by_signal ? fmt::format("{} ended by signal {}", name, end.status)
                                 : fmt::format("{} ended with status {}", name, end.status));
    std::erase(awaited_, name);
    // As a shell gives it.
    simulation.measure("status of " + name, static_cast<std::uint64_t>(end.status + (end.by_signal ? 128 : 0)));
    if (end.by_signal) return;  // a crash, which is a verdict of its own
    if (end.status != host.status && !host.any_status) {
      ends_well_->broken({.promised = fmt::format("the program of host {} ends with status {}", name, host.status),
                          .found = fmt::format("it ended with status {}", end.status),
                          .because = "",
                          .witnesses = {}});
      return;
    }
    ends_well_->held();
    if (!awaited_.empty()) return;
    bool any = false;
    for (const Described& each : hosts_) any = any || each.must_end;
    if (!any) return;
    all_end_->held();
    simulation.stop("every program that must end has ended");
  }

  LinkOptions link_;
  std::vector<Described> hosts_;
  std::vector<std::string> awaited_;
  Check* ends_well_ = nullptr;
  Check* all_end_ = nullptr;
};

const RegisterBehaviour kBehaviour({.name = "programs", .bugs = {}, .make = [] {
                                      return std::make_unique<ProgramsScenario>();
                                    }});

}  // namespace
