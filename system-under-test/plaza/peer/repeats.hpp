// Which lines of the log would only repeat what was said before: a node that is refused, or hangs up as soon as it is
// connected, comes back every second, and has nothing new to tell.
//
// The same words about the same remote are new once, whatever is said in between, until the remote is forgotten, or
// nobody has said them for a while. The memory is bounded: what was not said for longest makes way.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>

namespace plaza::peer {

class Repeats {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kLinesMost = 256;
  static constexpr Clock::duration kForgottenAfter = std::chrono::minutes(10);

  // Whether these words were said of this remote before; from now on they were.
  bool is_repeat(const std::string& remote, const std::string& words, Clock::time_point now);
  void forget(const std::string& remote);

  std::size_t size() const { return lines_.size(); }

 private:
  struct Line {
    std::string remote;
    std::string words;
    Clock::time_point last;
  };
  std::list<Line> lines_;  // the latest first
};

}  // namespace plaza::peer
