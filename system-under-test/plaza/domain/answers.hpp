// The answers that a machine remembers, as cells "a/USER/ID". The cells are the only place where they are; beside them
// is an index by age, so that they are forgotten in order.
//
// A request whose answer is still awaited is noted without an answer, so that the body that it had is known when the
// answer comes, and another body under the same id is refused meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

  // Where the answer to a request is.
  static std::string cell_of(const RequestKey& key);

  // None where nothing is remembered. Whether it is too old, is_kept() says: what is, may be forgotten already or not,
  // and that must make no difference.
  static std::optional<Remembered> find(const Cells& cells, std::string_view cell);
  static bool is_kept(const Remembered& remembered, LogTime now);
  // In place of what find() has, if there is anything.
  void put(Cells& cells, std::string cell, const Remembered& remembered);
  // Forgets some of what is too old: no more than this, so that no entry takes long after a long silence.
  void forget(Cells& cells, LogTime now);

 private:
  // A heap: the one that was given first is in front, of several the one whose cell comes first. An answer in whose
  // place another was put stays until it is old enough, and is passed over then. They come in the order of their times,
  // so to add one takes no search.
  std::vector<std::pair<LogTime, std::string>> by_age_;
};

}  // namespace plaza
