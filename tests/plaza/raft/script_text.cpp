#include <string>

#include "tests/plaza/raft/script.hpp"

namespace plaza::raft::test {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string place(Index index, Term term) { return number(index) + "/" + number(term); }

}  // namespace

std::string text(const Entry& entry) {
  const std::string where = place(entry.index, entry.term);
  return entry.kind == EntryKind::noop ? where + " noop" : where + " \"" + entry.data + "\"";
}

std::string text(const Message& message) {
  using Kind = Message::Kind;
  std::string line = number(message.from) + "->" + number(message.to) + " " + std::string(name_of(message.kind)) +
                     " term " + number(message.term);
  switch (message.kind) {
    case Kind::pre_vote:
    case Kind::vote:
      line += ", log ends " + place(message.index, message.log_term);
      if (message.by_transfer) line += ", by transfer";
      break;
    case Kind::pre_vote_reply:
    case Kind::vote_reply:
      line += message.reject ? ", refused" : ", granted";
      break;
    case Kind::append:
      line += ", after " + place(message.index, message.log_term);
      for (const Entry& entry : message.entries) line += ", " + text(entry);
      line += ", commit " + number(message.commit);
      break;
    case Kind::append_reply:
      line += message.reject ? ", not after " + number(message.index) + ", perhaps after " +
                                   place(message.hint_index, message.hint_term)
                             : ", has " + number(message.index);
      break;
    case Kind::heartbeat:
      line += ", commit " + number(message.commit) + ", round " + number(message.context);
      break;
    case Kind::heartbeat_reply:
      line += ", round " + number(message.context);
      break;
    case Kind::snapshot:
      line += ", of " + place(message.index, message.log_term);
      break;
    case Kind::read_index:
      line += ", question " + number(message.context & 0xffffffff);
      break;
    case Kind::read_index_reply:
      line += ", question " + number(message.context & 0xffffffff) + ", at " + number(message.index);
      break;
    case Kind::time_out_now:
      break;
  }
  return line;
}

void Script::tell_taken(NodeId id, const Ready& ready) {
  tell_role(id);
  for (const Message& message : ready.messages) say("  " + text(message));
  for (const Ready::Snapshot& snapshot : ready.snapshots) {
    say("  " + number(id) + " is to send its state to " + number(snapshot.to));
  }
}

void Script::tell_written(const Ready& ready, NodeId id) {
  std::string write;
  if (ready.install) write += ", the state at " + place(ready.install->index, ready.install->term);
  for (const Entry& entry : ready.entries) write += ", " + text(entry);
  if (ready.hard_state) {
    write += ", term " + number(ready.hard_state->term) + " vote " + number(ready.hard_state->vote) + " commit " +
             number(ready.hard_state->commit);
  }
  if (!write.empty()) say("  " + number(id) + " writes " + write.substr(2));
  for (const Message& message : ready.messages_after) say("  " + text(message));
  for (const Entry& entry : ready.committed) say("  " + number(id) + " applies " + text(entry));
  for (const Ready::Read& read : ready.reads) {
    say("  " + number(id) + " answers read " + number(read.context) + " at " + number(read.index));
  }
}

void Script::tell_role(NodeId id) {
  const Status status = node(id).status();
  std::string role = number(id) + ": " + std::string(name_of(status.role)) + " in term " + number(status.term);
  if (status.role == Role::follower && status.leader != 0) role += " of " + number(status.leader);
  if (std::exchange(roles_[id], role) != role) say(role);
}

void Script::tell_status(NodeId id) {
  const Status status = node(id).status();
  std::string line = number(id) + ": " + std::string(name_of(status.role)) + " term " + number(status.term) + " vote " +
                     number(status.vote) + " leader " + number(status.leader) + " log " + number(status.first_index) +
                     ".." + place(status.last_index, status.last_term) + " commit " + number(status.commit) +
                     " applied " + number(status.applied);
  if (status.transfer_to != 0) line += " hands over to " + number(status.transfer_to);
  say(line);
  for (const auto& [peer, seen] : status.peers) {
    say("   sees " + number(peer) + ": match " + number(seen.match) + " next " + number(seen.next) + " in flight " +
        number(seen.in_flight) + (seen.active ? " active" : "") + (seen.snapshot ? " snapshot" : ""));
  }
}

void Script::tell_log(NodeId id) {
  const LogImage& log = node(id).log();
  std::string line = number(id) + ": after " + place(log.start.index, log.start.term);
  for (const LogImage::Item& item : log.items) line += ", " + text(item.entry);
  say(line);
}

}  // namespace plaza::raft::test
