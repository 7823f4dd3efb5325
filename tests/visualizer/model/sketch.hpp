#pragma once
// Traces for the tests of model/, drawn event by event.
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sim-core/record/database.hpp"
#include "tests/record/synthetic.hpp"
#include "visualizer/model/trace.hpp"

namespace stillpoint::test {

class Sketch {
 public:
  struct Event {
    std::int64_t at_ns = 0;
    HostId host = 1;
    Boot boot = 1;
    std::uint64_t subject = 0;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    Cause cause = {};
    std::string_view payload = {};
  };

  explicit Sketch(std::uint64_t capacity = 1 << 20) : stream_(capacity) {
    writer().host(1,
                  "plaza-1\0plaza\0"
                  "10.0.0.1"sv);
    writer().host(2,
                  "users-1\0users\0"
                  "10.0.0.2"sv);
    writer().host(3,
                  "users-2\0users\0"
                  "10.0.0.3"sv);
  }

  TraceWriter& writer() { return stream_.writer; }
  EventId add(EventKind kind, const Event& event) {
    return writer().event(kind, from_ns(event.at_ns), {.host = event.host, .boot = event.boot}, event.subject, event.a,
                          event.b, event.cause, event.payload);
  }

  // Writes the file, and lets SQL alter it.
  std::filesystem::path record(std::string_view name = "t.db", const char* sql = "") const {
    const std::filesystem::path path = folder_ / name;
    Recorder recorder(path, kRun, {.overwrite = true});
    recorder.ingest(stream_.records());
    recorder.finish(kOutcome);
    Database(path, Database::Access::write, {path.string()}).run(sql);
    return path;
  }
  view::Trace trace(const char* sql = "") const { return view::Trace(record("t.db", sql)); }

 private:
  Folder folder_;
  MemoryStream stream_;
};

// One of everything (record_sale()), altered.
class SaleFile {
 public:
  explicit SaleFile(const char* sql = "") {
    record_sale(path());
    Database(path(), Database::Access::write, {path().string()}).run(sql);
  }
  std::filesystem::path path() const { return folder_ / "sale.db"; }
  view::Trace trace() const { return view::Trace(path()); }

 private:
  Folder folder_;
};

// A random sequence that is the same everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint64_t operator()(std::uint64_t below) {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return (state_ >> 33) % below;
  }

 private:
  std::uint64_t state_;
};

}  // namespace stillpoint::test
