#include "system-under-test/plaza/raft/progress.hpp"

#include <algorithm>

namespace plaza::raft {

bool Progress::wants_append(Index last, Index commit) const {
  const bool has_news = next_ <= last || commit_sent_ < commit;
  switch (state_) {
    case State::probe:
      return !paused_ && (nudged_ || has_news);
    case State::replicate:
      return nudged_ || (!is_full() && has_news);
    case State::snapshot:
      return false;
  }
  return false;
}

void Progress::sent(Index through, Index commit) {
  nudged_ = false;
  // A follower commits no further than the append has checked; then there are entries that follow, and tell it again.
  commit_sent_ = commit;
  if (state_ == State::probe) {
    paused_ = true;
  } else if (through >= next_) {
    in_flight_.push_back(through);
    next_ = through + 1;
  }
}

bool Progress::acknowledged(Index index, Index first) {
  const bool is_news = index > match_;
  match_ = std::max(match_, index);
  next_ = std::max(next_, match_ + 1);
  switch (state_) {
    case State::probe:
      // Also the answer to an empty append: it has found where the logs agree.
      if (!is_news && index != match_) return false;
      replicate();
      return true;
    case State::replicate:
      while (!in_flight_.empty() && in_flight_.front() <= index) in_flight_.pop_front();
      break;
    case State::snapshot:
      // The log suffices again, whatever becomes of the snapshot.
      if (is_news && match_ + 1 >= first) replicate();
      break;
  }
  return is_news;
}

bool Progress::rejected(Index index, Index hint) {
  switch (state_) {
    case State::replicate:
      if (index <= match_) return false;
      probe_from(match_ + 1);
      return true;
    case State::probe:
      // What it acknowledged before it does not lack now, unless its disk has forgotten: asking again would not help.
      if (index + 1 != next_ || index <= match_) return false;
      probe_from(std::max(std::min(index, hint + 1), match_ + 1));
      return true;
    case State::snapshot:
      return false;
  }
  return false;
}

void Progress::heard(Index last) {
  active_ = true;
  if (!may_nudge_) return;
  may_nudge_ = false;
  if (state_ == State::probe) {
    paused_ = false;
    nudged_ = true;
  } else if (state_ == State::replicate && match_ < last) {
    // All of it may be on its way; or lost, and then nothing but an append that does not match would show it.
    nudged_ = true;
  }
}

void Progress::became_unreachable() {
  if (state_ == State::replicate) probe_from(match_ + 1);
  // Until it is heard of again: a driver that cannot send says so at once, and must not be asked to send again at once.
  if (state_ == State::probe) paused_ = true;
}

void Progress::begin_snapshot() {
  state_ = State::snapshot;
  paused_ = nudged_ = false;
  in_flight_.clear();
}

void Progress::end_snapshot(std::optional<Mark> mark, Index last) {
  if (state_ != State::snapshot) return;
  const Index after = mark ? std::min(mark->index, last) + 1 : 0;
  probe_from(std::max(match_ + 1, after));
  // It acknowledges what it has installed, or answers a heartbeat.
  paused_ = true;
}

void Progress::probe_from(Index next) {
  state_ = State::probe;
  next_ = next;
  commit_sent_ = 0;
  paused_ = nudged_ = false;
  in_flight_.clear();
}

void Progress::replicate() {
  state_ = State::replicate;
  next_ = match_ + 1;
  paused_ = nudged_ = false;
  in_flight_.clear();
}

void Progress::digest(ByteWriter& out) const {
  out.u8(static_cast<std::uint8_t>(state_)).varint(match_).varint(next_).varint(commit_sent_);
  out.u8(static_cast<std::uint8_t>((paused_ ? 1 : 0) | (nudged_ ? 2 : 0) | (may_nudge_ ? 4 : 0) | (active_ ? 8 : 0)));
  out.varint(round_).varint(in_flight_.size());
  for (const Index index : in_flight_) out.varint(index);
}

}  // namespace plaza::raft
