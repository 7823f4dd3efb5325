// How fast a recording is: it must keep up with a simulation. The figure is printed, not judged: machines and
// sanitizers differ.
#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <ctime>

#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// 30% slices, 20% sends with 100 bytes, 20% deliveries, 15% arms, 15% expiries, each with the cause that it has in a
// run.
void write_mix(TraceWriter& writer, int count) {
  const std::string payload(100, 'x');
  constexpr auto kData = static_cast<std::uint64_t>(Segment::data);
  EventId sent = 0;
  EventId armed = 0;
  std::uint32_t random = 1;
  for (int i = 1; i <= count; ++i) {
    random = random * 1664525 + 1013904223;
    const auto number = static_cast<std::uint64_t>(i);
    const VirtualTime now = at(10us * i);
    const Where where{.host = static_cast<HostId>(1 + (random >> 8) % 20), .boot = 1};
    const std::uint64_t stream = (random >> 12) % 2000;
    const std::uint32_t percent = (random >> 16) % 100;
    if (percent < 30) {
      writer.event(EventKind::slice, now, where, number / 20, 5'000, 0,
                   {.event = writer.last_event(), .kind = CauseKind::wakeup});
    } else if (percent < 50) {
      sent = writer.event(EventKind::send, now, where, stream, kData, 100, {}, std::string_view(payload));
    } else if (percent < 70) {
      writer.event(EventKind::deliver, now, where, stream, kData, 100, {.event = sent, .kind = CauseKind::message});
    } else if (percent < 85) {
      armed = writer.event(EventKind::arm, now, where, number / 10, static_cast<std::uint64_t>(to_ns(now + 1ms)));
    } else {
      writer.event(EventKind::expire, now, where, number / 10, 0, 0, {.event = armed, .kind = CauseKind::arming});
    }
  }
}

}  // namespace

TEST_CASE("a million events", "[record][rate]") {
  constexpr int kEvents = 1'000'000;
  const Folder folder;
  MemoryStream stream(128 << 20);
  write_mix(stream.writer, kEvents);

  Recorder recorder(folder / "t", kRun);
  const double start = cpu_seconds();
  recorder.ingest(stream.records());
  const double ingested = cpu_seconds();
  recorder.finish(kOutcome);
  const double finished = cpu_seconds();

  CHECK(TraceFile(folder / "t").metadata().events == kEvents);
  fmt::print(
      "a million events: {:.2f} M events per CPU second ingested, {:.2f} with finish ({:.0f} ms of CPU), {} MB\n",
      1 / (ingested - start), 1 / (finished - start), (finished - ingested) * 1e3,
      std::filesystem::file_size(folder / "t") / 1'000'000);
}
