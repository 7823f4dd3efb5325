// Calls that a fault makes fail: each call of a host is looked at as long as there is one.
#include <algorithm>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::kernel {

void Host::fail_call(FailingCall call) {
  failing_calls_.push_back(std::move(call));
  free_calls_in_turn_ = 1;
  (observed_ ? calls_before_observed_ : calls_until_toll_) = 1;
}

void Host::stop_failing_call(EventId fault) {
  std::erase_if(failing_calls_, [&](const FailingCall& each) { return each.fault == fault; });
  if (!watches_calls()) free_calls_in_turn_ = kFreeCallsInTurn;
}

int Host::due_failure(std::string_view call) {
  int error = 0;
  for (FailingCall& failing : failing_calls_) {
    if (failing.call != call || ++failing.seen != failing.nth || error != 0) continue;
    error = failing.error;
    kernel_.trace.event(EventKind::error, kernel_.queue.now(), where(), 0, static_cast<std::uint64_t>(error), 0,
                        {failing.fault, CauseKind::fault}, call);
  }
  return error;
}

std::uint64_t Host::calls_seen(EventId fault) const {
  const auto found = std::ranges::find(failing_calls_, fault, &FailingCall::fault);
  return found == failing_calls_.end() ? 0 : found->seen;
}

// As if calls were counted down: the free ones of a turn are over, and it is the turn of the next toll.
bool Host::is_beyond_free_calls() {
  if (watched_turn_ != kernel_.turns) watched_calls_ = 0;
  watched_turn_ = kernel_.turns;
  ++watched_calls_;
  return watched_calls_ >= kFreeCallsInTurn && (watched_calls_ - kFreeCallsInTurn) % 100 == 0;
}

}  // namespace stillpoint::kernel
