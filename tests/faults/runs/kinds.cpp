// Each kind of fault, alone, in a run of fault-tour: that it happened, what it is a cause of, and what the service saw.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "sim-core/faults/kinds.hpp"
#include "tests/faults/runs/runs.hpp"

using namespace stillpoint::faults;

namespace {

struct Row {
  Kind kind;
  const char* lines;  // what the plan says beside name, kind, at and for
  // Kinds of events that have it as a cause.
  std::vector<std::string> causes;
  // What a node found to have failed; empty: it cannot see it by that.
  std::string failed = "";
  const char* lasts = "for = '2s'";
  const char* at = "1s";
};

constexpr const char* kLinks = "from = ['node-1']\nto = ['*']";
constexpr const char* kHost = "on = ['node-1']";

std::string with(const char* target, const char* more) { return std::string(target) + "\n" + more; }

const std::vector<Row>& table() {
  static const std::string latency = with(kLinks, "min = '5ms'\nmax = '700ms'");
  static const std::string loss = with(kLinks, "share = '50%'");
  static const std::string all = with(kLinks, "share = '100%'");
  static const std::string reorder = with(kLinks, "share = '50%'\nby = '20ms'");
  static const std::string narrow = with(kLinks, "bytes_per_second = 20000\nqueue = 3000");
  static const std::string small = with(kLinks, "bytes = 100");
  static const std::string flap = with(kLinks, "down = '300ms'\nup = '50ms'");
  static const std::string names = with(kHost, "min = '1s'\nmax = '2s'");
  static const std::string refused = with(kHost, "error = 'try-again'");
  static const std::string third = with(kHost, "operations = 3");
  static const std::string loop = with(kHost, "times = 3");
  static const std::string two = "on = ['node-1', 'node-2']";
  static const std::string every = "on = ['every node']";
  static const std::string slow = with(kHost, "percent = 1000\nextra = '50us'");
  static const std::string step = with(kHost, "by = '-5s'");
  static const std::string drift = with(kHost, "ppm = 300000");
  static const std::string few = with(kHost, "most = 3");
  static const std::string nothing = with(kHost, "bytes = 0");
  static const std::string slow_disk = with(kHost, "min = '1ms'\nmax = '5ms'");
  static const std::string twice = with(kHost, "times = 2");
  static const std::string rot = with(kHost, "sectors = 3");
  static const std::string misdirected = with(kHost, "share = '100%'");
  static const std::string call = with(kHost, "call = 'fsync'\nnth = 3");
  static const std::vector<Row> rows{
      {Kind::latency, latency.c_str(), {"deliver"}, "connection"},
      {Kind::loss, loss.c_str(), {"lose"}},
      {Kind::duplicate, all.c_str(), {"deliver"}},
      {Kind::reorder, reorder.c_str(), {"deliver"}},
      {Kind::bandwidth, narrow.c_str(), {"deliver", "lose"}},
      {Kind::clog, kLinks, {"deliver"}, "connection"},
      {Kind::partition, kLinks, {"lose"}, "connection"},
      {Kind::isolate, kHost, {"lose"}, "connection"},
      {Kind::flap, flap.c_str(), {"lose"}},
      {Kind::reset, all.c_str(), {"deliver"}, "connection", ""},
      {Kind::half_open, kLinks, {"lose"}, "connection"},
      {Kind::mtu_black_hole, small.c_str(), {"lose"}, "connection"},
      {Kind::segments, kLinks, {"deliver"}},
      {Kind::slow_names, names.c_str(), {"answer"}, "", "for = '2s'", "0s"},  // names are looked up at the start
      {Kind::failing_names, refused.c_str(), {"answer"}, "name", "for = '2s'", "0s"},
      {Kind::crash, kHost, {"crash", "heal"}, "connection"},
      {Kind::lost_writes, kHost, {"crash"}, "connection"},
      {Kind::torn_writes, kHost, {"crash"}, "connection"},
      {Kind::crash_mid_write, third.c_str(), {"crash"}, "connection"},
      {Kind::crash_loop, loop.c_str(), {"crash"}, "connection", ""},
      {Kind::power_loss, two.c_str(), {"crash"}, "connection"},
      {Kind::kill, kHost, {"exit"}, "connection"},
      {Kind::terminate, kHost, {"exit"}, "connection"},
      {Kind::rolling_restart, every.c_str(), {"exit"}, "connection", ""},
      {Kind::stop, kHost, {"slice"}, "connection"},
      {Kind::suspend, kHost, {"slice", "lose"}, "connection"},
      {Kind::slow_cpu, slow.c_str(), {"slice"}},
      {Kind::clock_offset, step.c_str(), {"heal"}},
      {Kind::clock_step, step.c_str(), {}, "", ""},
      {Kind::clock_drift, drift.c_str(), {"heal"}},
      {Kind::descriptor_limit, few.c_str(), {"error"}, "descriptor"},
      {Kind::memory_limit, nothing.c_str(), {"error"}, "memory"},
      {Kind::slow_disk, slow_disk.c_str(), {"sync"}},
      {Kind::stalled_disk, kHost, {"sync"}},
      {Kind::read_error, twice.c_str(), {"error"}, "recovery"},
      {Kind::write_error, twice.c_str(), {"error"}, "journal"},
      {Kind::sync_error, twice.c_str(), {"error"}, "journal"},
      {Kind::disk_full, kHost, {"error"}, "journal"},
      {Kind::bit_rot, rot.c_str(), {"corrupt"}, "", ""},
      {Kind::misdirected_writes, misdirected.c_str(), {"corrupt"}},
      {Kind::lying_fsync, kHost, {"sync"}},
      {Kind::wiped_disk, kHost, {"crash"}, "connection"},
      {Kind::fail_call, call.c_str(), {"error"}, "journal"},
  };
  return rows;
}

}  // namespace

