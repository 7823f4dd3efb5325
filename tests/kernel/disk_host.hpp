#pragma once
// One host whose disk faults act on: calls run in slices of it, and the trace says what hangs on which fault.
#include <fcntl.h>
#include <unistd.h>

#include <functional>
#include <utility>

#include "tests/kernel/machines.hpp"

namespace stillpoint::test {

class DiskHost {
 public:
  explicit DiskHost(std::uint64_t seed = 1, const disk::DiskOptions& options = {})
      : kernel(trace.writer, seed, Machine::refuse),
        machine(kernel.add_host({.name = "a", .role = "test", .address = {Machines::kIpOfA}, .disk = options})) {
    boot();
  }

  kernel::Storage& storage() const { return machine.host.storage(); }
  disk::FileSystem& files() const { return storage().files; }

  void boot() {
    machine.host.boot(process_);
    settle();
  }
  void crash() {
    machine.host.crash();
    settle();
  }
  void crash_and_boot() {
    crash();
    boot();
  }
  // What the call returns that the host makes in its next slice, a second later. It takes less than a second.
  template <typename Call>
  Outcome operator()(Call call) {
    Outcome outcome;
    process_.turn = [&] {
      errno = 0;
      const VirtualTime begin = machine.host.now();
      const auto value = static_cast<long>(call());
      outcome = {value, value < 0 ? errno : 0};
      took = machine.host.now() - begin;
    };
    wait(1s);  // whatever the device was busy with
    machine.host.wake(kNoEvent);
    wait(0s);
    slice = slices().back();
    return outcome;
  }
  Duration took{};  // the last call
  EventId slice = kNoEvent;

  int open(const std::string& path, int flags = O_RDWR | O_CREAT) {
    return static_cast<int>((*this)([&] { return ::open(path.c_str(), flags, 0644); }).value);
  }
  Outcome write(int fd, const std::string& bytes, off_t offset = 0) {
    return (*this)([&] { return pwrite(fd, bytes.data(), bytes.size(), offset); });
  }
  // The bytes, or the name of the errno.
  std::string read(int fd, std::size_t size = 1 << 20, off_t offset = 0) {
    std::string bytes(size, '\0');
    const Outcome got = (*this)([&] { return pread(fd, bytes.data(), bytes.size(), offset); });
    if (got.error != 0) return strerrorname_np(got.error);
    bytes.resize(static_cast<std::size_t>(got.value));
    return bytes;
  }
  Outcome sync(int fd) {
    return (*this)([&] { return fsync(fd); });
  }
  // A file that is durable and open.
  int durable(const std::string& path, const std::string& content) {
    const int fd = open(path);
    REQUIRE(write(fd, content) == gives(static_cast<long>(content.size())));
    REQUIRE(sync(fd) == gives(0));
    return fd;
  }
  // As it is on the disk: after a crash, and a boot.
  std::string content(const std::string& path) {
    const int fd = open(path, O_RDONLY);
    if (fd < 0) return "none";
    return read(fd);
  }

  // The event of a fault.
  EventId begin_fault(std::string_view name) {
    return trace.writer.event(EventKind::fault, kernel.queue.now(), {}, 0, 0, 0, {}, name);
  }
  // Adds what the fault of this name does.
  EventId add(disk::Trouble trouble) {
    trouble.fault = begin_fault(trouble.name);
    storage().add_trouble(trouble);
    return trouble.fault;
  }
  // Further causes of an event.
  std::vector<EventId> edges_of(EventId event) const {
    std::vector<EventId> causes;
    for (const Entry& entry : trace.records()) {
      if (entry.header.type != RecordType::edge || entry.header.subject != event) continue;
      CHECK(entry.header.cause_kind == CauseKind::fault);
      causes.push_back(entry.header.cause);
    }
    return causes;
  }
  // "write: EIO by 7", of all errors.
  std::vector<std::string> errors() const {
    std::vector<std::string> texts;
    for (const Entry& entry : trace.events(EventKind::error)) {
      CHECK(entry.header.cause_kind == CauseKind::fault);
      texts.push_back(entry.payload + ": " + strerrorname_np(static_cast<int>(entry.header.a)) + " by " +
                      std::to_string(entry.header.cause));
    }
    return texts;
  }
  // The numbers of the events of a kind.
  std::vector<EventId> numbers(EventKind kind) const {
    std::vector<EventId> found;
    EventId number = 0;
    for (const Entry& entry : trace.records()) {
      if (entry.header.type == RecordType::event && ++number > 0 && entry.kind() == kind) found.push_back(number);
    }
    return found;
  }
  void wait(Duration duration) {
    const VirtualTime end = kernel.queue.now() + duration;
    while (!kernel.queue.empty() && kernel.queue.next_time() <= end) kernel.queue.pop().fire();
    kernel.queue.advance(end);
  }

 private:
  struct Turns final : kernel::Process {
    bool step() override {
      if (turn != nullptr) std::exchange(turn, nullptr)();
      return false;
    }
    std::function<void()> turn;
  };
  std::vector<EventId> slices() const { return numbers(EventKind::slice); }
  void settle() {
    while (!kernel.queue.empty()) kernel.queue.pop().fire();
  }
  Turns process_;

 public:
  MemoryTrace trace{1 << 24};
  kernel::Kernel kernel;
  Machine machine;
};

}  // namespace stillpoint::test
