// The answers that a machine remembers, as cells "a/USER/ID". The cells are the only place where they are; beside them
// is an index by age, so that they are forgotten in order.
//
// A request whose answer is still awaited is noted without an answer, so that the body that it had is known when the
// answer comes, and another body under the same id is refused meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "system-under-test/plaza/domain/cells.hpp"
#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

// What is known of a request that came before.
struct Remembered {
  LogTime given{};                                     // when
  std::optional<std::uint64_t> digest = std::nullopt;  // of what was asked; none: nobody knows any more
  std::optional<Answer> answer = std::nullopt;         // none: awaited
  bool operator==(const Remembered&) const = default;
};

class Answers {
 public:
  static constexpr std::string_view kPrefix = "a/";

  // Reads the index anew. Throws DamagedState.
  void restore(const Cells& cells, LogTime now);

  // None where nothing is remembered. Whether it is too old, is_kept() says: what is, may be forgotten already or not,
  // and that must make no difference.
  std::optional<Remembered> find(const Cells& cells, const RequestKey& key) const;
  static bool is_kept(const Remembered& remembered, LogTime now);
  // In place of `before`, which is what find() has.
  void put(Cells& cells, const RequestKey& key, const Remembered& remembered, const std::optional<Remembered>& before);
  // Forgets some of what is too old: no more than this, so that no entry takes long after a long silence.
  void forget(Cells& cells, LogTime now);

  std::size_t size() const { return by_age_.size(); }

 private:
  std::set<std::pair<LogTime, std::string>> by_age_;  // when it was given, and the cell
};

}  // namespace plaza
