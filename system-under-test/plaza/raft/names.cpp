#include "system-under-test/plaza/raft/types.hpp"

namespace plaza::raft {

std::string_view name_of(Message::Kind kind) {
  switch (kind) {
    case Message::Kind::pre_vote:
      return "pre_vote";
    case Message::Kind::pre_vote_reply:
      return "pre_vote_reply";
    case Message::Kind::vote:
      return "vote";
    case Message::Kind::vote_reply:
      return "vote_reply";
    case Message::Kind::append:
      return "append";
    case Message::Kind::append_reply:
      return "append_reply";
    case Message::Kind::heartbeat:
      return "heartbeat";
    case Message::Kind::heartbeat_reply:
      return "heartbeat_reply";
    case Message::Kind::snapshot:
      return "snapshot";
    case Message::Kind::read_index:
      return "read_index";
    case Message::Kind::read_index_reply:
      return "read_index_reply";
    case Message::Kind::time_out_now:
      return "time_out_now";
  }
  return "unknown";
}

std::string_view name_of(Role role) {
  switch (role) {
    case Role::follower:
      return "follower";
    case Role::pre_candidate:
      return "pre_candidate";
    case Role::candidate:
      return "candidate";
    case Role::leader:
      return "leader";
  }
  return "unknown";
}

}  // namespace plaza::raft
