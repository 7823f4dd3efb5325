#include "sim-core/supervise/run_once.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "sim-core/supervise/planning.hpp"
#include "sim-core/supervise/post_mortem.hpp"
#include "sim-core/supervise/watch.hpp"

namespace stillpoint::supervise {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kProgressInterval = std::chrono::milliseconds(100);
constexpr std::size_t kOutputKept = 64 * 1024;
constexpr auto kTimeForNote = std::chrono::seconds(2);

std::int64_t ns_of(const timeval& time) { return (std::int64_t{time.tv_sec} * 1'000'000 + time.tv_usec) * 1'000; }

// Reads what is there now, and keeps the end of it. Returns how much there was.
std::uint64_t read_output(int fd, std::string& output) {
  char bytes[4096];
  std::uint64_t total = 0;
  for (ssize_t count; total < kOutputKept && (count = read(fd, bytes, sizeof bytes)) > 0;) {
    output.append(bytes, static_cast<std::size_t>(count));
    if (output.size() > 2 * kOutputKept) output.erase(0, output.size() - kOutputKept);
    total += static_cast<std::uint64_t>(count);
  }
  return total;
}

}  // namespace

RunResult run_once(Zygote& zygote, const RunRequest& request, const RunOptions& options) {
  SharedRun& shared = zygote.shared();
  shared.prepare(with_plan(request).to_json());
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

  Stopped stopped = Stopped::no;
  std::uint64_t output_size = 0;
  Watch watch(zygote.simulation(), shared.header());
  Clock::time_point next_progress = start + kProgressInterval;
  Clock::time_point kill_at = Clock::time_point::max();
  for (bool ended = false; !ended;) {
    const bool busy = drain();
    pollfd entries[] = {{zygote.control_fd(), POLLIN, 0}, {zygote.output_fd(), POLLIN, 0}};
    poll(entries, 2, busy ? 0 : options.on_records ? 1 : 50);
    if (entries[1].revents != 0) output_size += read_output(zygote.output_fd(), result.output);
    ended = entries[0].revents != 0;
    const Clock::time_point now = Clock::now();
    if (stopped == Stopped::no && options.cancelled && options.cancelled()) {
      stopped = Stopped::interrupted;
      zygote.end_simulation(SIGKILL);
    }
    if (stopped == Stopped::no && (stopped = watch.look(output_size)) != Stopped::no) {
      zygote.end_simulation(note_and_die_signal());
      kill_at = now + kTimeForNote;
    }
    if (now >= kill_at) zygote.end_simulation(SIGKILL);
    if (options.on_progress && now >= next_progress) {
      options.on_progress(
          {stream.events.load(std::memory_order_relaxed), stream.now_ns.load(std::memory_order_relaxed)});
      next_progress = now + kProgressInterval;
    }
  }
  const ChildEnd end = zygote.wait();
  while (drain()) {
  }
  while (read_output(zygote.output_fd(), result.output) > 0) {
  }

  const DeathNote& note = shared.header().death_note;
  if (std::optional<Report> report = report_from_json(shared.report())) {
    // A verdict that was reached before the interruption stands.
    result.report = std::move(*report);
    add_frames(result.report, note);
  } else if (stopped == Stopped::interrupted) {
    result.report.verdict = Verdict::interrupted;
    result.report.reason = "interrupted";
  } else {
    result.report = post_mortem({end.status, result.output, note, stopped});
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
