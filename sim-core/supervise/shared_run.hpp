#pragma once
// The memory that a supervisor and a simulation share: the request going in, the stream of events and the report coming
// out.
//
// One anonymous file, mapped by both: a header, the request's text, the report's text, and the ring of the stream,
// whose pages are mapped twice in a row. Its size is always the same, so that the child's address space is too.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sim-core/supervise/death_note.hpp"
#include "sim-core/trace/stream.hpp"

namespace stillpoint::supervise {

struct SharedHeader {
  StreamControl stream;
  std::uint32_t request_size;
  std::atomic<std::uint32_t> report_size;  // 0 until the report is there, whole
  // What the supervisor watches over, once the simulation has read its scenario: 0 until then.
  std::atomic<std::uint64_t> memory_most;  // bytes
  std::atomic<std::uint64_t> output_most;
  DeathNote death_note;
};

class SharedRun {
 public:
  static constexpr std::size_t kRequestCapacity = 4 * 1024 * 1024;
  static constexpr std::size_t kReportCapacity = 1024 * 1024;
  static constexpr std::size_t kRingCapacity =
      1024 * 1024;  // holds the largest record; small, so that it stays in the cache

  // Makes the memory; its descriptor is for the zygote to inherit. Throws Error.
  static SharedRun create();
  // Maps memory that another process made.
  static SharedRun map(int fd);

  SharedRun(SharedRun&& other) noexcept;
  SharedRun& operator=(SharedRun&&) = delete;
  ~SharedRun();

  int fd() const { return fd_; }
  SharedHeader& header() const { return *reinterpret_cast<SharedHeader*>(base_); }
  std::byte* ring() const;

  // Clears what an earlier run left and places the request. Throws Error if it is too large.
  void prepare(std::string_view request);
  std::string_view request() const;
  // Places the report. One that is too large is cut, and so no report.
  void set_report(std::string_view report);
  // Empty if there is none.
  std::string_view report() const;

 private:
  SharedRun(int fd, std::byte* base, bool owned) : fd_(fd), base_(base), owned_(owned) {}
  char* request_text() const;
  char* report_text() const;

  int fd_;
  std::byte* base_;
  bool owned_;
};

}  // namespace stillpoint::supervise
