#include "sim-core/supervise/run_once.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

namespace stillpoint::supervise {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr std::size_t kOutputKept = 64 * 1024;

std::int64_t ns_of(const timeval& time) { return (std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec) * 1'000; }

void read_output(int fd, std::string& output) {
  char bytes[4096];
  for (ssize_t count; (count = read(fd, bytes, sizeof bytes)) > 0;) {
    output.append(bytes, static_cast<std::size_t>(count));
    if (output.size() > 2 * kOutputKept) output.erase(0, output.size() - kOutputKept);
  }
}

// What a process that left no report died of.
Report post_mortem(int status, const std::string& output) {
  Report report;
  report.verdict = Verdict::crash;
  if (WIFSIGNALED(status)) {
    const int number = WTERMSIG(status);
    if (number == SIGXCPU) {
      report.verdict = Verdict::runaway;
      report.reason = "real CPU time is used up (backstop): a loop that makes no calls?";
      return report;
    }
    const char* name = sigabbrev_np(number);
    report.reason = fmt::format("the service died of SIG{}", name == nullptr ? "?" : name);
    return report;
  }
  constexpr int kSanitizerExit = 99;
  if (WEXITSTATUS(status) == kSanitizerExit && output.find("Sanitizer") != std::string::npos) {
    report.reason = "a sanitizer stopped the service";
    return report;
  }
  report.reason = fmt::format("the service ended its process with exit status {}", WEXITSTATUS(status));
  return report;
}

}  // namespace

RunResult run_once(Zygote& zygote, const RunRequest& request, const RunOptions& options) {
  SharedRun& shared = zygote.shared();
  shared.prepare(request.to_json());
  StreamControl& stream = shared.header().stream;
  StreamReader reader(stream, shared.ring());
  if (options.on_records) reader.attach();

  RunResult result;
  result.seed = request.seed;
  const Clock::time_point start = Clock::now();
  zygote.start();

  const auto drain = [&] {
    if (!options.on_records) return false;
    const std::span<const std::byte> records = reader.available();
    if (records.empty()) return false;
    options.on_records(records);
    reader.consume(records.size());
    return true;
  };

  bool interrupted = false;
  Clock::time_point next_progress = start + kProgressInterval;
  for (bool ended = false; !ended;) {
    const bool busy = drain();
    pollfd entries[] = {{zygote.control_fd(), POLLIN, 0}, {zygote.output_fd(), POLLIN, 0}};
    poll(entries, 2, busy ? 0 : options.on_records ? 1 : 50);
    if (entries[1].revents != 0) read_output(zygote.output_fd(), result.output);
    ended = entries[0].revents != 0;
    if (!interrupted && options.cancelled && options.cancelled()) {
      interrupted = true;
      zygote.kill_simulation();
    }
    if (options.on_progress && Clock::now() >= next_progress) {
      options.on_progress(
          {stream.events.load(std::memory_order_relaxed), stream.now_ns.load(std::memory_order_relaxed)});
      next_progress = Clock::now() + kProgressInterval;
    }
  }
  const ChildEnd end = zygote.wait();
  while (drain()) {
  }
  read_output(zygote.output_fd(), result.output);

  const std::optional<Report> report = report_from_json(shared.report());
  if (interrupted && !report) {  // a verdict that was reached before the interruption stands
    result.report.verdict = Verdict::interrupted;
    result.report.reason = "interrupted";
  } else {
    result.report = report ? *report : post_mortem(end.status, result.output);
  }
  result.hash = event_digest(stream, shared.ring());
  result.log_hash = log_digest(stream);
  result.events = stream.events;
  result.virtual_ns = stream.now_ns;
  result.cpu_ns = ns_of(end.usage.ru_utime) + ns_of(end.usage.ru_stime);
  result.rss_kib = static_cast<std::uint64_t>(end.usage.ru_maxrss);
  result.real_ns = std::chrono::nanoseconds(Clock::now() - start).count();
  return result;
}

}  // namespace stillpoint::supervise
