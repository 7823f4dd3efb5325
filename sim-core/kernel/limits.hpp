#pragma once
// What a process may use at most: setrlimit(2). Only the limit of descriptors has an effect.
#include <sys/resource.h>

#include <array>

#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

class Limits {
 public:
  explicit Limits(int descriptors) {
    // As on a Debian machine with much memory: unlimited, but for these.
    limits_.fill({RLIM_INFINITY, RLIM_INFINITY});
    constexpr rlim_t kMiB = 1 << 20;
    limits_[RLIMIT_STACK].rlim_cur = 8 * kMiB;
    limits_[RLIMIT_CORE].rlim_cur = 0;
    limits_[RLIMIT_NICE] = {0, 0};
    limits_[RLIMIT_RTPRIO] = {0, 0};
    limits_[RLIMIT_MSGQUEUE] = {819'200, 819'200};
    limits_[RLIMIT_MEMLOCK] = {8 * kMiB, 8 * kMiB};
    limits_[RLIMIT_NPROC] = {15'000, 15'000};
    limits_[RLIMIT_SIGPENDING] = {15'000, 15'000};
    const auto most = static_cast<rlim_t>(descriptors);
    limits_[RLIMIT_NOFILE] = {most, most};
  }

  // EINVAL: there is no such resource.
  Result<rlimit> get(int resource) const {
    if (resource < 0 || static_cast<std::size_t>(resource) >= limits_.size()) return Failure{EINVAL};
    return limits_[static_cast<std::size_t>(resource)];
  }
  // EINVAL; EPERM: to raise the hard limit takes a privilege.
  Status set(int resource, rlimit limit) {
    const auto now = get(resource);
    if (!now || limit.rlim_cur > limit.rlim_max) return Failure{EINVAL};
    if (limit.rlim_max > now.value().rlim_max) return Failure{EPERM};
    limits_[static_cast<std::size_t>(resource)] = limit;
    return Done{};
  }

 private:
  std::array<rlimit, RLIM_NLIMITS> limits_{};
};

}  // namespace stillpoint::kernel
