#include "system-under-test/plaza/raft/log.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace plaza::raft {
namespace {

std::vector<Entry> entries(Index first, const std::vector<Term>& terms) {
  std::vector<Entry> made;
  for (const Term term : terms) made.push_back({.index = first++, .term = term, .data = std::string(4, 'x')});
  return made;
}

// After mark 2/1: 3/1 4/1 5/4 6/4 7/6.
Log some_log() { return Log({.index = 2, .term = 1}, entries(3, {1, 1, 4, 4, 6})); }

TEST_CASE("A log knows the terms of its entries and of its mark, and nothing else") {
  const auto [index, term] = GENERATE(table<Index, std::optional<Term>>(
      {{0, std::nullopt}, {1, std::nullopt}, {2, 1}, {3, 1}, {5, 4}, {7, 6}, {8, std::nullopt}}));
  CHECK(some_log().term_of(index) == term);
}

TEST_CASE("A candidate's log covers another that ends in an earlier term, or in the same and no later") {
  const auto [last, is_covered] =
      GENERATE(table<Mark, bool>({{{7, 6}, true}, {{8, 6}, true}, {{6, 6}, false}, {{1, 7}, true}, {{99, 5}, false}}));
  CHECK(some_log().is_covered_by(last) == is_covered);
}

TEST_CASE("Where logs may meet: the last place whose term is not above the other's") {
  struct Case {
    Index most;
    Term term;
    Mark place;
  };
  const auto c = GENERATE(values<Case>({{7, 6, {7, 6}},
                                        {7, 5, {6, 4}},
                                        {7, 3, {4, 1}},
                                        {5, 6, {5, 4}},
                                        {9, 6, {7, 6}},     // beyond the end: the end
                                        {7, 0, {1, 0}},     // nowhere but before the mark
                                        {1, 5, {1, 0}}}));  // the log does not reach there
  CHECK(some_log().last_not_above(c.most, c.term) == c.place);
}

TEST_CASE("What of an append is news") {
  const auto [first, terms, news] = GENERATE(table<Index, std::vector<Term>, std::size_t>(
      {{6, {4, 6}, 2}, {6, {4, 6, 6}, 2}, {6, {5, 5}, 0}, {7, {7}, 0}, {8, {6}, 0}, {3, {}, 0}}));
  CHECK(some_log().first_news(entries(first, terms)) == news);
}

TEST_CASE("A slice has one entry at least, and no more than the bytes allow") {
  const auto [bytes, count] =
      GENERATE(table<std::size_t, std::size_t>({{0, 1}, {20, 1}, {39, 1}, {40, 2}, {99, 4}, {100, 5}, {9999, 5}}));
  CHECK(some_log().slice(3, 7, bytes).size() == count);  // 4 bytes of data and 16 around it
  CHECK(some_log().slice(8, 9, bytes).empty());
}

TEST_CASE("What is replaced while it is being written is not written until what replaced it is") {
  Log log({}, {});
  for (const Entry& entry : entries(1, {1, 1, 1})) log.append(entry);
  CHECK(log.take_unwritten().size() == 3);
  log.truncate(2);
  log.append({.index = 2, .term = 2, .data = {}});
  CHECK(log.take_unwritten() == std::vector<Entry>{{.index = 2, .term = 2, .data = {}}});
  CHECK_FALSE(log.has_unwritten());
  CHECK(log.written_through() == 0);
  log.written();
  CHECK(log.written_through() == 1);
  log.written();
  CHECK(log.written_through() == 2);
  log.written();  // nothing was taken
  CHECK(log.written_through() == 2);
}

TEST_CASE("A log that is compacted keeps the term of its mark; one that is reset has nothing else") {
  Log log = some_log();
  log.compact(5);
  CHECK(log.start() == Mark{.index = 5, .term = 4});
  CHECK(log.last_index() == 7);
  CHECK(log.at(6).term == 4);
  log.compact(3);  // is forgotten already
  CHECK(log.first_index() == 6);
  log.reset({.index = 6, .term = 5});
  CHECK(log.last_index() == 6);
  CHECK(log.last_term() == 5);
  CHECK_FALSE(log.has_unwritten());
}

}  // namespace
}  // namespace plaza::raft
