#pragma once
// How long a host's disk takes. One queue: what is asked for begins when everything before it is done.
//
// What a program writes goes to memory, and costs nothing until somebody waits for it (fsync, O_SYNC, O_DIRECT), as on
// Linux with memory to spare. What it reads costs something where memory does not have it yet.
#include <cstdint>
#include <string_view>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

namespace stillpoint::disk {

// Latencies are drawn uniformly, in whole microseconds. The defaults are those of an SSD that keeps what it promises.
struct DeviceOptions {
  Duration read_min = std::chrono::microseconds(60);
  Duration read_max = std::chrono::microseconds(120);
  Duration write_min = std::chrono::microseconds(15);
  Duration write_max = std::chrono::microseconds(40);
  // Until what was written is on stable storage.
  Duration flush_min = std::chrono::microseconds(200);
  Duration flush_max = std::chrono::microseconds(600);
  // Bytes per second; 0: unlimited.
  std::uint64_t bandwidth = std::uint64_t{1} << 30;
};

class Device {
 public:
  Device(std::uint64_t seed, std::string_view host, DeviceOptions its_options)
      : options(its_options), random_(seed, "disk", host) {}

  // When so many bytes have been read or written, if they are asked for now.
  VirtualTime read(VirtualTime now, std::uint64_t bytes) {
    return take(now, options.read_min, options.read_max, bytes);
  }
  VirtualTime write(VirtualTime now, std::uint64_t bytes) {
    return take(now, options.write_min, options.write_max, bytes);
  }
  // The same, and it is durable.
  VirtualTime flush(VirtualTime now, std::uint64_t bytes) {
    if (bytes > 0) write(now, bytes);
    return take(now, options.flush_min, options.flush_max, 0);
  }
  // The machine was off: nothing waits any more.
  void reset() { free_at_ = {}; }

  DeviceOptions options;

 private:
  VirtualTime take(VirtualTime now, Duration min, Duration max, std::uint64_t bytes) {
    Duration duration = random_.between(min, max);
    if (options.bandwidth > 0) {
      const auto us = static_cast<std::int64_t>(static_cast<unsigned __int128>(bytes) * 1'000'000 / options.bandwidth);
      duration += std::chrono::microseconds(us);
    }
    free_at_ = (free_at_ > now ? free_at_ : now) + duration;
    return free_at_;
  }

  RandomStream random_;
  VirtualTime free_at_{};
};

}  // namespace stillpoint::disk
