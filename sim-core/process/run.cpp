#include "sim-core/process/run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>

#include <stillpoint/error.hpp>

#include "sim-core/base/units.hpp"
#include "sim-core/interpose/memory_faults.hpp"
#include "sim-core/interpose/trap.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/graveyard.hpp"
#include "sim-core/process/program.hpp"
#include "sim-core/process/shared_object.hpp"
#include "sim-core/process/standard_output.hpp"

namespace stillpoint::process {

using kernel::current_host;
using kernel::CurrentHost;

namespace {

// As a shell says it that cannot run a program: the status is 127, and standard error tells why.
Main main_of(std::string path) {
  return [path = std::move(path)](int argc, char** argv) {
    Main main;
    try {
      main = load_program(path);
    } catch (const Error& error) {
      const std::string line = fmt::format("stillpoint: {}\n", error.what());
      static_cast<void>(!write(STDERR_FILENO, line.data(), line.size()));
      return 127;
    }
    return main(argc, argv);
  };
}

}  // namespace

void arm(Bypass bypass) {
  interpose::arm_trap(bypass == Bypass::passes ? interpose::Guard::off : interpose::Guard::on);
}

class Run::RunCheck final : public Check {
 public:
  RunCheck(Run& run, std::string name, bool liveness) : run_(run), name_(std::move(name)), liveness_(liveness) {}
  void broken(const Finding& finding) override { run_.broken(*this, finding); }
  const std::string& name() const { return name_; }
  bool is_liveness() const { return liveness_; }

 private:
  Run& run_;
  std::string name_;
  bool liveness_;
};

// A call that a scenario asked for at a time.
struct Run::Appointment final : Event {
  Appointment(Run& owner, std::function<void()> function) : run(owner), what(std::move(function)) {}
  void fire() override { run.as_harness(what); }
  Run& run;
  std::function<void()> what;
};

// What faults do to processes.
class Run::Machinery final : public faults::Machines {
 public:
  explicit Machinery(Run& run) : run_(run) {}
  void crash(kernel::Host& host, Cause cause, kernel::Peers peers) override { host.crash(cause, peers); }
  void kill(kernel::Host& host, Cause cause) override { host.kill(cause); }
  void boot(kernel::Host& host) override {
    if (host.boots() < kernel::Host::kMostBoots) run_.start(host);
  }

 private:
  Run& run_;
};

Run::Run(scenario::LoadedScenario loaded, std::uint64_t seed, faults::Plan plan, TraceWriter& trace,
         kernel::UnsupportedHandler unsupported, kernel::ExcessHandler exceeded)
    : loaded_(std::move(loaded)),
      trace_(trace),
      kernel_(trace, seed, unsupported),
      machinery_(std::make_unique<Machinery>(*this)),
      injector_(std::move(plan), kernel_, *machinery_),
      annotations_(kernel_, injector_, loaded_.annotations, [this](const std::string& name, const Finding& finding) {
        checks_.emplace_back(*this, name, false).broken(finding);
      }) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  kernel_.output_most = loaded_.limits.output_mib * kMiB;
  // A call beyond the free ones costs a microsecond.
  kernel_.spinning_most = std::chrono::microseconds(loaded_.limits.work_per_instant);
  kernel_.exceeded = exceeded;
  interpose::catch_memory_faults();
}

Run::~Run() {
  for (Appointment& appointment : appointments_) kernel_.queue.cancel(appointment);
  // A process dies as part of its host: its destructors close descriptors. One that has threads is abandoned: they
  // stand on their stacks for ever, and its destructors would wait for them. So is one that was killed, or whose host
  // lost its power.
  for (std::size_t i = 0; i < residents_.size(); ++i) {
    kernel::Host& host = kernel_.host(static_cast<HostId>(i + 1));
    const CurrentHost current(&host);
    std::unique_ptr<kernel::Process>& process = residents_[i].process;
    if (host.has_threads() || host.down() || host.killed()) kernel::graveyard().bury(std::move(process));
    process.reset();
  }
}

Report Run::execute() {
  as_harness([this] { loaded_.scenario->build(*this); });
  injector_.start();
  turn_until_end();
  if (report_.verdict == Verdict::pass && report_.violations.empty()) {
    as_harness([this] { loaded_.scenario->finish(*this); });
  }
  if (report_.verdict == Verdict::pass && !report_.violations.empty()) {
    report_.verdict = report_.violations.front().liveness ? Verdict::liveness : Verdict::safety;
  }
  if (report_.verdict == Verdict::pass && crash_) {
    crash_->measures = report_.measures;
    crash_->violations = report_.violations;
    report_ = *crash_;
  }
  if (report_.verdict == Verdict::pass) decide_unlooked();
  trace_.event(EventKind::stop, now(), {}, 0, 0, 0, {}, report_.reason);
  return report_now(report_);
}

