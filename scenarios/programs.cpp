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
// those that must end do. Each is looked at once for each program that it is about.
#include <fmt/format.h>

#include <algorithm>
#include <set>

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
    const DiskOptions disk = disk_options(settings, "disk");
    for (const std::string& name : host_names(settings, "hosts")) hosts_.push_back(read(settings, name, disk));
    if (hosts_.empty()) throw Error("a scenario of programs needs a [hosts.NAME] with its program (docs/scenarios.md)");
    require_one_each(settings);
  }

  void build(Simulation& simulation) override {
    simulation.default_link(link_);
    ends_well_ = &simulation.safety("programs end well");
    // Where nothing has to end, running until the time is over is all that is asked.
    if (std::ranges::any_of(hosts_, &Described::must_end)) all_end_ = &simulation.liveness("programs end");
    for (const Described& host : hosts_) {
      for (std::uint64_t n = 1; n <= host.count; ++n) {
        HostOptions options = host.options;
        options.name = name_of(host, n);
        options.ended = [this, &simulation, &host, name = options.name](const ProgramEnd& end) {
          on_end(simulation, host, name, end);
        };
        if (host.must_end) awaited_.push_back(options.name);
        ++running_;
        simulation.add_host(std::move(options));
      }
    }
  }

  void finish(Simulation&) override {
    for (std::uint64_t n = 0; n < running_; ++n) ends_well_->held();
    if (awaited_.empty()) return;
    all_end_->broken({.promised = fmt::format("the program of host {} ends", awaited_.front()),
                      .found = "it still runs",
                      .because = "",
                      .witnesses = {}});
  }

 private:
  // [hosts.client] with a count of 2, and a [hosts.client-1].
  void require_one_each(const Settings& settings) const {
    std::set<std::string> names;
    for (const Described& host : hosts_) {
      for (std::uint64_t n = 1; n <= host.count; ++n) {
        const std::string name = name_of(host, n);
        if (name.size() > kLongestHostName)
          settings.reject("hosts." + host.name, fmt::format("cannot be: {} is longer than a host's name may be ({})",
                                                            name, kLongestHostName));
        if (!names.insert(name).second)
          settings.reject("hosts." + host.name, fmt::format("cannot be: there are two hosts {} then", name));
      }
    }
  }

  static std::string name_of(const Described& host, std::uint64_t n) {
    return host.count == 1 ? host.name : fmt::format("{}-{}", host.name, n);
  }

  static Described read(const Settings& settings, const std::string& name, const DiskOptions& disk) {
    const std::string table = "hosts." + name;
    Described host;
    host.name = name;
    host.options = program_host(settings, table, disk);
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
    --running_;
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
    if (host.must_end) all_end_->held();
    if (all_end_ == nullptr || !awaited_.empty()) return;
    simulation.stop("every program that must end has ended");
  }

  LinkOptions link_;
  std::vector<Described> hosts_;
  std::vector<std::string> awaited_;
  std::uint64_t running_ = 0;  // programs that have not ended
  Check* ends_well_ = nullptr;
  Check* all_end_ = nullptr;  // null where none must end
};

const RegisterBehaviour kBehaviour({.name = "programs", .bugs = {}, .make = [] {
                                      return std::make_unique<ProgramsScenario>();
                                    }});

}  // namespace
