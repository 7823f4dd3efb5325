#include "sim-core/supervise/child.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cxxabi.h>

#include <cstdlib>
#include <optional>

#include "sim-core/kernel/current.hpp"
#include "sim-core/process/run.hpp"
#include "sim-core/supervise/request.hpp"

namespace stillpoint::supervise {
namespace {

// One simulation a process: what the handlers below, which have no argument for it, speak of.
SharedRun* shared_run = nullptr;
process::Run* simulation = nullptr;

[[noreturn]] void end_with(const Report& report) {
  kernel::current_host = nullptr;
  shared_run->set_report(to_json(report));
  _exit(exit_code(report.verdict));
}

Report report_now(Verdict verdict, std::string reason, std::string detail) {
  if (simulation != nullptr) return simulation->report_now(verdict, std::move(reason), std::move(detail));
  Report report;
  report.verdict = verdict;
  report.reason = std::move(reason);
  report.detail = std::move(detail);
  return report;
}

// "stillpoint+0x1234 plaza::Server::accept()"
std::string describe_code(const void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return fmt::format("{}", address);
  const std::string_view path = info.dli_fname;
  const auto offset = static_cast<const char*>(address) - static_cast<const char*>(info.dli_fbase);
  std::string text = fmt::format("{}+{:#x}", path.substr(path.rfind('/') + 1), offset);
  if (info.dli_sname == nullptr) return text;
  int status = 0;
  char* readable = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
  text += fmt::format(" {}", status == 0 ? readable : info.dli_sname);
  std::free(readable);
  return text;
}

void stop_unsupported(kernel::Host& host, const char* call, const void* site) {
  const bool from_harness = host.id() == kHarness;
  kernel::current_host = nullptr;
  end_with(report_now(
      Verdict::unsupported,
      from_harness ? fmt::format("the scenario itself called {}, outside of any host", call)
                   : fmt::format("host {} called {}, which the virtual kernel does not serve", host.name(), call),
      fmt::format("from {}", describe_code(site))));
}

void stop_on_assertion(const char* text) {
  kernel::current_host = nullptr;
  end_with(report_now(Verdict::harness_bug, text, "this is a bug in Stillpoint, not in the service"));
}

// The reader is behind: a moment of real time, which no simulated host sees.
void wait_for_reader() {
  const kernel::CurrentHost real(nullptr);
  const timespec moment{0, 50'000};
  nanosleep(&moment, nullptr);
}

void limit_cpu(std::uint32_t seconds) {
  const rlimit limit{seconds, RLIM_INFINITY};
  setrlimit(RLIMIT_CPU, &limit);  // SIGXCPU, which the supervisor reads as a runaway
}

}  // namespace

void run_simulation(SharedRun& shared) {
  shared_run = &shared;
  set_assertion_reporter(stop_on_assertion);
  try {
    const RunRequest request = RunRequest::from_json(shared.request());
    limit_cpu(request.cpu_seconds_most);
    TraceWriter trace(shared.header().stream, shared.ring(), wait_for_reader);
    process::Run run(scenario::load(request.scenario_text, "scenario", request.overrides, request.bug), request.seed,
                     trace, {}, stop_unsupported);
    simulation = &run;
    end_with(run.execute());
  } catch (const std::exception& error) {
    // The supervisor has loaded the same scenario before: what throws here is the scenario's own code.
    end_with(report_now(Verdict::harness_bug, fmt::format("the scenario threw: {}", error.what()), ""));
  }
}

}  // namespace stillpoint::supervise
