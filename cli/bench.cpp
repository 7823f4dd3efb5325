// stillpoint bench: the workloads of system-under-test/workloads on the virtual kernel and, with --real, on the
// kernel's loopback.
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include <stillpoint/error.hpp>

#include "cli/command.hpp"
#include "cli/instructions.hpp"
#include "cli/say.hpp"
#include "sim-core/base/nearest.hpp"
#include "sim-core/base/units.hpp"
#include "sim-core/supervise/run_once.hpp"
#include "system-under-test/workloads/workload.hpp"

namespace stillpoint::cli {
namespace {

struct Figure {
  double per_cpu_s = 0;  // operations per second of CPU time, user and system
  double cpu_s = 0;
  double rss_mib = 0;
  std::optional<double> instructions{};  // of an operation, in user mode
};

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

Figure measure_virtual(supervise::Zygote& zygote, const InstructionCounter& instructions,
                       const workloads::Workload& workload) {
  std::string text = fmt::format(
      "name = \"{0}\"\nbehaviour = \"workload\"\nduration = \"2h\"\n[workload]\nname = \"{0}\"\n", workload.name);
  if (workload.name == "W2") text += "[network]\nlatency_min = \"1ms\"\nlatency_max = \"10ms\"\n";
  const std::optional<std::uint64_t> before = instructions.count();
  const supervise::RunResult result =
      supervise::run_once(zygote, {.scenario_text = text, .overrides = {}, .bug = {}, .seed = 1});
  if (result.report.verdict != Verdict::pass || result.report.measures.empty()) {
    throw Error(fmt::format("{} failed on the virtual kernel: {}", workload.name, result.report.reason));
  }
  Figure figure;
  figure.cpu_s = static_cast<double>(result.cpu_ns) / 1e9;
  const auto operations = static_cast<double>(result.report.measures.front().value);
  figure.per_cpu_s = operations / figure.cpu_s;
  figure.rss_mib = static_cast<double>(result.rss_kib) / 1024;
  const std::optional<std::uint64_t> after = instructions.count();
  if (before && after) figure.instructions = static_cast<double>(*after - *before) / operations;
  return figure;
}

// Both sides in one io_context of one process: nothing but the kernel's loopback between them.
std::uint64_t run_on_loopback(const workloads::Workload& workload) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  workloads::Parameters parameters = workload.defaults();
  if (workload.name == "W2") parameters.duration = std::chrono::seconds(5);  // real ones
  boost::asio::io_context context(1);
  const auto server = workload.make_server(context, parameters);
  server->start();
  const auto client = workload.make_client(context, parameters);
  client->start();
  context.run();
  return client->count();
}

// In a process of its own, so that its CPU time can be told from ours.
Figure measure_real(const workloads::Workload& workload) {
  int result[2];
  if (pipe(result) != 0) throw Error(fmt::format("cannot start the real {}: {}", workload.name, std::strerror(errno)));
  const pid_t child = fork();
  if (child == 0) {
    std::uint64_t count = 0;
    try {
      count = run_on_loopback(workload);
    } catch (const std::exception& error) {
      say("stillpoint: {} on loopback: {}\n", workload.name, error.what());
    }
    _exit(write(result[1], &count, sizeof count) == sizeof count ? 0 : 1);
  }
  close(result[1]);
  std::uint64_t count = 0;
  const ssize_t got = child < 0 ? -1 : read(result[0], &count, sizeof count);
  close(result[0]);
  int status = 0;
  rusage usage{};
  if (child > 0) wait4(child, &status, 0, &usage);
  if (got != sizeof count || count == 0)
    throw Error(fmt::format("{} failed on the real kernel's loopback", workload.name));
  Figure figure;
  figure.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  figure.per_cpu_s = static_cast<double>(count) / figure.cpu_s;
  figure.rss_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return figure;
}

template <typename Compare>
void keep(std::optional<Figure>& best, const Figure& figure, Compare better) {
  if (!best || better(figure, *best)) best = figure;
}

}  // namespace

int bench(const Arguments& arguments) {
  std::vector<std::string> names;
  bool real = false;
  bool json = false;
  unsigned repeat = 3;
  CLI::App app("Measure workloads per second of CPU time (user and system): the best of some runs, back to back.",
               "stillpoint bench");
  app.add_option("WORKLOAD", names, "W1, W2, W3, W3r, W4; all by default");
  app.add_flag("--real", real, "Run W1, W2 (without latency) and W4 on the real kernel's loopback as well");
  app.add_option("--repeat", repeat, "Runs of each workload, of which the best counts")->check(CLI::Range(1u, 100u));
  app.add_flag("--json", json, "Print a JSON array instead of a table");
  if (!parse(app, arguments)) return 0;

  std::vector<const workloads::Workload*> chosen;
  for (const std::string& name : names) {
    const workloads::Workload* workload = workloads::find(name);
    if (workload == nullptr) {
      std::vector<std::string> known;
      for (const workloads::Workload& each : workloads::all()) known.emplace_back(each.name);
      throw Error(
          fmt::format("no workload '{}'.{}  There are W1, W2, W3, W3r and W4.", name, did_you_mean(name, known)));
    }
    chosen.push_back(workload);
  }
  if (chosen.empty()) {
    for (const workloads::Workload& workload : workloads::all()) chosen.push_back(&workload);
  }

  namespace json_ns = boost::json;
  json_ns::array array;
  const InstructionCounter instructions;  // before the zygote, so that it counts what the zygote starts
  const bool counts = instructions.count().has_value();
  if (!json) {
    fmt::print("{:<5} {:>14} {:>8} {:>9}{}{}\n", "", "per CPU s", "CPU s", "RSS MiB", counts ? "  instructions" : "",
               real ? "  loopback's, and the ratio to it" : "");
  }
  supervise::Zygote zygote;
  const auto faster = [](const Figure& a, const Figure& b) { return a.per_cpu_s > b.per_cpu_s; };
  for (const workloads::Workload* workload : chosen) {
    std::optional<Figure> simulated;
    std::optional<Figure> loopback;
    for (unsigned i = 0; i < repeat; ++i) {
      keep(simulated, measure_virtual(zygote, instructions, *workload), faster);
      if (real && workload->has_server()) keep(loopback, measure_real(*workload), faster);
    }
    const double ratio = loopback ? simulated->per_cpu_s / loopback->per_cpu_s : 0;
    if (json) {
      json_ns::object object{{"workload", json_ns::string(workload->name)},
                             {"per_cpu_s", simulated->per_cpu_s},
                             {"cpu_s", simulated->cpu_s},
                             {"rss_mib", simulated->rss_mib}};
      object["instructions"] =
          simulated->instructions ? json_ns::value(*simulated->instructions) : json_ns::value(nullptr);
      object["ratio_to_loopback"] = loopback ? json_ns::value(ratio) : json_ns::value(nullptr);
      array.push_back(object);
    } else {
      fmt::print("{:<5} {:>14} {:>8.2f} {:>9.1f}{}{}\n", workload->name,
                 grouped(static_cast<std::uint64_t>(simulated->per_cpu_s)), simulated->cpu_s, simulated->rss_mib,
                 simulated->instructions ? fmt::format("  {:>12.0f}", *simulated->instructions) : "",
                 loopback
                     ? fmt::format("  {}, {:.1f}x", grouped(static_cast<std::uint64_t>(loopback->per_cpu_s)), ratio)
                     : "");
      std::fflush(stdout);
    }
  }
  if (json) fmt::print("{}\n", json_ns::serialize(array));
  return 0;
}

}  // namespace stillpoint::cli