TEST_CASE("the table has every kind") {
  std::set<Kind> kinds;
  for (const Row& row : table()) kinds.insert(row.kind);
  CHECK(kinds.size() == kKinds);
}

TEST_CASE("each kind of fault happens, is a cause of what it does, and is seen by the service") {
  for (const Row& row : table()) {
    const std::string name(info(row.kind).name);
    // Reads and rot show where a file is read back: after a new start.
    const bool rereads = row.kind == Kind::read_error;
    std::string plan =
        fmt::format("[[fault]]\nname = 'it'\nkind = '{}'\nat = '{}'\n{}\n{}\n", name, row.at, row.lines, row.lasts);
    if (rereads) plan += "[[fault]]\nkind = 'kill'\non = ['node-1']\nat = '1100ms'\nfor = '10ms'\n";
    const std::string file = test::in_scratch("plan.toml", plan);
    const std::string trace = test::scratch() + "/kind.db";
    const boost::json::object run =
        test::run_json("fault-tour --duration 8s --seed 1 --force --trace " + trace + " --faults " + file);
    CAPTURE(name, plan);

    const auto begun =
        test::rows(trace, "SELECT id, at_ns FROM event WHERE kind = 32 AND substr(payload, 1, 3) = x'697400'");
    REQUIRE(begun.size() == 1);
    CHECK(begun[0][1] == (row.at == std::string("0s") ? "0" : "1000000000"));
    std::set<std::string> caused;
    for (const auto& each : test::rows(
             trace,
             "SELECT DISTINCT events.kind FROM edges JOIN events ON events.id = edges.event WHERE edges.kind = 'fault' "
             "AND edges.cause = " +
                 begun[0][0]))
      caused.insert(each[0]);
    for (const std::string& kind : row.causes) {
      CAPTURE(kind, caused);
      CHECK(caused.contains(kind));
    }
    if (row.failed.empty()) continue;
    const auto failures = test::rows(
        trace, fmt::format("SELECT count(*) FROM events WHERE kind = 'note' AND detail = 'failed: {}' AND at_s >= 1",
                           row.failed));
    CHECK(failures[0][0] != "0");
  }
}
