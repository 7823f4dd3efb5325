#include "sim-core/supervise/child.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cstdlib>
#include <new>

#include <stillpoint/error.hpp>

#include "sim-core/base/units.hpp"
#include "sim-core/faults/plan_text.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/process/run.hpp"
#include "sim-core/process/shared_object.hpp"
#include "sim-core/supervise/death_note.hpp"
#include "sim-core/supervise/request.hpp"

namespace stillpoint::supervise {
namespace {

// One simulation a process: what the handlers below, which have no argument for it, speak of.
SharedRun* shared_run = nullptr;
process::Run* simulation = nullptr;
[[maybe_unused]] std::uint64_t memory_mib = 0;  // that it may use
std::uint64_t work_per_instant = 0;

[[noreturn]] void end_with(const Report& report) {
  kernel::set_current_host(nullptr);
  shared_run->set_report(to_json(report));
  _exit(exit_code(report.verdict));
}

[[noreturn]] void end_now(Report report) {
  end_with(simulation != nullptr ? simulation->report_now(std::move(report)) : std::move(report));
}

void stop_unsupported(kernel::Host& host, const char* call, const void*) {
  const bool from_harness = host.id() == kHarness;
  kernel::set_current_host(nullptr);
  write_death_note(&host);
  Report report;
  report.verdict = Verdict::unsupported;
  report.reason = from_harness
                      ? fmt::format("the scenario itself called {}, outside of any host", call)
                      : fmt::format("host {} called {}, which the virtual kernel does not serve", host.name(), call);
  report.what = fmt::format("call {}", call);
  report.place = host.role();
  end_now(std::move(report));
}

// Who it was, in a sentence: after the death note was written.
const char* subject() { return subject_of(shared_run->header().death_note); }

void stop_excess(kernel::Host& host, kernel::Excess what) {
  kernel::set_current_host(nullptr);
  write_death_note(&host);
  Report report;
  report.verdict = Verdict::runaway;
  report.detail = fmt::format("on host {}", host.name());
  switch (what) {
    case kernel::Excess::output:
      report.reason =
          fmt::format("{} writes more to its standard output and error than it may (limits.output_mib)", subject());
      report.what = "output";
      break;
    case kernel::Excess::calls:
      report.reason = fmt::format("more than {} calls in one turn of the host (limits.work_per_instant)",
                                  grouped(work_per_instant));
      report.what = "calls in one turn";
      break;
    case kernel::Excess::threads:
      report.reason = fmt::format(
          "there is no room for the first thread of {}: with their stacks, threads use more memory than they may "
          "(limits.memory_mib)",
          subject());
      report.what = "threads";
      break;
  }
  report.place = host.role();
  end_now(std::move(report));
}

void stop_on_assertion(const char* text) {
  kernel::set_current_host(nullptr);
  Report report;
  report.verdict = Verdict::harness_bug;
  report.reason = text;
  report.detail = "this is a bug in Stillpoint, not in the service";
  report.what = text;
  end_now(std::move(report));
}

#if !defined(SP_SANITIZED)
// operator new found no memory within the limit.
void stop_out_of_memory() {
  const kernel::Host* host = kernel::current_host;
  if (host != nullptr && host->memory_is_limited()) throw std::bad_alloc();  // a fault's limit, which the host may meet
  std::set_new_handler(nullptr);
  kernel::set_current_host(nullptr);
  const rlimit none{RLIM_INFINITY, RLIM_INFINITY};
  setrlimit(RLIMIT_DATA, &none);  // the report needs a little
  write_death_note(host);
  Report report;
  report.verdict = Verdict::runaway;
  report.reason = fmt::format("{} uses more memory than it may: {} MiB (limits.memory_mib)", subject(), memory_mib);
  report.detail = host == nullptr ? "" : fmt::format("on host {}", host->name());
  report.what = "memory";
  report.place = host == nullptr ? "" : host->role();
  end_now(std::move(report));
}
#endif

// exit() in the midst of a run: who called it?
void note_exit() {
  write_death_note(kernel::current_host);
  kernel::set_current_host(nullptr);
}

// The reader is behind: a moment of real time, which no simulated host sees.
void wait_for_reader() {
  const kernel::CurrentHost real(nullptr);
  const timespec moment{0, 50'000};
  nanosleep(&moment, nullptr);
}

void set_limits(SharedHeader& header, const scenario::Limits& limits) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  header.memory_most = limits.memory_mib * kMiB;
  header.output_most = limits.output_mib * kMiB;
  work_per_instant = limits.work_per_instant;
  const auto seconds = static_cast<rlim_t>(std::chrono::duration_cast<std::chrono::seconds>(limits.cpu).count());
  const rlimit cpu{seconds, RLIM_INFINITY};
  setrlimit(RLIMIT_CPU, &cpu);  // SIGXCPU
#if !defined(SP_SANITIZED)      // a sanitizer's shadow memory alone is beyond any limit
  memory_mib = limits.memory_mib;
  const rlimit data{limits.memory_mib * kMiB, RLIM_INFINITY};
  setrlimit(RLIMIT_DATA, &data);
  std::set_new_handler(stop_out_of_memory);
#endif
}

}  // namespace

void run_simulation(SharedRun& shared) {
  shared_run = &shared;
  set_assertion_reporter(stop_on_assertion);
  process::trial_loads = false;
  try {
    const RunRequest request = RunRequest::from_json(shared.request());
    if (chdir(request.folder.c_str()) != 0) throw Error(fmt::format("cannot enter the folder {}", request.folder));
    scenario::LoadedScenario loaded = scenario::load(request.scenario_text, "scenario", request.overrides, request.bug);
    prepare_death_note(shared.header().death_note);
    process::program_loaded = note_modules;
    std::atexit(note_exit);
    set_limits(shared.header(), loaded.limits);
    TraceWriter trace(shared.header().stream, shared.ring(), wait_for_reader);
    process::arm(request.guard ? process::Bypass::stops_the_run : process::Bypass::passes);
    process::Run run(std::move(loaded), request.seed, faults::read_plan(request.plan, "the plan"), trace,
                     stop_unsupported, stop_excess);
    simulation = &run;
    end_with(run.execute());
  } catch (const std::exception& error) {
    // The supervisor has loaded the same scenario before: what throws here is the scenario's own code.
    Report report;
    report.verdict = Verdict::harness_bug;
    report.reason = fmt::format("the scenario threw: {}", error.what());
    report.what = "the scenario threw";
    end_now(std::move(report));
  }
}

}  // namespace stillpoint::supervise
