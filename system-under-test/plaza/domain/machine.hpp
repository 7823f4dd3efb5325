// The machine: what all nodes have the same of. Entries of the log go in, one after the other; answers, effects and
// changed topics come out.
//
// It does for every domain what is the same for all of them:
//   - Time. Each command carries the leader's reading of the log's time; the machine's is the greatest so far. What is
//     due by then happens first, in every domain, before the command is decided.
//   - Answers. What was answered to a request is remembered, by its key, for kAnswersKept of the log's time; a request
//     that is repeated is given it again and changes nothing. The same id with another body is refused (id_reused),
//     also while the answer is awaited; a conclusion (see Part) is no other body, but goes with its beginning.
//     Answers are cells like all others, so a restart and a snapshot keep them.
//
// Equal entries give equal cells, on every node, in every build: tests hold it to that by hash().
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/bugs.hpp"
#include "system-under-test/plaza/domain/cells.hpp"
#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

// How long an answer is remembered. Whoever repeats a request later than this may be served twice: clients give up long
// before.
inline constexpr LogTime kAnswersKept = std::chrono::minutes(10);

enum class DomainId : std::uint8_t { none = 0, tickets = 1 };  // `none`: lets time pass, and nothing else

// What an entry of the log carries.
struct Command {
  LogTime time{};
  RequestKey key = {};
  DomainId domain = DomainId::none;
  std::string body = {};
  bool operator==(const Command&) const = default;
};

std::string encode(const Command& command);
// None where it is none: a name is too long, the user or the id is missing, the domain or the time is none.
std::optional<Command> decode_command(std::string_view bytes);

class Machine {
 public:
  struct Applied {
    std::uint64_t index = 0;
    RequestKey key = {};
    bool repeated = false;  // an answer that was given before
    Answer answer = {};
    std::vector<Effect> effects = {};
    std::vector<std::string> topics = {};  // that look different now; sorted, each once
  };

  // `local_clock` is the node's own wall clock, and is for bugs only.
  explicit Machine(Bugs bugs = {}, std::function<LogTime()> local_clock = {});
  ~Machine();
  Machine(Machine&&) noexcept;
  Machine& operator=(Machine&&) noexcept;

  // Becomes what was kept; see Cells for the numbers. Throws DamagedState, and is then not to be used.
  void restore(CellList cells, std::uint64_t applied, const std::vector<std::uint64_t>& numbers = {});

  // Applies the next entry: index is applied_index() + 1. `entry` is an encoded Command, or empty (a no-op). What is
  // neither is answered with bad_request, to an empty key, and changes nothing.
  Applied apply(std::uint64_t index, std::string_view entry);

  std::uint64_t applied_index() const;
  LogTime now() const;
  // The earliest moment at which something happens by itself. That an answer is forgotten is nothing to wake up for.
  std::optional<LogTime> next_due() const;

  std::optional<std::string> view(std::string_view topic) const;
  const Cells& cells() const;
  std::uint64_t hash() const { return cells().hash(); }
  // To be kept with applied_index(), all or none.
  std::vector<CellChange> take_changes();
  // What a snapshot of it has.
  CellList snapshot() const;

  // Of tests and of inspection. None: the machine has no such domain.
  const Domain* domain(DomainId id) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace plaza
