#include "system-under-test/plaza/peer/repeats.hpp"

#include <algorithm>

namespace plaza::peer {

bool Repeats::is_repeat(const std::string& remote, const std::string& words, Clock::time_point now) {
  while (!lines_.empty() && now - lines_.back().last >= kForgottenAfter) lines_.pop_back();
  const auto known = std::find_if(lines_.begin(), lines_.end(),
                                  [&](const Line& line) { return line.remote == remote && line.words == words; });
  if (known != lines_.end()) {
    known->last = now;
    lines_.splice(lines_.begin(), lines_, known);
    return true;
  }
  lines_.push_front({.remote = remote, .words = words, .last = now});
  if (lines_.size() > kLinesMost) lines_.pop_back();
  return false;
}

void Repeats::forget(const std::string& remote) {
  lines_.remove_if([&remote](const Line& line) { return line.remote == remote; });
}

}  // namespace plaza::peer
