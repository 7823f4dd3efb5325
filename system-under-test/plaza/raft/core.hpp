// Raft as a pure state machine: no I/O, no clock, no randomness of its own. Equal calls in equal order give equal
// results.
//
// It is driven: tick() is the time, step() a message that came, propose() and read_index() what is asked of it. What
// must be done then is taken by ready(), and done by the driver in this order:
//
//   1. send `messages`; they promise nothing that is not on the disk yet. (A leader's appends are among them: its
//      followers write while it does.)
//   2. in one durable step: forget log and state for `install` if there is one; `entries` (which replace all that
//      the log has from the first one's index on); `hard_state`
//   3. send `messages_after`: votes, acknowledgements
//   4. persisted(ready), after which the node's own log counts towards a quorum
//   5. apply `committed`, in order, and call applied(index) with the last one; then answer those `reads` whose index is
//      applied (they come only when that is so)
//
// and again until has_ready() is false. If step 2 fails, nothing after it may happen: the driver ends the node.
//
// What it has of the dissertation: pre-vote and check-quorum (§9.6, §6.2), randomised time-outs (§3.4), a no-op at the
// beginning of a term (§6.4), pipelined appends with a window and conflict hints (§10.2.2, §5.3 of the paper),
// read-index (§6.4), leadership transfer (§3.10), log compaction with snapshots sent by the driver (§5). A leader's
// lease is not used for reads. The configuration is fixed.
//
// Snapshots: where a follower needs entries that the leader's log no longer has, ready() says so by `snapshots`. The
// driver streams the state, beside the messages, and calls snapshot_sent() with what came of it; meanwhile that
// follower gets heartbeats only. At the follower its driver collects the chunks, checks them, and steps a Message of
// kind `snapshot` with the sender's term and the mark; ready().install then says if it is to be installed. It is
// acknowledged as an append is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::raft {

struct Config {
  NodeId id = 0;
  Configuration configuration;
  unsigned heartbeat_ticks = 1;
  unsigned election_ticks = 10;                              // a time-out is drawn from [n, 2n), anew each time
  std::size_t append_bytes_most = 64 * 1024;                 // of entries in one append; one entry always fits
  std::size_t appends_in_flight_most = 32;                   // to one follower, not acknowledged
  std::size_t uncommitted_bytes_most = 8 * 1024 * 1024;      // beyond which a leader takes no proposals
  std::function<std::uint32_t(std::uint32_t below)> random;  // uniform in [0, below)
  Bugs bugs;
};

// What a node finds on its disk. Requires: entries follow on `start` without a gap, applied >= start.index.
struct Stored {
  HardState hard_state;
  Mark start;                  // what the log's missing beginning stands for
  std::vector<Entry> entries;  // after it
  Index applied = 0;           // of the state that was kept; all up to here is committed
};

struct Ready {
  std::vector<Message> messages;
  std::optional<Mark> install;
  std::vector<Entry> entries;
  std::optional<HardState> hard_state;
  std::vector<Message> messages_after;
  std::vector<Entry> committed;
  struct Read {
    std::uint64_t context = 0;
    Index index = 0;
  };
  std::vector<Read> reads;
  struct Snapshot {
    NodeId to = 0;
    Term term = 0;  // the leader's, to be stepped at the other end
  };
  std::vector<Snapshot> snapshots;  // to be sent: the driver's newest state, at its applied index
};

enum class Proposed : std::uint8_t {
  accepted,
  not_leader,
  transferring,  // leadership is being handed over
  too_much,      // uncommitted_bytes_most: ask again later
};

// For whoever looks from outside.
struct Status {
  NodeId id = 0;
  Role role = Role::follower;
  Term term = 0;
  NodeId vote = 0;
  NodeId leader = 0;  // of this term, as far as is known
  NodeId transfer_to = 0;
  Index first_index = 0;  // of the log: the oldest entry that is there, or would be
  Index last_index = 0;
  Term last_term = 0;
  Index commit = 0;
  Index applied = 0;
  struct Peer {
    Index match = 0;
    Index next = 0;
    bool active = false;  // heard of since the last check of the quorum
    bool snapshot = false;
    std::size_t in_flight = 0;
  };
  std::map<NodeId, Peer> peers;  // of a leader
};

class Core {
 public:
  // Requires: config.id is among the voters, config.random is there.
  Core(Config config, Stored stored);
  ~Core();
  Core(Core&&) noexcept;
  Core& operator=(Core&&) noexcept;

  void tick();
  // Whatever it holds, a message does no harm: what is not for this node, or not from a voter, is dropped. Of one that
  // contradicts what is committed, contradiction() tells.
  void step(Message message);
  // Of a leader: appends to its log. Nothing is promised before it is committed.
  Proposed propose(std::string data);
  // Ready::reads will have `context` when a read that begins now may be answered; or never, if the leader is lost
  // meanwhile or not known: ask again. Of any node. One that was asked twice is answered at least once.
  void read_index(std::uint64_t context);
  // Of a leader: hands leadership to this voter, or 0: to whoever has most of the log. Given up after an election
  // time-out.
  void transfer(NodeId to);
  // A candidate at once, without waiting for the time-out; what tests and a lone node's start use.
  void campaign();

  // What Raft cannot come to, and a cluster can whose nodes have lost their disks, or whose disks have lost what they
  // said they had: a leader tells of an entry that this node has committed with another term, or, where this node
  // leads, another has committed what this one does not have. The driver ends the node: such a leader and such a
  // follower have nothing to offer to each other, and would go on like that for ever.
  struct Contradiction {
    NodeId node = 0;     // the other one
    Index index = 0;     // of the entry
    Term committed = 0;  // its term here; 0: this node leads, and has no such entry
    Term told = 0;       // and there
  };
  std::optional<Contradiction> contradiction() const;

  bool has_ready() const;
  Ready ready();
  // What this ready had for the disk is durable. In the order in which they were taken.
  void persisted(const Ready& ready);
  void applied(Index index);
  // The log may forget what is up to here, which is applied and kept elsewhere. Beyond `applied` it keeps all.
  void compact(Index through);

  // A message to this node may be lost: what is in flight is not relied upon.
  void unreachable(NodeId node);
  // What came of a Ready::Snapshot: `mark` of the state that was sent, or none if it could not be.
  void snapshot_sent(NodeId to, std::optional<Mark> mark);

  Status status() const;
  // Of the status, without the rest.
  Role role() const;
  Term term() const;
  NodeId leader() const;
  NodeId transfer_to() const;
  // Of an index that the log has, or its mark's; none otherwise.
  std::optional<Term> term_of(Index index) const;

  // Another node in the same state, for whoever explores what may come of it. Both draw from the same config.random.
  Core clone() const;
  // Bytes that are equal where two nodes of the same Config would do the same from now on. Taken while has_ready() is
  // false.
  std::string digest() const;

 private:
  class Impl;
  explicit Core(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace plaza::raft
