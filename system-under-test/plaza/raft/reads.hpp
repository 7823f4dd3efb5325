// Reads that wait for their index (§6.4): a leader must learn that it still is one, after the read began; another node
// must ask its leader.
//
// Both gather: one round of heartbeats confirms all reads that began before it, and one question to the leader stands
// for all reads that were asked for in a turn. What is lost is not asked for again here: whoever reads does.
#pragma once

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::raft {

// A leader's: its own reads, and those that others ask it for.
class LeaderReads {
 public:
  struct Read {
    NodeId from = 0;
    std::uint64_t context = 0;
    Index index = 0;          // set when it is known
    std::uint64_t round = 0;  // of heartbeats; this one or a later one confirms it
  };

  // Before the leader has committed an entry of its term it does not know what is committed (§6.4, step 1).
  void add_early(Read read) { early_.push_back(read); }
  void add(Read read) { waiting_.push_back(read); }
  // Now it knows: these wait with this index for this round.
  void admit_early(Index index, std::uint64_t round);
  bool has_early() const { return !early_.empty(); }
  // Takes what this round confirms.
  std::vector<Read> confirm(std::uint64_t round);
  void clear();
  void digest(ByteWriter& out) const;

 private:
  std::vector<Read> early_;
  std::deque<Read> waiting_;  // by rising rounds
};

// Any other node's. `number` is what the question to the leader is known by; it must not repeat what an earlier life of
// this node used, or an answer that was late for that one would be taken for an answer to this one's.
class FollowerReads {
 public:
  explicit FollowerReads(std::uint64_t first_number) : next_number_(first_number) {}

  void add(std::uint64_t context) { gathered_.push_back(context); }
  bool has_gathered() const { return !gathered_.empty(); }
  // Asks for all that was gathered: the question's number.
  std::uint64_t ask();
  // Takes the contexts that this answer is for: the question's own, and those of all earlier ones, whose reads began
  // before it as well.
  std::vector<std::uint64_t> answered(std::uint64_t number);
  void clear();
  void digest(ByteWriter& out) const;

 private:
  std::uint64_t next_number_;
  std::vector<std::uint64_t> gathered_;
  std::deque<std::pair<std::uint64_t, std::vector<std::uint64_t>>> asked_;  // by rising numbers
};

}  // namespace plaza::raft