// What the scenario itself prints is no host's: it leaves the buffers before a host runs.
void Run::as_harness(const std::function<void()>& code) {
  {
    const CurrentHost harness(&kernel_.harness);
    code();
  }
  const CurrentHost none(nullptr);
  flush_standard_output();
}

void Run::turn_until_end() {
  const VirtualTime end = VirtualTime(loaded_.duration);
  EventQueue& queue = kernel_.queue;
  while (!over_) {
    if (queue.empty()) {
      report_.reason = "nothing is left to happen";
      return;
    }
    if (queue.next_time() > end) {
      queue.advance(end);
      report_.reason = "the scenario's duration is over";
      return;
    }
    queue.pop().fire();
    if (runaway_at_this_instant()) {
      report_.verdict = Verdict::runaway;
      report_.reason = fmt::format("more than {} events at one virtual instant (limits.work_per_instant)",
                                   grouped(loaded_.limits.work_per_instant));
      report_.what = "events at one instant";
      const kernel::Host& host =
          kernel_.last_to_turn == kHarness ? kernel_.harness : kernel_.host(kernel_.last_to_turn);
      report_.detail = fmt::format("the last to run was host {}", host.name());
      report_.place = host.role();
      return;
    }
  }
}

// A check that nobody looked at has proved nothing: that is no pass.
void Run::decide_unlooked() {
  std::string names;
  for (const RunCheck& check : checks_) {
    if (check.times() == 0) names += (names.empty() ? "" : ", ") + check.name();
  }
  if (names.empty()) return;
  report_.verdict = Verdict::undecided;
  report_.what = "nobody looked";
  report_.place = names;
  report_.detail = fmt::format("the run ended ({}) before anybody could look at: {}", report_.reason, names);
  report_.reason = "some checks could not decide";
}

bool Run::runaway_at_this_instant() {
  if (kernel_.queue.now() != instant_) {
    instant_ = kernel_.queue.now();
    events_at_instant_ = 0;
    turns_before_instant_ = kernel_.turns;
  }
  return ++events_at_instant_ + (kernel_.turns - turns_before_instant_) > loaded_.limits.work_per_instant;
}

Report Run::report_now(Report report) const {
  report.violations = report_.violations;
  report.measures = report_.measures;
  if (kernel_.power_losses > 0) report.measures.push_back({"losses of power", kernel_.power_losses});
  if (kernel_.threads_left_behind > 0)
    report.measures.push_back({"threads that they left behind", kernel_.threads_left_behind});
  report.tallies.clear();
  for (const auto& [kind, times] : injector_.happened()) {
    if (times > 0) report.tallies.push_back({"fault", std::string(faults::info(kind).name), times});
  }
  for (const auto& [call, seen] : injector_.calls_seen()) report.tallies.push_back({"call", call, seen});
  for (Tally& tally : annotations_.tallies()) report.tallies.push_back(std::move(tally));
  report.checks.clear();  // a crash's report has been made before
  for (const RunCheck& check : checks_) report.checks.push_back({check.name(), check.times(), check.remark()});
  return report;
}

// ---- building ----

HostId Run::add_host(HostOptions options) {
  const auto id = static_cast<HostId>(kernel_.host_count() + 1);
  // 10.0.0.0/8, in the order of creation; names, not addresses, are what random streams hang on.
  const net::Ip address{0x0A000000u + id};
  kernel::Host& host = kernel_.add_host({.name = options.name,
                                         .role = options.role,
                                         .address = address,
                                         .slice_cost = options.slice_cost,
                                         .disk = options.disk});
  if (!options.files.empty()) host.storage().add_files(std::exchange(options.files, {}));
  const Duration starts_after = options.start != nullptr ? Duration::zero() : options.starts_after;
  residents_.push_back({std::move(options)});
  if (starts_after == Duration::zero()) {
    start(host);
  } else {
    at(VirtualTime(starts_after), [this, &host] {
      if (!host.down() && host.boots() == 0) start(host);  // it may have lost its power meanwhile
    });
  }
  return id;
}

void Run::start(kernel::Host& host) {
  const CurrentHost none(nullptr);
  Resident& resident = residents_[host.id() - 1u];
  if (resident.process != nullptr) kernel::graveyard().bury(std::move(resident.process));
  resident.process =
      resident.options.start != nullptr ? driven(host, resident.options) : program(host, resident.options);
  host.boot(*resident.process);
}

