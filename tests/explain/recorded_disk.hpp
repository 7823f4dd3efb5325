#pragma once
// A simulated host whose files a test uses with the ordinary functions of libc, and the trace of that in a file.
#include <fcntl.h>
#include <unistd.h>

#include "sim-core/record/recorder.hpp"
#include "sim-core/record/trace_file.hpp"
#include "tests/kernel/machines.hpp"
#include "tests/support/folder.hpp"

namespace stillpoint::test {

class RecordedDisk {
 public:
  explicit RecordedDisk(std::uint64_t seed = 1, const disk::DiskOptions& options = {})
      : seed_(seed),
        kernel(trace.writer, seed, Machine::refuse),
        host(kernel.add_host({.name = "plaza-1", .role = "plaza", .address = {Machines::kIpOfA}, .disk = options})) {
    boot();
  }

  disk::FileSystem& files() { return host.host.storage().files; }
  // The last event so far.
  EventId now() const { return trace.writer.last_event(); }
  void wait(Duration duration) {
    const VirtualTime end = kernel.queue.now() + duration;
    while (!kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
    kernel.queue.advance(end);
  }
  void crash() {
    host.host.crash();
    while (!kernel.queue.empty()) kernel.queue.pop().fire();
  }
  void boot() {
    host.host.boot(idle_);
    wait(Duration(0));
  }
  // Returns a descriptor, or -1.
  int open(const std::string& path, int flags) const {
    return static_cast<int>(host([&] { return ::open(path.c_str(), flags, 0644); }).value);
  }
  // A file with so many bytes in it.
  int write(const std::string& path, std::size_t bytes, int flags = O_RDWR | O_CREAT) const {
    const int fd = open(path, flags);
    const std::string content(bytes, 'x');
    REQUIRE(host([&] { return ::write(fd, content.data(), bytes); }) == gives(static_cast<long>(bytes)));
    return fd;
  }

  // The trace as a file, of everything so far.
  TraceFile record() {
    const std::filesystem::path path = folder_ / ("trace-" + std::to_string(++records_) + ".db");
    RunMetadata run;
    run.scenario = "disk";
    run.seed = seed_;
    Recorder recorder(path, run);
    recorder.ingest(StreamReader(trace.control(), trace.ring()).available());
    recorder.finish({.verdict = "pass"});
    return TraceFile(path);
  }

 private:
  struct Idle final : kernel::Process {
    bool step() override { return false; }
  };
  const std::uint64_t seed_;
  Idle idle_;
  ::test::Folder folder_;
  int records_ = 0;

 public:
  MemoryTrace trace{1 << 24};
  kernel::Kernel kernel;
  Machine host;
};

}  // namespace stillpoint::test
