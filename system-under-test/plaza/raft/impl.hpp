// The inside of Core: all that a node of the cluster knows, in one place; what it does is told in the files by what it
// is about:
//
//   core.cpp         taking messages in, and what there is to do out
//   election.cpp     terms, votes, and who leads
//   following.cpp    what a follower does with what its leader sends
//   replication.cpp  what a leader does so that all have its log, and what is committed
//   reads.cpp        read-index
//   log.cpp          the log; it knows nothing of consensus
//   progress.cpp     one follower, as its leader sees it
//
// Messages are put into messages_ or messages_after_ as things happen, but for a leader's appends and heartbeats: those
// are made when ready() is taken, so that all that a turn brought goes in one message to each follower.
#pragma once

#include "system-under-test/plaza/raft/core.hpp"
#include "system-under-test/plaza/raft/log.hpp"
#include "system-under-test/plaza/raft/progress.hpp"
#include "system-under-test/plaza/raft/reads.hpp"

namespace plaza::raft {

class Core::Impl {
 public:
  Impl(Config config, Stored stored);

  void tick();
  void step(Message message);
  Proposed propose(std::string data);
  void read_index(std::uint64_t context);
  void transfer(NodeId to);
  void campaign();
  bool has_ready() const;
  const std::optional<Contradiction>& contradiction() const { return contradiction_; }
  Ready ready();
  void persisted(const Ready& ready);
  void applied(Index index);
  void compact(Index through);
  void unreachable(NodeId node);
  void snapshot_sent(NodeId to, std::optional<Mark> mark);
  Status status() const;
  Role role() const { return role_; }
  Term term() const { return term_; }
  NodeId leader() const { return leader_; }
  NodeId transfer_to() const { return transfer_to_; }
  std::optional<Term> term_of(Index index) const { return log_.term_of(index); }
  std::string digest() const;

 private:
  // core.cpp
  bool is_sane(const Message& message) const;
  bool admit_term(const Message& message);
  void dispatch(Message message);
  void commit_to(Index index);
  bool is_voter(NodeId node) const;
  std::size_t quorum() const { return config_.configuration.voters.size() / 2 + 1; }
  // The greatest value that a quorum has reached; one value for each voter.
  std::uint64_t reached_by_quorum(std::vector<std::uint64_t> values) const;
  Message to(NodeId node, Message::Kind kind) const;
  template <typename Visit>
  void for_each_other(Visit visit) const {
    for (const NodeId node : config_.configuration.voters) {
      if (node != config_.id) visit(node);
    }
  }

  // election.cpp
  enum class Cause { time_out, transfer };
  void forget_role();
  void enter_term(Term term);
  void restart_time_out();
  void become_follower(Term term, NodeId leader);
  void become_pre_candidate();
  void become_candidate(Cause cause);
  void become_leader();
  void request_votes(Message::Kind kind, Term term, Cause cause, std::vector<Message>& out) const;
  void count_vote(NodeId voter, bool is_granted);
  void on_vote(const Message& message);
  void on_vote_reply(const Message& message);
  bool hears_leader() const;
  void check_quorum();

  // following.cpp
  void on_append(Message message);
  void note_contradiction(NodeId leader, Mark told);
  void on_heartbeat(const Message& message);
  void on_snapshot(const Message& message);
  bool accept_leader(const Message& message);
  void acknowledge(NodeId leader, Index checked);
  void refuse(const Message& append);
  static bool is_well_formed(const Message& append);

  // replication.cpp
  void append_own(EntryKind kind, std::string data);
  void send_appends();
  void send_heartbeats();
  void on_append_reply(const Message& message);
  void on_heartbeat_reply(const Message& message);
  void maybe_commit();
  // Whether all that earlier leaders committed is committed here: it is in the log from the beginning (§5.4.3 of the
  // paper), but which of it is committed shows only when all of it is.
  bool knows_what_is_committed() const { return commit_ >= all_known_at_; }
  void hand_over();

  // reads.cpp
  void serve_read(LeaderReads::Read read);
  void answer_read(const LeaderReads::Read& read);
  void confirm_reads();
  void ask_leader();
  void on_read_index(const Message& message);
  void on_read_index_reply(const Message& message);
  bool has_reads() const;
  std::vector<Ready::Read> take_reads();

  Config config_;
  Log log_;
  Term term_ = 0;
  NodeId vote_ = 0;
  Role role_ = Role::follower;
  NodeId leader_ = 0;
  Index commit_ = 0;
  Index applying_ = 0;  // up to here the driver has what is committed
  Index applied_ = 0;   // up to here it has applied it

  unsigned elapsed_ =
      0;  // ticks since a leader was heard, an election began; of a leader, since the quorum was checked
  unsigned time_out_ = 0;         // of `elapsed_`, drawn anew each time
  std::map<NodeId, bool> votes_;  // of a candidate: who has answered, and how

  // A leader's:
  std::map<NodeId, Progress> peers_;
  unsigned heartbeat_elapsed_ = 0;
  std::uint64_t round_ = 0;  // of heartbeats, never used twice in a life of the node
  bool round_due_ = false;
  NodeId transfer_to_ = 0;
  unsigned transfer_elapsed_ = 0;
  std::size_t uncommitted_bytes_ = 0;  // of commands of this term
  Index all_known_at_ = 0;             // the log's end when it began to lead, its first entry included
  LeaderReads leader_reads_;

  FollowerReads follower_reads_;
  std::multimap<Index, std::uint64_t> confirmed_reads_;  // wait until their index is applied

  // For the next ready():
  std::vector<Message> messages_;
  std::vector<Message> messages_after_;
  std::vector<Ready::Snapshot> snapshots_;
  std::optional<Mark> install_;
  std::optional<Contradiction> contradiction_;
  HardState handed_;  // as the driver has it
};

}  // namespace plaza::raft