std::unique_ptr<kernel::Process> Run::driven(kernel::Host& host, const HostOptions& options) {
  return std::make_unique<Driven>(host, options.start, [this, &host](const auto& why) { crashed(host, why); });
}

std::unique_ptr<kernel::Process> Run::program(kernel::Host& host, const HostOptions& options) {
  std::vector<std::string> args = options.args;
  args.insert(args.begin(), options.program.empty() ? host.name() : options.program);
  Main main = options.program.empty() ? options.main : main_of(options.program);
  SP_ASSERT(main != nullptr);
  const auto ended = [this, &host, tell = options.ended,
                      crash_is_verdict = options.crash_is_verdict](const ProgramEnd& end) {
    const CurrentHost harness(&kernel_.harness);
    if (end.by_signal && crash_is_verdict && !host.killed()) program_crashed(host, end);
    if (tell != nullptr) tell(end);
  };
  return std::make_unique<Program>(host, std::move(main), std::move(args), ended);
}

void Run::default_link(LinkOptions options) {
  kernel_.fabric.set_default_link({options.latency_min, options.latency_max, options.latency_shape});
}

void Run::link(HostId from, HostId to, LinkOptions options) {
  kernel_.fabric.set_link(from, to, {options.latency_min, options.latency_max, options.latency_shape});
}

std::string Run::address(HostId host) const { return net::to_string(kernel_.fabric.address_of(host)); }

Check& Run::safety(std::string name) { return checks_.emplace_back(*this, std::move(name), false); }
Check& Run::liveness(std::string name) { return checks_.emplace_back(*this, std::move(name), true); }

void Run::at(VirtualTime when, std::function<void()> what) {
  kernel_.queue.schedule(appointments_.emplace_back(*this, std::move(what)), when);
}

void Run::signal(HostId host, int number) { kernel_.host(host).raise(number); }

// ---- power ----

kernel::Host& Run::known_host(HostId host, std::string_view what) {
  if (host == kHarness || host > kernel_.host_count())
    throw Error(fmt::format("cannot {}: there is no host {}", what, host));
  return kernel_.host(host);
}

void Run::crash(HostId id) {
  kernel::Host& host = known_host(id, "crash");
  if (host.down() || host.crashing()) throw Error(fmt::format("cannot crash host {}: it is down already", host.name()));
  const CurrentHost none(nullptr);  // what is done now is no code of the scenario's
  host.crash();
}

void Run::crash_after_disk_operations(HostId id, std::uint64_t operations) {
  kernel::Host& host = known_host(id, "crash");
  const CurrentHost none(nullptr);  // as above
  host.storage().crash_after(operations);
}

std::uint64_t Run::disk_operations(HostId id) const {
  return const_cast<Run*>(this)->known_host(id, "tell the disk operations of it").storage().operations();
}

std::uint64_t Run::disk_bytes(HostId id) const {
  return const_cast<Run*>(this)->known_host(id, "tell the disk of it").storage().files.used_pages() * disk::kPage;
}

void Run::kill(HostId id) {
  kernel::Host& host = known_host(id, "kill");
  if (host.down() || host.ending() || !host.alive())
    throw Error(fmt::format("cannot kill the process of host {}: none runs", host.name()));
  const CurrentHost none(nullptr);  // as above
  host.kill();
}

void Run::boot(HostId id) {
  kernel::Host& host = known_host(id, "boot");
  if (host.ending() || (host.halted() && host.running())) return at(now(), [this, id] { boot(id); });
  if (!host.down() && !host.halted()) throw Error(fmt::format("cannot boot host {}: it is up", host.name()));
  if (host.boots() == kernel::Host::kMostBoots)
    throw Error(fmt::format("cannot boot host {}: it was booted {} times", host.name(), grouped(host.boots())));
  start(host);
}

bool Run::is_up(HostId id) const {
  const kernel::Host& host = const_cast<Run*>(this)->known_host(id, "tell whether it is up");
  return !host.down() && !host.ending() && !host.killed();
}

// ---- faults ----

void Run::label(std::string_view label, std::vector<HostId> hosts) {
  for (const HostId host : hosts) known_host(host, fmt::format("call it {}", label));
  injector_.label(label, std::move(hosts));
}

Duration Run::disturbed(VirtualTime since, Duration recovery) const { return injector_.disturbed(since, recovery); }
VirtualTime Run::heals_at() const { return injector_.heals_at(); }

