// The behaviour `workload`: one of the benchmark workloads of system-under-test/workloads, its server and its client
// each on a host of their own that costs nothing.
#include "system-under-test/workloads/workload.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

#include <stillpoint/scenario.hpp>

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;

class WorkloadScenario final : public Scenario {
 public:
  void configure(const Settings& settings, const std::string&) override {
    workload_ = workloads::find(settings.required_text("workload.name"));
    if (workload_ == nullptr)
      settings.reject("workload.name", "is no workload; there are W1, W2, W3, W3r, W4 and sqlite");
    parameters_ = workload_->defaults();
    parameters_.connections =
        static_cast<std::uint32_t>(settings.count("workload.connections", {1, 1'000'000}, parameters_.connections));
    parameters_.rounds = settings.count("workload.rounds", {1, 1'000'000'000}, parameters_.rounds);
    parameters_.timers =
        static_cast<std::uint32_t>(settings.count("workload.timers", {1, 1'000'000'000}, parameters_.timers));
    parameters_.duration = settings.duration("workload.duration", {}, parameters_.duration);
    disk_ = disk_options(settings, "disk");
    latency_.latency_min = settings.duration("network.latency_min", {}, 50us);
    latency_.latency_max =
        settings.duration("network.latency_max", {.least = latency_.latency_min}, latency_.latency_min);
  }

  void build(Simulation& simulation) override {
    simulation.default_link(latency_);
    done_ = &simulation.liveness("workload done");
    if (workload_->has_server()) {
      const HostId server = simulation.add_host({.name = "server", .role = "server", .start = [this](auto& context) {
                                                   return start(workload_->make_server(context, parameters_), server_);
                                                 }});
      parameters_.server_address = boost::asio::ip::make_address(simulation.address(server));
    }
    simulation.add_host({.name = "client", .role = "client", .disk = disk_, .start = [this](auto& context) {
                           return start(workload_->make_client(context, parameters_), client_);
                         }});
  }

  void finish(Simulation& simulation) override {
    simulation.measure(workload_->unit, client_->count());
    if (client_->done()) return done_->held();
    done_->broken({.promised = "the client's work is done", .found = "it is not", .because = "", .witnesses = {}});
  }

 private:
  static std::shared_ptr<void> start(std::shared_ptr<workloads::Side> side, workloads::Side*& place) {
    place = side.get();
    side->start();
    return side;
  }

  const workloads::Workload* workload_ = nullptr;
  workloads::Parameters parameters_;
  DiskOptions disk_;
  LinkOptions latency_;
  Check* done_ = nullptr;
  workloads::Side* server_ = nullptr;
  workloads::Side* client_ = nullptr;
};

const RegisterBehaviour kRegistered{
    {.name = "workload", .bugs = {}, .make = [] { return std::make_unique<WorkloadScenario>(); }}};

}  // namespace
