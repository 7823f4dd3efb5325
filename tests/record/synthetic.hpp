#pragma once
// Synthetic streams and trace files for the tests of record/.
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim-core/record/recorder.hpp"
#include "sim-core/record/trace_file.hpp"
#include "sim-core/trace/writer.hpp"
#include "tests/support/folder.hpp"

namespace stillpoint::test {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

inline VirtualTime at(Duration duration) { return VirtualTime(duration); }

// A stream in ordinary memory, which is never read and never wraps.
class MemoryStream {
 public:
  explicit MemoryStream(std::uint64_t capacity = 1 << 20) : ring_(std::make_unique<std::byte[]>(capacity)) {
    initialize(*control_, capacity);
  }
  std::span<const std::byte> records() const { return StreamReader(*control_, ring_.get()).available(); }
  std::span<std::byte> memory() { return {ring_.get(), control_->capacity}; }

 private:
  std::unique_ptr<StreamControl> control_ = std::make_unique<StreamControl>();
  std::unique_ptr<std::byte[]> ring_;

 public:
  TraceWriter writer{*control_, ring_.get(), [] { std::abort(); }};
};

using ::test::Folder;

inline const RunMetadata kRun{.scenario = "ticket-rush",
                              .scenario_path = "scenarios/ticket-rush.toml",
                              .scenario_text = "[scenario]\nname = \"ticket-rush\"\n",
                              .seed = 18'446'744'073'709'551'615U,
                              .overrides = {"users=3", "quote=\"\\"},
                              .bug = "double-sale",
                              .revision = "0123456789ab",
                              .build_id = "feed",
                              .trace_format = kTraceFormat,
                              .started = "2024-05-01T12:00:00Z"};
inline const RunOutcome kOutcome{.verdict = "safety",
                                 .exit_code = 10,
                                 .hash = 0x00ab,
                                 .log_hash = 0xffff'ffff'ffff'ffff,
                                 .virtual_time = 4s,
                                 .cpu_time = 12ms};

// The events of write_sale(), by their numbers.
enum Sale : EventId {
  kBoot = 1,
  kListen,
  kConnect,
  kSend,
  kDeliver,
  kWake,
  kStep,
  kInvoke,
  kReceive,
  kApply,
  kOk,
  kSecondInvoke,
  kFail,
  kThirdInvoke,
  kInfo,
  kPending,
  kArm,
  kExpire,
  kDrop,
  kNote,
  kViolation,
  kStop,
  kSaleEvents = kStop
};

// One of everything: a ticket is sold, and sold again.
inline void write_sale(TraceWriter& writer) {
  const Where plaza{.host = 1, .boot = 1};
  const Where users{.host = 2, .boot = 1};
  constexpr std::uint64_t kPlaza = 10 << 24 | 1;
  constexpr std::uint64_t kUsers = 10 << 24 | 2;
  constexpr auto kData = static_cast<std::uint64_t>(Segment::data);
  writer.host(1,
              "plaza-1\0server\0"
              "10.0.0.1"sv);
  writer.host(2,
              "users-1\0users\0"
              "10.0.0.2"sv);
  writer.event(EventKind::boot, at(0s), plaza, 0, kPlaza);
  writer.event(EventKind::listen, at(0s), plaza, 0, kPlaza << 16 | 8080, 128);
  writer.event(EventKind::connect, at(1ms), users, 17, kPlaza << 16 | 8080, kUsers << 16 | 40000);
  writer.event(EventKind::send, at(2ms), users, 34, kData, 5, {}, "hello"sv);
  writer.event(EventKind::deliver, at(3'204us), plaza, 34, kData, 5, {.event = kSend, .kind = CauseKind::message});
  writer.event(EventKind::slice, at(3'209us), plaza, 17, 5'000, 0, {.event = kDeliver, .kind = CauseKind::wakeup});
  writer.event(EventKind::step, at(4ms), users, 0, 0, 0, {}, "alice\0buys a ticket"sv);
  writer.event(EventKind::invoke, at(4ms), users, 0, 0, 0, {.event = kStep, .kind = CauseKind::user},
               "alice\0purchase\0{\"seat\":7}"sv);
  writer.event(EventKind::receive, at(5ms), plaza, 0, 0, 0, {.event = kDeliver, .kind = CauseKind::message},
               "purchase 7"sv);
  writer.event(EventKind::apply, at(5ms), plaza, 0, 0, 0, {.event = kReceive, .kind = CauseKind::message},
               "seat 7 is alice's"sv);
  writer.edge(kApply, {.event = kBoot, .kind = CauseKind::state});
  writer.edge(kApply, {.event = kWake, .kind = CauseKind::fault});
  writer.log(at(5ms), plaza, 2, "sold seat 7");
  writer.event(EventKind::ok, at(6'500us), users, kInvoke, 0, 0, {.event = kApply, .kind = CauseKind::message},
               "sold"sv);
  writer.event(EventKind::invoke, at(7ms), users, 0, 0, 0, {}, "bob\0purchase\0{\"seat\":7}"sv);
  writer.event(EventKind::fail, at(8ms), users, kSecondInvoke, 0, 0, {}, ""sv);
  writer.event(EventKind::invoke, at(9ms), users, 0, 0, 0, {}, "bob\0look\0"sv);
  writer.event(EventKind::info, at(10ms), users, kThirdInvoke, 0, 0, {}, "time-out"sv);
  writer.event(EventKind::invoke, at(11ms), users, 0, 0, 0, {}, "carol\0refund\0[]"sv);
  writer.event(EventKind::arm, at(12ms), plaza, 3, 1'500'000'000);
  writer.event(EventKind::expire, at(1500ms), plaza, 3, 0, 0, {.event = kArm, .kind = CauseKind::arming});
  writer.event(EventKind::drop, at(1600ms), users, 35, static_cast<std::uint64_t>(Segment::rst), 0);
  writer.event(EventKind::note, at(3s), {}, 0, 0, 0, {}, "half-time"sv);
  writer.event(EventKind::violation, at(3s), {}, 0, 0, 0, {},
               "one-owner\0a seat has one owner\0seat 7 has two\0both were told so"sv);
  writer.witness(kViolation, kOk, "first purchase");
  writer.witness(kViolation, kFail, "second purchase");
  writer.event(EventKind::stop, at(4s), {}, 0, 0, 0, {}, "a check was broken"sv);
}

// A finished trace of it.
inline void record_sale(const std::filesystem::path& path) {
  MemoryStream stream;
  write_sale(stream.writer);
  Recorder recorder(path, kRun);
  recorder.ingest(stream.records());
  recorder.finish(kOutcome);
}

// The rows of a query: columns are separated by '|', NULL is "-".
inline std::vector<std::string> rows(const TraceFile& trace, std::string_view sql, int columns) {
  std::vector<std::string> result;
  Statement statement = trace.query(sql);
  while (statement.step()) {
    std::string row;
    for (int i = 0; i < columns; ++i) {
      if (i > 0) row += '|';
      row += statement.is_null(i) ? "-" : statement.text(i);
    }
    result.push_back(row);
  }
  return result;
}

inline std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace stillpoint::test