// ---- while it runs ----

Where Run::where() const { return current_host == nullptr ? Where{} : current_host->where(); }

EventId Run::last_read() const { return current_host == nullptr ? kNoEvent : current_host->last_read; }

EventId Run::event(EventKind kind, std::uint64_t subject, Cause cause, std::string_view payload) {
  if (cause.event == kNoEvent) cause = {};
  const EventId made = trace_.event(kind, now(), where(), subject, 0, 0, cause, payload);
  recent_kinds_.add(made, kind);
  return made;
}

void Run::stop(std::string_view why) {
  if (over_) return;
  over_ = true;
  report_.reason = why;
}

EventId Run::step(std::string_view user, std::string_view what) {
  return event(EventKind::step, 0, {}, fmt::format("{}{}{}", user, '\0', what));
}

EventId Run::invoke(std::string_view user, std::string_view function, std::string_view arguments, EventId step) {
  const EventId invoke = event(EventKind::invoke, 0, {step, CauseKind::user},
                               fmt::format("{}{}{}{}{}", user, '\0', function, '\0', arguments));
  kernel_.tcp.cause_of_next_send = {invoke, CauseKind::user};
  kernel_.tcp.on_behalf_of = user;
  return invoke;
}

EventId Run::complete(EventKind kind, EventId invoke, std::string_view answer) {
  return event(kind, invoke, {last_read(), CauseKind::message}, answer);
}

EventId Run::receive(std::string_view request) {
  return event(EventKind::receive, 0, {last_read(), CauseKind::message}, request);
}

EventId Run::apply(std::string_view what, ApplyCauses causes) {
  const EventId applied = event(EventKind::apply, 0, {causes.request, CauseKind::message}, what);
  if (causes.invoke != kNoEvent) trace_.edge(applied, {causes.invoke, CauseKind::user});
  if (causes.state != kNoEvent) trace_.edge(applied, {causes.state, CauseKind::state});
  return applied;
}

EventId Run::note(std::string_view text) { return event(EventKind::note, 0, {}, text); }

void Run::log(std::string_view text) { trace_.log(now(), where(), 0, text); }

void Run::set_observed(bool observed) {
  if (current_host != nullptr && current_host != &kernel_.harness) current_host->observe(observed);
}

void Run::broken(const RunCheck& check, const Finding& finding) {
  const bool liveness = check.is_liveness();
  const std::string texts =
      fmt::format("{}{}{}{}{}{}{}", check.name(), '\0', finding.promised, '\0', finding.found, '\0', finding.because);
  const EventId violation = trace_.event(EventKind::violation, now(), where(), 0, liveness ? 1 : 0, 0, {}, texts);
  std::vector<std::string> kinds;
  for (const Witness& witness : finding.witnesses) {
    trace_.witness(violation, witness.event, witness.role);
    kinds.emplace_back(recent_kinds_.name(witness.event));
  }
  report_.violations.push_back({liveness, check.name(), finding, std::move(kinds), violation, to_ns(now()),
                                current_host == nullptr ? "harness" : current_host->name()});
  stop("a check was broken");
}

// The others go on: what they make of it may be a violation, which then is the verdict.
void Run::program_crashed(const kernel::Host& host, const ProgramEnd& end) {
  if (crash_) return;
  const std::string signal = fmt::format("signal {} ({})", end.status, strsignal(end.status));
  crash_ = Report{};
  crash_->verdict = Verdict::crash;
  crash_->reason = end.exception.empty()
                       ? fmt::format("the program of host {} ended by {}", host.name(), signal)
                       : fmt::format("the program of host {} let an exception escape: {}", host.name(), end.exception);
  crash_->what = end.exception.empty() ? signal : end.exception;
  crash_->place = host.role();
}

void Run::crashed(const kernel::Host& host, const std::variant<EscapedException, DeadlySignal>& why) {
  if (report_.verdict != Verdict::pass || !report_.violations.empty())
    return;  // the first thing that broke is the verdict
  report_.verdict = Verdict::crash;
  report_.place = host.role();
  if (const auto* signal = std::get_if<DeadlySignal>(&why)) {
    report_.reason = fmt::format("host {} died of {}", host.name(), signal->name);
    report_.what = signal->name;
  } else {
    const auto& exception = std::get<EscapedException>(why);
    report_.reason = fmt::format("host {} let an exception escape: {}", host.name(), exception.text);
    report_.detail = exception.type;
    report_.what = fmt::format("{}: {}", exception.type, exception.text);
  }
  over_ = true;
}

}  // namespace stillpoint::process
