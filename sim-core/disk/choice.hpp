#pragma once
// Who decides what a crash does: the seed, or somebody who tries everything.
//
// A crash is a row of choices, each between so many outcomes that the file system's model allows. By convention the
// last outcome is the one in which the most is kept.
#include <cstdint>
#include <vector>

#include <stillpoint/random.hpp>

namespace stillpoint::disk {

class Choice {
 public:
  virtual ~Choice() = default;
  // One of 0 to outcomes - 1. Requires outcomes > 0.
  virtual std::uint64_t choose(std::uint64_t outcomes) = 0;
};

// Draws from a stream. Crashes have moods, drawn once each: all is kept, all is lost that may be, or each outcome is as
// likely as any other; so that rare extremes are met as often as mixtures.
class SeededChoice final : public Choice {
 public:
  explicit SeededChoice(RandomStream& stream) : stream_(stream), mood_(stream.below(4)) {}
  std::uint64_t choose(std::uint64_t outcomes) override {
    if (outcomes == 1) return 0;
    if (mood_ == 0) return outcomes - 1;
    if (mood_ == 1) return 0;
    return stream_.below(outcomes);
  }

 private:
  RandomStream& stream_;
  std::uint64_t mood_;
};

// Everything that can happen, one row of choices after the other, in the order of counting: begin() a try, let it
// choose, and go on while next().
class EveryChoice final : public Choice {
 public:
  std::uint64_t choose(std::uint64_t outcomes) override {
    if (position_ == path_.size()) path_.push_back({0, outcomes});
    return path_[position_++].chosen;
  }
  // Turns to the next row; false if all have been.
  bool next() {
    position_ = 0;
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().outcomes) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
  }

 private:
  struct Step {
    std::uint64_t chosen;
    std::uint64_t outcomes;
  };
  std::vector<Step> path_;
  std::size_t position_ = 0;
};

}  // namespace stillpoint::disk
