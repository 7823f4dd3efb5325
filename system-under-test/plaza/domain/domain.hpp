// What a domain is: a set of rules that every node follows in the same order, so that all come to the same state.
//
// A domain decides about requests, one after the other, and lets time pass. It sees no clock, no randomness, no
// address: the time is the log's (LogTime), its state is in cells under its own prefix, and every container that
// decides anything is ordered by value. What it says is an answer for the one who asked, effects for whoever observes,
// and the topics that look different now, for those who watch.
//
// Domains are found by their id in a Machine, which does for all of them what is the same for all: remembers answers,
// moves the time, counts.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/cells.hpp"
#include "system-under-test/plaza/domain/name_hash.hpp"

namespace plaza {

// Time as the log has it: since the cluster began, moved by its leaders, each by its own steady clock, from where the
// log was when it was elected. It never goes back, stands still while there is no leader, and knows nothing of wall
// clocks.
using LogTime = std::chrono::duration<std::int64_t, std::micro>;

// 36,000 years: what is later is no time, and sums of times below it do not overflow.
inline constexpr LogTime kLogTimeMost{std::int64_t{1} << 60};

inline constexpr std::size_t kNameBytesMost = 64;  // of a user's name and of a request's id

// Who asks, and under which id. The ids of different users never collide. Both are empty for what nobody asked for.
struct RequestKey {
  std::string user;
  std::string id;
  auto operator<=>(const RequestKey&) const = default;
};
struct RequestKeyHash {
  std::size_t operator()(const RequestKey& key) const {
    return (NameHash{}(key.user) * 0x9e3779b97f4a7c15ULL) ^ NameHash {}(key.id);
  }
};

// Numbers are on disks and in logs: they never change their meaning.
enum class Refusal : std::uint8_t {
  none = 0,
  bad_request = 1,       // it makes no sense to the domain
  id_reused = 2,         // this user sent another request under the same id before
  unknown_event = 3,     // there is none of this name
  event_exists = 4,      // there is one, and it is another
  sold_out = 5,          // not as many are free, or others wait for them
  seat_taken = 6,        // one of the seats that were named is not free
  no_such_seat = 7,      // the event has none of this number, or none that could be named
  too_many = 8,          // more than the event has, or than one request may ask for
  not_held = 9,          // this user has no such hold, or no longer
  payment_pending = 10,  // another request is paying for that hold
  payment_refused = 11,  // the payment was not authorised, or came too late
  already_waiting = 12,  // this user waits for this event already
  not_waiting = 13,      // this user does not
};

std::string_view name_of(Refusal refusal);

struct Answer {
  Refusal refusal = Refusal::none;
  bool awaits = false;      // not decided yet (a payment): nothing to be remembered
  std::string body = {};    // as the domain encodes it
  std::uint64_t index = 0;  // of the entry that decided it
  bool operator==(const Answer&) const = default;
};

// What was done, for those who observe: audit logs, metrics, tests. Of one decision there may be several.
struct Effect {
  std::string_view kind;  // "hold", "sale", "release", "expire", "offer", "wait", …: a literal
  RequestKey key;         // whose it is: of a hold that expires, the one that made it
  std::string subject;    // the event
  std::uint32_t count = 0;
  std::vector<std::uint32_t> numbers = {};  // seats, where there are numbers
  std::optional<LogTime> deadline = std::nullopt;
  std::optional<std::uint64_t> decided_on = std::nullopt;  // index of the state that was looked at, if not this one
  bool operator==(const Effect&) const = default;
};

// One step of the machine, as a domain is given it: where it is, and what it says.
struct Step {
  std::uint64_t index;
  LogTime now;
  Cells& cells;
  std::vector<Effect>& effects;
  std::vector<std::string>& topics;  // that look different now; sorted and made unique later
};

// Most requests are one body. What awaits something outside, as a payment, has two under one key: the beginning, which
// may be answered by `awaits`, and the conclusion, which brings what was awaited. The answer of the conclusion is that
// of the whole request: whoever repeats the beginning is given it.
enum class Part : std::uint8_t { whole, beginning, conclusion };

class Domain {
 public:
  virtual ~Domain() = default;

  // Of any body, whether it can be decoded or not.
  virtual Part part_of(std::string_view) const { return Part::whole; }
  // Whether a cell of this key would be one of its own.
  virtual bool owns(std::string_view cell) const = 0;

  // Rebuilds what it has beside the cells. Throws DamagedState.
  virtual void restore(const Cells& cells) = 0;
  // Decides. `body` is what a client's request was encoded to, and may be anything.
  virtual Answer decide(const RequestKey& key, std::string_view body, Step& step) = 0;
  // Everything that happens by itself until step.now, in the order of its times.
  virtual void pass_time(Step& step) = 0;
  // When pass_time() will have something to do.
  virtual std::optional<LogTime> next_due() const = 0;
  // What those who watch a topic see: a JSON object without "topic" and "version". None: there is no such topic.
  virtual std::optional<std::string> view(std::string_view topic) const = 0;
};

// Cells that no machine has written.
class DamagedState : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace plaza
