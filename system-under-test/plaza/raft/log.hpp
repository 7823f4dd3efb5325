// The log in memory: its entries after a mark, and how much of it is on the disk.
//
// The driver writes what take_unwritten() gives it, and says so by written(), in the same order. What is replaced
// meanwhile counts as not written, until what replaced it is.
//
// Invariants: entries follow on the mark without a gap; the log never ends before its mark; what is written through was
// taken before. It knows nothing of commitment: who replaces or forgets entries must know that it may.
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <vector>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::raft {

class Log {
 public:
  // What a node finds on its disk: all of it is written. Requires: `entries` follow on `start` without a gap.
  Log(Mark start, std::vector<Entry> entries);

  // What the log's missing beginning stands for.
  Mark start() const { return start_; }
  Index first_index() const { return start_.index + 1; }
  Index last_index() const { return start_.index + entries_.size(); }
  Term last_term() const { return entries_.empty() ? start_.term : entries_.back().term; }
  // Of an entry that is there, or of the mark; none otherwise.
  std::optional<Term> term_of(Index index) const;
  bool has(Mark mark) const { return term_of(mark.index) == mark.term; }
  // Requires: first_index() <= index <= last_index().
  const Entry& at(Index index) const { return entries_[index - first_index()]; }

  // Whether a log that ends with `last` has at least as much as this one (§5.4.1 of the paper).
  bool is_covered_by(Mark last) const;
  // The last place, not beyond index `most`, whose term is not above `term`: beyond it the logs cannot agree if the
  // other log has `term` at `most`. Index 0 at the worst; term 0 where the log does not reach.
  Mark last_not_above(Index most, Term term) const;

  // Requires: entry.index == last_index() + 1.
  void append(Entry entry);
  // The first of these, which follow on an entry of this log, that the log does not have; `entries.size()` if none.
  std::size_t first_news(const std::vector<Entry>& entries) const;
  // Forgets all from `index` on. Requires: first_index() <= index.
  void truncate(Index index);
  // Forgets all up to `through`, whose term is kept. Requires: the log has it.
  void compact(Index through);
  // Forgets all; a snapshot stands for what is up to `mark`.
  void reset(Mark mark);
  // As above, but whatever there is behind the mark stays, as if it followed on it. For a bug only.
  void reset_keeping_suffix(Mark mark);

  static constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
  // Copies of the entries from `from` to `to`, as many as carry `bytes_most` together; one at least, if there is one.
  std::vector<Entry> slice(Index from, Index to, std::size_t bytes_most = kUnlimited) const;

  bool has_unwritten() const { return taken_ < last_index(); }
  std::vector<Entry> take_unwritten();
  // The oldest that was taken, and not reported yet, is on the disk.
  void written();
  Index written_through() const { return written_; }

  void digest(ByteWriter& out) const;

 private:
  void forget_writes_from(Index index);

  Mark start_;
  std::deque<Entry> entries_;
  Index taken_ = 0;              // up to here the driver has it
  Index written_ = 0;            // up to here it is on the disk
  std::deque<Index> in_flight_;  // where each write ends that was taken and is not reported yet
};

}  // namespace plaza::raft
