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
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

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
  double per_s = 0;      // of real time
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
  figure.per_s = operations * 1e9 / static_cast<double>(result.real_ns);
  figure.rss_mib = static_cast<double>(result.rss_kib) / 1024;
  const std::optional<std::uint64_t> after = instructions.count();
  if (before && after) figure.instructions = static_cast<double>(*after - *before) / operations;
  return figure;
}

// All sides in one io_context of one process: nothing but the real kernel between them.
std::uint64_t run_for_real(const workloads::Workload& workload, const workloads::Parameters& parameters) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);

  boost::asio::io_context context(1);
  const auto server = workload.has_server() ? workload.make_server(context, parameters) : nullptr;
  if (server != nullptr) server->start();
  const auto client = workload.make_client(context, parameters);
  client->start();
  context.run();
  return client->count();
}

// In a process of its own, so that its CPU time can be told from ours.
Figure measure_real(const workloads::Workload& workload, const workloads::Parameters& parameters) {
  int result[2];
  if (pipe(result) != 0) throw Error(fmt::format("cannot start the real {}: {}", workload.name, std::strerror(errno)));
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) {
    std::uint64_t count = 0;
    try {
      count = run_for_real(workload, parameters);
    } catch (const std::exception& error) {
      say("stillpoint: {} on the real kernel: {}\n", workload.name, error.what());
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
  if (got != sizeof count || count == 0) throw Error(fmt::format("{} failed on the real kernel", workload.name));
  Figure figure;
  figure.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  figure.per_cpu_s = static_cast<double>(count) / figure.cpu_s;
  figure.per_s =
      static_cast<double>(count) / std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  figure.rss_mib = static_cast<double>(usage.ru_maxrss) / 1024;
  return figure;
}

Figure measure_on_loopback(const workloads::Workload& workload) {
  workloads::Parameters parameters = workload.defaults();
  if (workload.name == "W2") parameters.duration = std::chrono::seconds(5);  // real ones
  return measure_real(workload, parameters);
}

// A folder on the real disk that one is in, for as long as the object lives.
class FolderOnDisk {
 public:
  FolderOnDisk() {
    if (mkdtemp(path_) == nullptr)
      throw Error(fmt::format("cannot make a folder here for the bench: {}", std::strerror(errno)));
  }
  FolderOnDisk(const FolderOnDisk&) = delete;
  FolderOnDisk& operator=(const FolderOnDisk&) = delete;
  ~FolderOnDisk() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path() const { return path_; }

 private:
  char path_[32] = "stillpoint-bench-XXXXXX";
};

Figure measure_on_disk(const workloads::Workload& workload) {
  const FolderOnDisk folder;
  workloads::Parameters parameters = workload.defaults();
  parameters.database = "file:" + folder.path() + "/bench.db";
  return measure_real(workload, parameters);
}

// SQLite's own work: its database is in memory (https://www.sqlite.org/vfslist.html, "memdb").
Figure measure_in_memory(const workloads::Workload& workload) {
  workloads::Parameters parameters = workload.defaults();
  parameters.database = "file:/bench?vfs=memdb";
  return measure_real(workload, parameters);
}

template <typename Compare>
void keep(std::optional<Figure>& best, const Figure& figure, Compare better) {
  if (!best || better(figure, *best)) best = figure;
}

struct Comparison {
  std::optional<double> to_loopback{};  // of operations per second of CPU time
  std::optional<double> to_disk{};      // of operations per second of real time
  std::optional<double> over_memory{};  // of CPU time
};

boost::json::object as_json(std::string_view name, const Figure& figure, const Comparison& comparison) {
  const auto number = [](const std::optional<double>& value) {
    return value ? boost::json::value(*value) : boost::json::value(nullptr);
  };
  return {{"workload", boost::json::string(name)},
          {"per_cpu_s", figure.per_cpu_s},
          {"per_s", figure.per_s},
          {"cpu_s", figure.cpu_s},
          {"rss_mib", figure.rss_mib},
          {"instructions", number(figure.instructions)},
          {"ratio_to_loopback", number(comparison.to_loopback)},
          {"ratio_to_disk", number(comparison.to_disk)},
          {"cpu_over_memory", number(comparison.over_memory)}};
}

std::string count_of(double figure) { return grouped(static_cast<std::uint64_t>(figure)); }

}  // namespace

