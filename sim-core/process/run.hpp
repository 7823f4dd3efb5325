#pragma once
// One simulation, from its scenario to its report: owns the virtual kernel and the processes, turns the event queue,
// and is what the scenario sees as its Simulation.
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "sim-core/check/report.hpp"
#include "sim-core/faults/injector.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/process/annotations.hpp"
#include "sim-core/process/driven.hpp"
#include "sim-core/process/recent_kinds.hpp"
#include "sim-core/scenario/scenario_file.hpp"

namespace stillpoint::process {

// What becomes of a system call that reaches Linux past the virtual kernel.
enum class Bypass { passes, stops_the_run };

// Arms the process, once, before its first Run: see interpose/trap.hpp.
void arm(Bypass bypass);

class Run final : public Simulation {
 public:
  Run(scenario::LoadedScenario loaded, std::uint64_t seed, faults::Plan plan, TraceWriter& trace,
      kernel::UnsupportedHandler unsupported, kernel::ExcessHandler exceeded = nullptr);
  ~Run() override;

  // Builds the scenario, runs it to its end, and reports. Once.
  Report execute();
  // `report`, of a verdict that was not reached by execute() because the run is being ended from within, with what is
  // known now of the checks.
  Report report_now(Report report) const;

  HostId add_host(HostOptions options) override;
  void default_link(LinkOptions options) override;
  void link(HostId from, HostId to, LinkOptions options) override;
  std::string address(HostId host) const override;
  Check& safety(std::string name) override;
  Check& liveness(std::string name) override;
  void at(VirtualTime when, std::function<void()> what) override;
  void signal(HostId host, int number) override;
  void crash(HostId host) override;
  void crash_after_disk_operations(HostId host, std::uint64_t operations) override;
  std::uint64_t disk_operations(HostId host) const override;
  std::uint64_t disk_bytes(HostId host) const override;
  void kill(HostId host) override;
  void boot(HostId host) override;
  bool is_up(HostId host) const override;
  void label(std::string_view label, std::vector<HostId> hosts) override;
  Duration disturbed(VirtualTime since, Duration recovery) const override;
  VirtualTime heals_at() const override;
  std::uint64_t seed() const override { return kernel_.seed; }
  VirtualTime now() const override { return kernel_.queue.now(); }
  void measure(std::string_view name, std::uint64_t value) override {
    report_.measures.push_back({std::string(name), value});
  }
  void stop(std::string_view why) override;
  EventId step(std::string_view user, std::string_view what) override;
  EventId invoke(std::string_view user, std::string_view function, std::string_view arguments, EventId step) override;
  EventId ok(EventId invoke, std::string_view answer) override { return complete(EventKind::ok, invoke, answer); }
  EventId fail(EventId invoke, std::string_view answer) override { return complete(EventKind::fail, invoke, answer); }
  EventId info(EventId invoke, std::string_view answer) override { return complete(EventKind::info, invoke, answer); }
  EventId receive(std::string_view request) override;
  EventId apply(std::string_view what, ApplyCauses causes) override;
  EventId note(std::string_view text) override;
  void log(std::string_view text) override;

 private:
  class RunCheck;
  class Machinery;
  struct Appointment;
  // What runs on a host, and again after each boot of it.
  struct Resident {
    HostOptions options;
    std::unique_ptr<kernel::Process> process = nullptr;
  };

  void set_observed(bool observed) override;
  // What the running host, or the harness, is doing an event for.
  Where where() const;
  EventId last_read() const;
  EventId event(EventKind kind, std::uint64_t subject, Cause cause, std::string_view payload);
  EventId complete(EventKind kind, EventId invoke, std::string_view answer);
  void broken(const RunCheck& check, const Finding& finding);
  // For a sentence that says what somebody wanted: "crash". Throws Error.
  kernel::Host& known_host(HostId host, std::string_view what);
  // Starts what lives on the host, in a process of its own.
  void start(kernel::Host& host);
  std::unique_ptr<kernel::Process> driven(kernel::Host& host, const HostOptions& options);
  std::unique_ptr<kernel::Process> program(kernel::Host& host, const HostOptions& options);
  void program_crashed(const kernel::Host& host, const ProgramEnd& end);
  void crashed(const kernel::Host& host, const std::variant<EscapedException, DeadlySignal>& why);
  void as_harness(const std::function<void()>& code);
  void turn_until_end();
  void decide_unlooked();
  bool runaway_at_this_instant();

  scenario::LoadedScenario loaded_;
  TraceWriter& trace_;
  kernel::Kernel kernel_;
  std::vector<Resident> residents_;  // by host
  std::unique_ptr<Machinery> machinery_;
  faults::Injector injector_;
  Annotations annotations_;
  std::deque<RunCheck> checks_;  // stable addresses
  std::deque<Appointment> appointments_;
  RecentKinds recent_kinds_;
  Report report_;
  bool over_ = false;
  std::optional<Report> crash_;  // of the first program that crashed

  VirtualTime instant_{};
  std::uint64_t events_at_instant_ = 0;
  std::uint64_t turns_before_instant_ = 0;
};

}  // namespace stillpoint::process
