// Named switches that put a known bug back into the service, so that a test tool can be measured by what it finds.
//
// Every switch sits inside the code path that it breaks, with a comment there that says what the correct code prevents.
// All are off by default, and off they change nothing.
#pragma once

#include <array>
#include <string_view>

namespace plaza {

struct Bugs {
  bool vote_not_persisted = false;
  bool commit_by_counting_old_term = false;
  bool stale_read_deposed_leader = false;
  bool snapshot_keeps_conflicting_suffix = false;
  bool ack_unchecked_tail = false;
  bool ignore_own_write_error = false;
  bool nondeterministic_apply = false;
  bool apply_index_not_atomic = false;
  bool ack_before_fsync = false;
  bool sqlite_synchronous_off = false;
  bool oversell = false;
  bool double_release = false;
  bool expiry_by_local_clock = false;
  bool non_idempotent_purchase_retry = false;
  bool dedupe_not_in_snapshot = false;
  bool half_open_undetected = false;
  bool partial_read_framing = false;
  bool election_livelock_partial_partition = false;
  bool split_vote_fixed_timeout = false;
  bool heartbeat_by_wall_clock = false;
};

struct BugSwitch {
  std::string_view id;
  std::string_view name;
  std::string_view mechanism;
  bool Bugs::*on;
};

inline constexpr std::array kBugSwitches{
    BugSwitch{"C01", "vote-not-persisted", "a vote is answered before the term and the vote are on the disk",
              &Bugs::vote_not_persisted},
    BugSwitch{"C02", "commit-by-counting-old-term",
              "a leader commits entries of earlier terms by counting who has them", &Bugs::commit_by_counting_old_term},
    BugSwitch{"C03", "stale-read-deposed-leader", "a read is served from local state, without asking a quorum",
              &Bugs::stale_read_deposed_leader},
    BugSwitch{"C10", "snapshot-keeps-conflicting-suffix", "a snapshot that is installed leaves the old log behind it",
              &Bugs::snapshot_keeps_conflicting_suffix},
    BugSwitch{"C13", "ack-unchecked-tail",
              "a follower acknowledges its whole log, not only what the leader's message has checked",
              &Bugs::ack_unchecked_tail},
    BugSwitch{"C16", "ignore-own-write-error", "a node goes on after its own log could not be written",
              &Bugs::ignore_own_write_error},
    BugSwitch{"C18", "nondeterministic-apply", "the deadline of a hold is reckoned with the node's own clock",
              &Bugs::nondeterministic_apply},
    BugSwitch{"C19", "apply-index-not-atomic", "the applied index and the state are written in two transactions",
              &Bugs::apply_index_not_atomic},
    BugSwitch{"S01", "ack-before-fsync", "what was appended is acknowledged before it is on the disk",
              &Bugs::ack_before_fsync},
    BugSwitch{"S08", "sqlite-synchronous-off", "PRAGMA synchronous=OFF: a commit does not wait for the disk",
              &Bugs::sqlite_synchronous_off},
    BugSwitch{"I01", "oversell",
              "buy-now looks for a free ticket, awaits the payment, and sells what it saw (check, then act)",
              &Bugs::oversell},
    BugSwitch{"I03", "double-release", "a hold that was given back or sold is freed once more when its time is over",
              &Bugs::double_release},
    BugSwitch{"I04", "expiry-by-local-clock", "each node lets holds expire by its own wall clock",
              &Bugs::expiry_by_local_clock},
    BugSwitch{"I06", "non-idempotent-purchase-retry", "a purchase that is repeated under its id is made once more",
              &Bugs::non_idempotent_purchase_retry},
    BugSwitch{"N03", "dedupe-not-in-snapshot", "answers that were given are left out of snapshots",
              &Bugs::dedupe_not_in_snapshot},
    BugSwitch{"K01", "half-open-undetected", "a connection between nodes that went silent is never given up",
              &Bugs::half_open_undetected},
    BugSwitch{"K02", "partial-read-framing", "a frame's length is believed to come in one read",
              &Bugs::partial_read_framing},
    BugSwitch{"L01", "election-livelock-partial-partition", "no pre-vote and no check-quorum",
              &Bugs::election_livelock_partial_partition},
    BugSwitch{"L02", "split-vote-fixed-timeout", "the election time-out is the same on every node",
              &Bugs::split_vote_fixed_timeout},
    BugSwitch{"T03", "heartbeat-by-wall-clock", "ticks of consensus are counted by the wall clock",
              &Bugs::heartbeat_by_wall_clock},
};

// Whether there is a bug of this name; if so, it is on from then on.
constexpr bool switch_on(Bugs& bugs, std::string_view name) {
  for (const BugSwitch& bug : kBugSwitches) {
    if (bug.name != name) continue;
    bugs.*bug.on = true;
    return true;
  }
  return false;
}

}  // namespace plaza
