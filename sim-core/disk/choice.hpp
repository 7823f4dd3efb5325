#pragma once
// Who decides what a crash does: the seed, or somebody who tries everything.
//
// A crash is a row of choices, each between so many outcomes that the file system's model allows. By convention the
// last outcome is the one in which the most is kept.
#include <cstdint>
#include <memory>
#include <vector>

#include <stillpoint/random.hpp>

#include "sim-core/disk/trouble.hpp"

namespace stillpoint::disk {

class Choice {
 public:
  virtual ~Choice() = default;
  // One of 0 to outcomes - 1. Requires outcomes > 0.
  virtual std::uint64_t choose(std::uint64_t outcomes) = 0;

  // The same, for whoever wants to know what it is about. The size of a file, whose last write may leave any of the
  // last `pieces` outcomes, each longer than the one before.
  virtual std::uint64_t choose_size(std::uint64_t outcomes, [[maybe_unused]] std::uint64_t pieces) {
    return choose(outcomes);
  }
  // A sector of that file, after its size: which one it is of the newest write that has several. 0 of 0: it is of
  // another.
  struct Sector {
    std::uint64_t position = 0;
    std::uint64_t of = 0;
  };
  virtual std::uint64_t choose_sector(std::uint64_t outcomes, [[maybe_unused]] Sector sector) {
    return choose(outcomes);
  }
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

// Loses all that may be lost.
class LeastChoice final : public Choice {
 public:
  std::uint64_t choose(std::uint64_t) override { return 0; }
};

// Keeps all that may be kept.
class MostChoice final : public Choice {
 public:
  std::uint64_t choose(std::uint64_t outcomes) override { return outcomes - 1; }
};

// Keeps all, but tears the newest write of each file: what it appended ends at a block in its midst; where it appended
// nothing, its last sectors are as they were before it. The stream says where.
class TornChoice final : public Choice {
 public:
  explicit TornChoice(RandomStream& stream) : stream_(stream) {}
  std::uint64_t choose(std::uint64_t outcomes) override { return outcomes - 1; }
  std::uint64_t choose_size(std::uint64_t outcomes, std::uint64_t pieces) override {
    torn_ = pieces > 1;
    kept_ = 0;
    return torn_ ? outcomes - pieces + stream_.below(pieces - 1) : outcomes - 1;
  }
  std::uint64_t choose_sector(std::uint64_t outcomes, Sector sector) override {
    if (torn_ || outcomes == 1 || sector.of < 2) return outcomes - 1;
    if (kept_ == 0) kept_ = 1 + stream_.below(sector.of - 1);
    return sector.position < kept_ ? outcomes - 1 : outcomes - 2;
  }

 private:
  RandomStream& stream_;
  bool torn_ = false;
  std::uint64_t kept_ = 0;  // of its sectors, from its front; 0: not drawn yet
};

// `crashes` is for `some`, `torn` for `torn`.
inline std::unique_ptr<Choice> make_choice(CrashKeeps keeps, RandomStream& crashes, RandomStream& torn) {
  switch (keeps) {
    case CrashKeeps::some:
      break;
    case CrashKeeps::nothing:
      return std::make_unique<LeastChoice>();
    case CrashKeeps::everything:
      return std::make_unique<MostChoice>();
    case CrashKeeps::torn:
      return std::make_unique<TornChoice>(torn);
  }
  return std::make_unique<SeededChoice>(crashes);
}

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