int bench(const Arguments& arguments) {
  std::vector<std::string> names;
  bool real = false;
  bool json = false;
  unsigned repeat = 3;
  CLI::App app("Measure workloads per second of CPU time (user and system): the best of some runs, back to back.",
               "stillpoint bench");
  app.add_option("WORKLOAD", names, "W1, W2, W3, W3r, W4, sqlite; all by default");
  app.add_flag("--real", real,
               "Run W1, W2 (without latency) and W4 on the real kernel's loopback, sqlite on the real disk and in "
               "memory, as well");
  app.add_option("--repeat", repeat, "Runs of each workload, of which the best counts")->check(CLI::Range(1u, 100u));
  app.add_flag("--json", json, "Print a JSON array instead of a table");
  if (!parse(app, arguments)) return 0;

  std::vector<const workloads::Workload*> chosen;
  for (const std::string& name : names) {
    const workloads::Workload* workload = workloads::find(name);
    if (workload == nullptr) {
      std::vector<std::string> known;
      for (const workloads::Workload& each : workloads::all()) known.emplace_back(each.name);
      throw Error(fmt::format("no workload '{}'.{}  There are W1, W2, W3, W3r, W4 and sqlite.", name,
                              did_you_mean(name, known)));
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
    fmt::print("{:<6} {:>14} {:>8} {:>9}{}{}\n", "", "per CPU s", "CPU s", "RSS MiB", counts ? "  instructions" : "",
               real ? "  for real, and the ratio to it" : "");
  }
  supervise::Zygote zygote;
  const auto faster = [](const Figure& a, const Figure& b) { return a.per_cpu_s > b.per_cpu_s; };
  const auto sooner = [](const Figure& a, const Figure& b) { return a.per_s > b.per_s; };
  for (const workloads::Workload* workload : chosen) {
    const bool of_files = !workload->defaults().database.empty();
    std::optional<Figure> simulated;
    std::optional<Figure> loopback;
    std::optional<Figure> disk;
    std::optional<Figure> memory;
    for (unsigned i = 0; i < repeat; ++i) {
      keep(simulated, measure_virtual(zygote, instructions, *workload), faster);
      if (!real) continue;
      if (workload->has_server()) keep(loopback, measure_on_loopback(*workload), faster);
      if (of_files) keep(disk, measure_on_disk(*workload), sooner);
      if (of_files) keep(memory, measure_in_memory(*workload), faster);
    }
    Comparison comparison;
    if (loopback) comparison.to_loopback = simulated->per_cpu_s / loopback->per_cpu_s;
    if (disk) comparison.to_disk = simulated->per_s / disk->per_s;
    if (memory) comparison.over_memory = simulated->cpu_s / memory->cpu_s;
    if (json) {
      array.push_back(as_json(workload->name, *simulated, comparison));
      continue;
    }
    std::string words;
    if (loopback) words = fmt::format("  loopback {}, {:.1f}x", count_of(loopback->per_cpu_s), *comparison.to_loopback);
    if (disk) {
      words =
          fmt::format("  of real time {}, a real disk {}, {:.1f}x; CPU time {:.2f} of that in memory",
                      count_of(simulated->per_s), count_of(disk->per_s), *comparison.to_disk, *comparison.over_memory);
    }
    fmt::print("{:<6} {:>14} {:>8.2f} {:>9.1f}{}{}\n", workload->name, count_of(simulated->per_cpu_s), simulated->cpu_s,
               simulated->rss_mib, simulated->instructions ? fmt::format("  {:>12.0f}", *simulated->instructions) : "",
               words);
    std::fflush(stdout);
  }
  if (json) fmt::print("{}\n", json_ns::serialize(array));
  return 0;
}

}  // namespace stillpoint::cli
