#include "tests/interpose/in_simulation.hpp"

#include <unistd.h>

#include <cstdio>
#include <utility>

#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/current.hpp"
#include "tests/trace/memory_trace.hpp"

namespace test {
namespace {

using namespace stillpoint;

class FunctionScenario final : public Scenario {
 public:
  explicit FunctionScenario(std::function<void(Simulation&)> build) : build_(std::move(build)) {}
  void configure(const Settings&, const std::string&) override {}
  void build(Simulation& simulation) override { build_(simulation); }

 private:
  std::function<void(Simulation&)> build_;
};

void unsupported(kernel::Host& host, const char* call, const void*) {
  kernel::set_current_host(nullptr);
  std::fprintf(stderr, "host %s called %s\n", host.name().c_str(), call);
  _exit(1);
}

}  // namespace

Outcome simulate(std::uint64_t seed, Duration duration, std::function<void(Simulation&)> build) {
  interpose::arm_trap(interpose::Guard::on);
  stillpoint::test::MemoryTrace trace;
  TraceWriter writer(trace.control(), trace.ring(), nullptr);
  scenario::LoadedScenario loaded;
  loaded.name = "test";
  loaded.duration = duration;
  loaded.scenario = std::make_unique<FunctionScenario>(std::move(build));
  process::Run run(std::move(loaded), seed, {}, writer, unsupported);
  Outcome outcome;
  outcome.report = run.execute();
  outcome.hash = trace.hash();
  outcome.events = writer.last_event();
  outcome.virtual_time = run.now().time_since_epoch();
  return outcome;
}

}  // namespace test
