#include "system-under-test/workloads/registry.hpp"

#include <algorithm>
#include <array>

namespace workloads {

std::span<const Workload> all() {
  static const std::array workloads = {kPingPong, kClients, kPendingTimers, kRearmedTimers, kFanOut, kInserts};
  return workloads;
}

const Workload* find(std::string_view name) {
  const auto found = std::ranges::find(all(), name, &Workload::name);
  return found == all().end() ? nullptr : &*found;
}

}  // namespace workloads
