#include "sim-core/faults/kinds.hpp"

#include <algorithm>
#include <array>

#include "sim-core/base/assert.hpp"

namespace stillpoint::faults {
namespace {

constexpr std::int64_t kMs = 1'000;  // in microseconds
constexpr std::int64_t kSecond = 1'000 * kMs;
constexpr std::int64_t kHour = 3'600 * kSecond;
constexpr std::int64_t kPercent = 10'000;  // in parts per million
constexpr std::int64_t kAll = 100 * kPercent;
constexpr std::int64_t kMebi = std::int64_t{1} << 20;
constexpr std::int64_t kTebi = std::int64_t{1} << 40;

constexpr Magnitude duration(std::string_view name, std::int64_t usual, std::int64_t drawn_least,
                             std::int64_t drawn_most, std::int64_t most = 10 * 60 * kSecond) {
  return {name, Unit::duration, 0, most, usual, drawn_least, drawn_most};
}
constexpr Magnitude ratio(std::string_view name, std::int64_t usual, std::int64_t drawn_least,
                          std::int64_t drawn_most) {
  return {name, Unit::ratio, 1, kAll, usual, drawn_least, drawn_most};
}
constexpr Magnitude words(std::string_view name, std::string_view those) {
  return {.name = name, .unit = Unit::word, .words = those};
}
constexpr Magnitude path() { return {.name = "path", .unit = Unit::text, .words = ""}; }
constexpr Magnitude error() { return {.name = "error", .unit = Unit::error, .words = "EIO"}; }
// How many calls fail; 0: all, for as long as it lasts.
constexpr Magnitude times() { return {"times", Unit::count, 0, 1'000'000, 0, 0, 3}; }

constexpr std::string_view kShapes = "uniform|normal|long-tail";
constexpr std::string_view kPeers = "silence|reset";

constexpr std::array kLatency{duration("min", 0, 0, 20 * kMs), duration("max", 50 * kMs, 20 * kMs, 200 * kMs),
                              words("shape", kShapes)};
constexpr std::array kLoss{ratio("share", 5 * kPercent, kPercent / 2, 20 * kPercent)};
constexpr std::array kDuplicate{ratio("share", 5 * kPercent, kPercent, 20 * kPercent)};
constexpr std::array kReorder{ratio("share", 10 * kPercent, kPercent, 30 * kPercent),
                              duration("by", 10 * kMs, 2 * kMs, 50 * kMs)};
constexpr std::array kBandwidth{Magnitude{"bytes_per_second", Unit::bytes, 1, kTebi, kMebi, 20'000, 2'000'000},
                                Magnitude{"queue", Unit::bytes, 0, kTebi, 0, 64'000, 1'000'000}};
constexpr std::array kPartition{words("answer", "silence|unreachable|filtered")};
constexpr std::array kIsolate{words("direction", "both|in|out")};
constexpr std::array kFlap{duration("down", 20 * kMs, 5 * kMs, 100 * kMs),
                           duration("up", 50 * kMs, 10 * kMs, 200 * kMs)};
constexpr std::array kReset{ratio("share", kAll, 10 * kPercent, kAll)};
constexpr std::array kMtuBlackHole{Magnitude{"bytes", Unit::bytes, 28, 65'535, 1'400, 100, 1'400}};
constexpr std::array kSegments{Magnitude{"bytes", Unit::bytes, 1, 65'535, 1, 1, 8}};
constexpr std::array kSlowNames{duration("min", 0, 0, 500 * kMs), duration("max", kSecond, 500 * kMs, 5 * kSecond)};
constexpr std::array kFailingNames{words("error", "timeout|try-again|unknown|failed"),
                                   Magnitude{.name = "about", .unit = Unit::text, .words = ""}};
constexpr std::array kCrash{words("peers", kPeers)};
constexpr std::array kCrashMidWrite{Magnitude{"operations", Unit::count, 1, 1'000'000'000, 1, 1, 30}};
constexpr std::array kCrashLoop{Magnitude{"times", Unit::count, 2, 1'000, 3, 2, 5},
                                duration("up", 100 * kMs, 1 * kMs, 300 * kMs, kHour),
                                duration("down", 100 * kMs, 10 * kMs, 200 * kMs, kHour)};
constexpr std::array kTerminate{duration("grace", 500 * kMs, 50 * kMs, 500 * kMs, kHour)};
constexpr std::array kRollingRestart{duration("grace", 500 * kMs, 50 * kMs, 300 * kMs, kHour),
                                     duration("down", 100 * kMs, 10 * kMs, 200 * kMs, kHour),
                                     duration("gap", 500 * kMs, 50 * kMs, 500 * kMs, kHour)};
constexpr std::array kSlowCpu{Magnitude{"percent", Unit::count, 100, 1'000'000, 1'000, 200, 5'000},
                              duration("extra", 0, 0, 200)};
constexpr Magnitude kBy{"by",    Unit::duration, -24 * 365 * kHour, 24 * 365 * kHour,
                        kSecond, -10 * kSecond,  10 * kSecond};
constexpr std::array kClockBy{kBy};
constexpr std::array kClockDrift{Magnitude{"ppm", Unit::ppm, -500'000, 500'000, 200, -500, 500}};
constexpr std::array kDescriptorLimit{Magnitude{"most", Unit::count, 3, 1'048'576, 16, 8, 64}};
constexpr std::array kMemoryLimit{Magnitude{"bytes", Unit::bytes, 0, kTebi, 0, 0, 4 * kMebi}};
constexpr std::array kSlowDisk{duration("min", 0, 0, 5 * kMs), duration("max", 20 * kMs, 5 * kMs, 50 * kMs)};
constexpr std::array kFailingDisk{error(), times(), path()};
constexpr std::array kDiskFull{Magnitude{"free", Unit::bytes, 0, kTebi, 0, 0, 64 * 1024}};
constexpr std::array kBitRot{Magnitude{"sectors", Unit::count, 1, 1'000'000, 1, 1, 4}, path()};
constexpr std::array kMisdirected{ratio("share", kPercent, kPercent / 2, 10 * kPercent)};
constexpr std::array kFailCall{Magnitude{.name = "call", .unit = Unit::text, .words = ""},
                               Magnitude{"nth", Unit::count, 1, 1'000'000'000, 1, 1, 1'000}, error()};

constexpr auto kMoment = Lasting::moment;
constexpr auto kTime = Lasting::time;
constexpr auto kNetwork = Group::network;
constexpr auto kHosts = Group::hosts;
constexpr auto kDisks = Group::disks;
constexpr auto kLinks = Aim::links;
constexpr auto kAtHosts = Aim::hosts;
constexpr auto kFree = Burden::none;
constexpr auto kDown = Burden::down;
constexpr auto kLossy = Burden::lossy;

constexpr std::array<KindInfo, kKinds> kTable{{
    {Kind::latency, "latency", kNetwork, kLinks, kTime, kFree, 50 * kMs, 2 * kSecond, kLatency, "packets take longer"},
    {Kind::loss, "loss", kNetwork, kLinks, kTime, kFree, 50 * kMs, 2 * kSecond, kLoss, "packets are lost"},
    {Kind::duplicate, "duplicate", kNetwork, kLinks, kTime, kFree, 50 * kMs, 2 * kSecond, kDuplicate,
     "datagrams arrive twice"},
    {Kind::reorder, "reorder", kNetwork, kLinks, kTime, kFree, 50 * kMs, 2 * kSecond, kReorder,
     "packets are overtaken"},
    {Kind::bandwidth, "bandwidth", kNetwork, kLinks, kTime, kFree, 100 * kMs, 2 * kSecond, kBandwidth,
     "the link is narrow"},
    {Kind::clog,
     "clog",
     kNetwork,
     kLinks,
     kTime,
     kFree,
     5 * kMs,
     500 * kMs,
     {},
     "nothing moves, and then everything does"},
    {Kind::partition, "partition", kNetwork, kLinks, kTime, kFree, 20 * kMs, kSecond, kPartition,
     "nothing gets through"},
    {Kind::isolate, "isolate", kNetwork, kAtHosts, kTime, kDown, 20 * kMs, kSecond, kIsolate,
     "a host is cut off from all others"},
    {Kind::flap, "flap", kNetwork, kLinks, kTime, kFree, 100 * kMs, kSecond, kFlap,
     "the link goes down and up again and again"},
    {Kind::reset, "reset", kNetwork, kLinks, kMoment, kFree, 0, 0, kReset, "connections are reset"},
    {Kind::half_open,
     "half-open",
     kNetwork,
     kLinks,
     kTime,
     kFree,
     50 * kMs,
     2 * kSecond,
     {},
     "connections that there are go silent; new ones work"},
    {Kind::mtu_black_hole, "mtu-black-hole", kNetwork, kLinks, kTime, kFree, 50 * kMs, kSecond, kMtuBlackHole,
     "large packets vanish"},
    {Kind::segments, "segments", kNetwork, kLinks, kTime, kFree, 50 * kMs, 2 * kSecond, kSegments,
     "streams arrive in small pieces"},
    {Kind::slow_names, "slow-names", kNetwork, kAtHosts, kTime, kFree, 100 * kMs, 2 * kSecond, kSlowNames,
     "the name service is slow"},
    {Kind::failing_names, "failing-names", kNetwork, kAtHosts, kTime, kFree, 100 * kMs, 2 * kSecond, kFailingNames,
     "the name service fails"},

    {Kind::crash, "crash", kHosts, kAtHosts, kTime, kDown, 5 * kMs, 500 * kMs, kCrash,
     "a host loses its power, and boots"},
    {Kind::lost_writes, "lost-writes", kHosts, kAtHosts, kTime, kDown, 5 * kMs, 500 * kMs, kCrash,
     "a crash that takes all that was not synced"},
    {Kind::torn_writes, "torn-writes", kHosts, kAtHosts, kTime, kDown, 5 * kMs, 500 * kMs, kCrash,
     "a crash that tears writes at their sectors"},
    {Kind::crash_mid_write, "crash-mid-write", kHosts, kAtHosts, kTime, kDown, 20 * kMs, 500 * kMs, kCrashMidWrite,
     "the power fails in the midst of what a host writes"},
    {Kind::crash_loop, "crash-loop", kHosts, kAtHosts, kMoment, kDown, 0, 0, kCrashLoop,
     "a host crashes again and again"},
    {Kind::power_loss, "power-loss", kHosts, kAtHosts, kTime, kDown, 20 * kMs, 500 * kMs, kCrash,
     "several hosts lose their power at once"},
    {Kind::kill,
     "kill",
     kHosts,
     kAtHosts,
     kTime,
     kDown,
     1 * kMs,
     300 * kMs,
     {},
     "SIGKILL; the machine and its page cache stay"},
    {Kind::terminate, "terminate", kHosts, kAtHosts, kTime, kDown, 10 * kMs, 300 * kMs, kTerminate,
     "SIGTERM, and a new start"},
    {Kind::rolling_restart, "rolling-restart", kHosts, kAtHosts, kMoment, kDown, 0, 0, kRollingRestart,
     "one host after the other is restarted"},
    {Kind::stop, "stop", kHosts, kAtHosts, kTime, kDown, 5 * kMs, kSecond, {}, "a host stands still; its clocks go on"},
    {Kind::suspend,
     "suspend",
     kHosts,
     kAtHosts,
     kTime,
     kDown,
     20 * kMs,
     2 * kSecond,
     {},
     "a host sleeps; CLOCK_MONOTONIC stands still"},
    {Kind::slow_cpu, "slow-cpu", kHosts, kAtHosts, kTime, kFree, 50 * kMs, 2 * kSecond, kSlowCpu, "slices cost more"},
    {Kind::clock_offset, "clock-offset", kHosts, kAtHosts, kTime, kFree, 50 * kMs, 2 * kSecond, kClockBy,
     "the wall clock is off, then is set right"},
    {Kind::clock_step, "clock-step", kHosts, kAtHosts, kMoment, kFree, 0, 0, kClockBy, "the wall clock is set"},
    {Kind::clock_drift, "clock-drift", kHosts, kAtHosts, kTime, kFree, 100 * kMs, 5 * kSecond, kClockDrift,
     "all clocks run fast, or slow"},
    {Kind::descriptor_limit, "descriptor-limit", kHosts, kAtHosts, kTime, kFree, 50 * kMs, kSecond, kDescriptorLimit,
     "no further descriptors: EMFILE"},
    {Kind::memory_limit, "memory-limit", kHosts, kAtHosts, kTime, kFree, 20 * kMs, 500 * kMs, kMemoryLimit,
     "no further memory: ENOMEM"},

    {Kind::slow_disk, "slow-disk", kDisks, kAtHosts, kTime, kFree, 50 * kMs, 2 * kSecond, kSlowDisk,
     "the disk takes longer"},
    {Kind::stalled_disk,
     "stalled-disk",
     kDisks,
     kAtHosts,
     kTime,
     kFree,
     10 * kMs,
     500 * kMs,
     {},
     "the disk stands still"},
    {Kind::read_error, "read-error", kDisks, kAtHosts, kTime, kFree, 10 * kMs, kSecond, kFailingDisk, "reads fail"},
    {Kind::write_error, "write-error", kDisks, kAtHosts, kTime, kFree, 10 * kMs, kSecond, kFailingDisk, "writes fail"},
    {Kind::sync_error, "sync-error", kDisks, kAtHosts, kTime, kFree, 10 * kMs, kSecond, kFailingDisk, "fsync fails"},
    {Kind::disk_full, "disk-full", kDisks, kAtHosts, kTime, kFree, 10 * kMs, kSecond, kDiskFull, "ENOSPC"},
    {Kind::bit_rot, "bit-rot", kDisks, kAtHosts, kMoment, kLossy, 0, 0, kBitRot, "bits of cold sectors flip"},
    {Kind::misdirected_writes, "misdirected-writes", kDisks, kAtHosts, kTime, kLossy, 50 * kMs, kSecond, kMisdirected,
     "writes land elsewhere"},
    {Kind::lying_fsync,
     "lying-fsync",
     kDisks,
     kAtHosts,
     kTime,
     kLossy,
     50 * kMs,
     2 * kSecond,
     {},
     "fsync returns, and nothing is durable"},
    {Kind::wiped_disk,
     "wiped-disk",
     kDisks,
     kAtHosts,
     kTime,
     kLossy,
     20 * kMs,
     500 * kMs,
     {},
     "a host loses its power and comes back with a blank disk"},

    {Kind::fail_call, "fail-call", Group::calls, kAtHosts, kTime, kFree, 0, 0, kFailCall,
     "the Nth call of a name fails"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i) {
    if (static_cast<std::size_t>(kTable[i].kind) != i) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

const KindInfo& info(Kind kind) {
  SP_ASSERT(static_cast<std::size_t>(kind) < kKinds);
  return kTable[static_cast<std::size_t>(kind)];
}

std::span<const KindInfo> all_kinds() { return kTable; }

const KindInfo* find_kind(std::string_view name) {
  const auto* const found = std::ranges::find(kTable, name, &KindInfo::name);
  return found == kTable.end() ? nullptr : found;
}

std::string_view name_of(Group group) {
  switch (group) {
    case Group::network:
      return "network";
    case Group::hosts:
      return "hosts";
    case Group::disks:
      return "disks";
    case Group::calls:
      return "calls";
  }
  return {};
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const KindInfo& kind : kTable) names.emplace_back(kind.name);
  return names;
}

const Magnitude* find_magnitude(const KindInfo& kind, std::string_view name) {
  const auto found = std::ranges::find(kind.magnitudes, name, &Magnitude::name);
  return found == kind.magnitudes.end() ? nullptr : &*found;
}

std::vector<std::string> words_of(const Magnitude& magnitude) {
  std::vector<std::string> words;
  for (std::string_view rest = magnitude.words; !rest.empty();) {
    const std::size_t end = rest.find('|');
    words.emplace_back(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return words;
}

}  // namespace stillpoint::faults
