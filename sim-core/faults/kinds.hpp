#pragma once
// The kinds of faults that a plan may have: what each is called, on what it is aimed, what its magnitudes are, and from
// which range a generator draws them. Everything else that speaks of kinds (the reader and the writer of plans, the
// generator, the checks against a scenario's fault model, docs/faults.md) goes by this table.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::faults {

enum class Kind : std::uint8_t {
  // ---- network ----
  latency,
  loss,
  duplicate,
  reorder,
  bandwidth,
  clog,
  partition,
  isolate,
  flap,
  reset,
  half_open,
  mtu_black_hole,
  segments,
  slow_names,
  failing_names,
  // ---- hosts ----
  crash,
  lost_writes,
  torn_writes,
  crash_mid_write,
  crash_loop,
  power_loss,
  kill,
  terminate,
  rolling_restart,
  stop,
  suspend,
  slow_cpu,
  clock_offset,
  clock_step,
  clock_drift,
  descriptor_limit,
  memory_limit,
  // ---- disks ----
  slow_disk,
  stalled_disk,
  read_error,
  write_error,
  sync_error,
  disk_full,
  bit_rot,
  misdirected_writes,
  lying_fsync,
  wiped_disk,
  // ---- calls ----
  fail_call,
};
constexpr std::size_t kKinds = static_cast<std::size_t>(Kind::fail_call) + 1;

enum class Group : std::uint8_t { network, hosts, disks, calls };

// What a fault is aimed at: links, by the hosts at their two ends, or hosts.
enum class Aim : std::uint8_t { links, hosts };

// Whether it happens at a moment, lasts for a time, or, where nothing is said of that time, for good.
enum class Lasting : std::uint8_t { moment, time };

enum class Unit : std::uint8_t {
  duration,  // in microseconds: "250us", "5ms"
  ratio,     // in parts per million: "2.5%"
  count,
  bytes,
  ppm,    // a whole number, parts per million
  word,   // one of Magnitude::words
  text,   // anything
  error,  // an errno by its name: "EIO"
};

// One thing that says how much: a key of a fault in a plan.
struct Magnitude {
  std::string_view name;
  Unit unit{};
  // Of numbers: what is allowed, and what holds where nothing is said.
  std::int64_t least = 0;
  std::int64_t most = 0;
  std::int64_t usual = 0;
  // From where generators draw, small to large; equal: always this.
  std::int64_t drawn_least = 0;
  std::int64_t drawn_most = 0;
  // Of a word: those that there are, separated by '|', the usual one first; of a text or an error: the usual one.
  std::string_view words = {};
};

// Of what a scenario's fault model limits the number of at one time, or at all.
enum class Burden : std::uint8_t {
  none,
  down,   // hosts that do not run, or that nobody reaches
  lossy,  // disks that lose what they promised to keep
};

struct KindInfo {
  Kind kind{};
  std::string_view name;
  Group group{};
  Aim aim{};
  Lasting lasting{};
  Burden burden{};
  // How long generated ones last, in microseconds.
  std::int64_t lasts_least_us = 0;
  std::int64_t lasts_most_us = 0;
  std::span<const Magnitude> magnitudes = {};
  // A fault of this kind in a few words, for a report.
  std::string_view about;
};

const KindInfo& info(Kind kind);
std::span<const KindInfo> all_kinds();
// Null if there is none of that name.
const KindInfo* find_kind(std::string_view name);
// "network".
std::string_view name_of(Group group);
std::vector<std::string> kind_names();

// Null if the kind has no such magnitude.
const Magnitude* find_magnitude(const KindInfo& kind, std::string_view name);
// The words that a magnitude takes.
std::vector<std::string> words_of(const Magnitude& magnitude);

}  // namespace stillpoint::faults
