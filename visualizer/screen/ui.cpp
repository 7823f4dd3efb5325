#include "visualizer/screen/ui.hpp"

namespace stillpoint::view {
namespace {

constexpr std::size_t kMostTexts = 4096;

// The harness last: it says the least.
std::vector<HostIndex> hosts_with_a_lane(const Trace& trace) {
  std::vector<HostIndex> result;
  for (std::size_t i = 1; i < trace.hosts().size(); ++i) result.push_back(static_cast<HostIndex>(i));
  if (!trace.hosts().empty() && !trace.hosts()[0].events.empty()) result.push_back(0);
  return result;
}

}  // namespace

const std::string& Details::of(EventIndex event) {
  const auto found = texts_.find(event);
  if (found != texts_.end()) return found->second;
  if (texts_.size() >= kMostTexts) texts_.clear();
  return texts_.emplace(event, readable(trace_.detail(event))).first->second;
}

Ui::Ui(View& of)
    : view(of),
      lanes(of),
      details(of.trace()),
      operation_rows(of.trace()),
      lighting(of.cone().lit.empty()       ? Lighting::everything
               : of.violation() == nullptr ? Lighting::cursor
                                           : Lighting::violation),
      shown_hosts(hosts_with_a_lane(of.trace())) {}

std::optional<std::size_t> Ui::lane_of(HostIndex host) const {
  if (shown_hosts.empty()) return std::nullopt;
  if (host == 0) return shown_hosts.back() == 0 ? std::optional(shown_hosts.size() - 1) : std::nullopt;
  if (host > shown_hosts.size() || shown_hosts[host - 1U] != host) return std::nullopt;
  return host - 1U;
}

void Ui::look_at_cursor() {
  if (facts.event == view.cursor()) return;
  facts = {};
  facts.event = view.cursor();
  const EventRow* row = cursor_row();
  if (row == nullptr) return;
  facts.causes = trace().causes(facts.event);
  facts.effects = trace().effects(facts.event);
  const std::string payload = trace().payload(facts.event);
  facts.payload_bytes = payload.size();
  if (!payload.empty()) facts.payload = decode_payload(payload);
  if (row->host < trace().hosts().size()) facts.host = state_of(trace(), row->host, facts.event);
}

}  // namespace stillpoint::view
