// The words of consensus, as Ongaro's dissertation "Consensus: Bridging Theory and Practice" (2014) has them. Plain
// data.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plaza::raft {

using NodeId = std::uint32_t;  // from 1; 0: nobody
using Term = std::uint64_t;    // from 1; 0: before the first election
using Index = std::uint64_t;   // of the log, from 1; 0: before its first entry

enum class EntryKind : std::uint8_t {
  noop = 0,     // of a new leader; carries nothing
  command = 1,  // what the state machine is given
  // 2 is left for a change of the configuration.
};

struct Entry {
  Index index = 0;
  Term term = 0;
  EntryKind kind = EntryKind::command;
  std::string data = {};
  bool operator==(const Entry&) const = default;
};

// What a node must not forget. `commit` may lag behind what it knows: it only saves time after a restart.
struct HardState {
  Term term = 0;
  NodeId vote = 0;
  Index commit = 0;
  bool operator==(const HardState&) const = default;
};

// Who takes part. Fixed for a cluster's life for now; entries that change it have their kind reserved.
struct Configuration {
  std::vector<NodeId> voters;  // sorted
  bool operator==(const Configuration&) const = default;
};

// The last entry that a snapshot, or a log's missing beginning, stands for.
struct Mark {
  Index index = 0;
  Term term = 0;
  bool operator==(const Mark&) const = default;
};

enum class Role : std::uint8_t { follower, pre_candidate, candidate, leader };

struct Message {
  enum class Kind : std::uint8_t {
    pre_vote,
    pre_vote_reply,
    vote,
    vote_reply,
    append,
    append_reply,
    heartbeat,
    heartbeat_reply,
    snapshot,    // all chunks of it have come: install it (made by the receiving driver, see Core)
    read_index,  // a follower asks the leader on which index a read must wait
    read_index_reply,
    time_out_now,  // be a candidate at once: the leader hands over
  };
  Kind kind = Kind::heartbeat;
  NodeId from = 0;
  NodeId to = 0;
  Term term = 0;
  Index index = 0;       // append: of the entry before; (pre_)vote: of the last entry; append_reply: of the last
                         // one that was checked, or of the one that was rejected; snapshot: of its mark;
                         // read_index_reply: what must be applied
  Term log_term = 0;     // of the entry at `index`
  Index commit = 0;      // append, heartbeat; append_reply: what the follower has committed
  bool reject = false;   // replies
  Index hint_index = 0;  // of a rejected append: where the logs may meet
  Term hint_term = 0;
  std::uint64_t context = 0;  // heartbeat and its reply: the round; read_index and its reply: the asker's number
  bool by_transfer = false;   // vote: asked for by the leader, so a leader that is heard of is no reason to refuse
  std::vector<Entry> entries = {};  // append
  bool operator==(const Message&) const = default;
};

std::string_view name_of(Message::Kind kind);
std::string_view name_of(Role role);

}  // namespace plaza::raft
