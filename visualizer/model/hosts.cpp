#include <fmt/format.h>

#include "visualizer/model/trace_data.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kSmallIds = 1 << 16;  // what a recorder can write
constexpr HostIndex kNotThere = UINT16_MAX;
// The last place, for whatever does not get one of its own.
constexpr std::size_t kOtherHosts = UINT16_MAX - 1;

}  // namespace

HostNumbers::HostNumbers(TraceData& data) : data_(&data), small_(kSmallIds, Found{.host = kNotThere, .known = false}) {
  add(0, {.name = "harness", .role = "", .address = "", .events = {}}, true);
}

HostNumbers::Found* HostNumbers::entry(std::int64_t id) {
  if (id >= 0 && id < static_cast<std::int64_t>(kSmallIds)) {
    Found& found = small_[static_cast<std::size_t>(id)];
    return found.host == kNotThere ? nullptr : &found;
  }
  const auto found = odd_.find(id);
  return found == odd_.end() ? nullptr : &found->second;
}

HostNumbers::Found HostNumbers::add(std::int64_t id, Host host, bool known) {
  std::vector<Host>& hosts = data_->hosts;
  if (hosts.size() >= kOtherHosts) {
    if (hosts.size() == kOtherHosts) hosts.push_back({.name = "other hosts", .role = "", .address = "", .events = {}});
    return {.host = static_cast<HostIndex>(kOtherHosts), .known = false};
  }
  const Found found{.host = static_cast<HostIndex>(hosts.size()), .known = known};
  hosts.push_back(std::move(host));
  if (id >= 0 && id < static_cast<std::int64_t>(kSmallIds)) {
    small_[static_cast<std::size_t>(id)] = found;
  } else {
    odd_.emplace(id, found);
  }
  return found;
}

void HostNumbers::add_row(std::int64_t id, Host host) {
  if (entry(id) == nullptr) add(id, std::move(host), true);
}

HostNumbers::Found HostNumbers::find(std::int64_t id) {
  if (const Found* found = entry(id)) return *found;
  return add(id, {.name = fmt::format("host {}", id), .role = "", .address = "", .events = {}}, false);
}

void load_hosts(TraceData& data, Budget& budget, HostNumbers& numbers) {
  Statement row = data.file.query("SELECT id, name, role, address FROM host ORDER BY id");
  while (row.step()) {
    budget.row();
    const std::int64_t id = row.integer(0);
    Host host{.name = budget.text(row.text(1)),
              .role = budget.text(row.text(2)),
              .address = budget.text(row.text(3)),
              .events = {}};
    if (host.name.empty()) host.name = fmt::format("host {}", id);
    numbers.add_row(id, std::move(host));
  }
}

}  // namespace stillpoint::view
