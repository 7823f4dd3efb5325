#pragma once
// How long a host's disk takes. One queue: what is asked for begins when everything before it is done.
//
// What a program writes goes to memory, and costs nothing until somebody waits for it (fsync, O_SYNC, O_DIRECT), as on
// Linux with memory to spare. What it reads costs something where memory does not have it yet.
#include <cstdint>
#include <string_view>

#include <stillpoint/random.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/disk/options.hpp"
#include "sim-core/disk/troubles.hpp"

namespace stillpoint::disk {

class Device {
 public:
  // `troubles` may delay what it does.
  Device(std::uint64_t seed, std::string_view host, const DiskOptions& options, Troubles& troubles)
      : options_(options), random_(seed, "disk", host), troubles_(troubles) {}

  // When so many bytes have been read or written, if they are asked for now.
  VirtualTime read(VirtualTime now, std::uint64_t bytes) {
    return take(now, options_.read_min, options_.read_max, bytes);
  }
  VirtualTime write(VirtualTime now, std::uint64_t bytes) {
    return take(now, options_.write_min, options_.write_max, bytes);
  }
  // The same, and it is durable.
  VirtualTime flush(VirtualTime now, std::uint64_t bytes) {
    if (bytes > 0) write(now, bytes);
    return take(now, options_.flush_min, options_.flush_max, 0);
  }
  // The machine was off: nothing waits any more.
  void reset() { free_at_ = {}; }

 private:
  VirtualTime take(VirtualTime now, Duration min, Duration max, std::uint64_t bytes) {
    Duration duration = random_.between(min, max);
    if (options_.bandwidth > 0) {
      const auto us = static_cast<std::int64_t>(static_cast<unsigned __int128>(bytes) * 1'000'000 / options_.bandwidth);
      duration += std::chrono::microseconds(us);
    }
    VirtualTime begins = now;
    if (troubles_.any()) [[unlikely]] {
      const Troubles::Delay delay = troubles_.delay(now);
      begins = delay.not_before;
      duration += delay.longer;
    }
    free_at_ = (free_at_ > begins ? free_at_ : begins) + duration;
    return free_at_;
  }

  const DiskOptions options_;
  RandomStream random_;
  Troubles& troubles_;
  VirtualTime free_at_{};
};

}  // namespace stillpoint::disk
