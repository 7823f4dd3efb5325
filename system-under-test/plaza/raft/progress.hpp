// How far a follower is, as its leader sees it, and how it is sent more.
//
//   probe      nobody knows where the two logs part: appends without entries look for it, one at a time, and one in a
//              heartbeat's interval if it stays unanswered (§3.5: no entry travels in vain)
//   replicate  the logs agree: appends follow one another without waiting (§10.2.2), until so many are not acknowledged
//   snapshot   it needs what the leader's log no longer has: nothing until the state that is sent to it has come
//
// It decides whether something is to be sent, not what. Invariant: match() < next().
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::raft {

class Progress {
 public:
  enum class State : std::uint8_t { probe, replicate, snapshot };

  // Of a follower that a new leader, whose log ends before `next`, knows nothing of.
  Progress(Index next, std::size_t in_flight_most) : next_(next), in_flight_most_(in_flight_most) {}

  State state() const { return state_; }
  Index match() const { return match_; }
  Index next() const { return next_; }
  std::size_t in_flight() const { return in_flight_.size(); }

  // Whether an append is due, for a leader whose log ends with `last`.
  bool wants_append(Index last, Index commit) const;
  // Whether that append may have entries: a probe, or one beyond a full window, only asks how things are.
  bool may_carry_entries() const { return state_ == State::replicate && !is_full(); }
  // An append went, whose last entry, or the one before it, is at `through`.
  void sent(Index through, Index commit);

  // The follower has all up to `index`. `first` is the oldest entry that the leader's log has. False: nothing new.
  bool acknowledged(Index index, Index first);
  // The follower has nothing that matches at `index`; at `hint` it may. False: an old answer, which says nothing.
  bool rejected(Index index, Index hint);
  // An answer to a heartbeat: once in an interval it lets an append go that nothing else would.
  void heard(Index last);
  void heartbeat_interval_began() { may_nudge_ = true; }

  // What is in flight may be lost.
  void became_unreachable();
  void begin_snapshot();
  // It was sent, and stands for all up to `mark`; or it was not. `last` is the leader's last index.
  void end_snapshot(std::optional<Mark> mark, Index last);

  // Since the last check of the quorum.
  bool is_active() const { return active_; }
  void set_active() { active_ = true; }
  void clear_active() { active_ = false; }
  // The last round of heartbeats that it has answered.
  std::uint64_t round() const { return round_; }
  void answered_round(std::uint64_t round) {
    if (round > round_) round_ = round;
  }

  void digest(ByteWriter& out) const;

 private:
  bool is_full() const { return in_flight_.size() >= in_flight_most_; }
  void probe_from(Index next);
  void replicate();

  State state_ = State::probe;
  Index match_ = 0;
  Index next_;
  Index commit_sent_ = 0;  // the commit index that it knows, if nothing was lost
  bool paused_ = false;    // probe: one append is on its way
  bool nudged_ = true;     // an append is due even if there is no news; a new leader's first is, and tells who leads
  bool may_nudge_ = false;
  bool active_ = false;
  std::uint64_t round_ = 0;
  std::size_t in_flight_most_;
  std::deque<Index> in_flight_;  // replicate: the last index of each append with entries, not acknowledged
};

}  // namespace plaza::raft
