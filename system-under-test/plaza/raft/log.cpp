#include "system-under-test/plaza/raft/log.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace plaza::raft {
namespace {

// What an entry takes beside its data, roughly: a message of empty ones has an end as well.
constexpr std::size_t kEntryOverhead = 16;

}  // namespace

Log::Log(Mark start, std::vector<Entry> entries)
    : start_(start),
      entries_(std::make_move_iterator(entries.begin()), std::make_move_iterator(entries.end())),
      taken_(last_index()),
      written_(last_index()) {}

std::optional<Term> Log::term_of(Index index) const {
  if (index == start_.index) return start_.term;
  if (index < start_.index || index > last_index()) return std::nullopt;
  return at(index).term;
}

bool Log::is_covered_by(Mark last) const {
  return last.term > last_term() || (last.term == last_term() && last.index >= last_index());
}

Mark Log::last_not_above(Index most, Term term) const {
  Index index = std::min(most, last_index());
  while (index > start_.index && at(index).term > term) --index;
  const std::optional<Term> found = term_of(index);
  // Before the mark nothing is known: the mark itself was agreed upon, so nobody needs to look before it for long.
  if (!found) return {.index = index, .term = 0};
  if (*found > term) return {.index = index == 0 ? 0 : index - 1, .term = 0};
  return {.index = index, .term = *found};
}

void Log::append(Entry entry) { entries_.push_back(std::move(entry)); }

std::size_t Log::first_news(const std::vector<Entry>& entries) const {
  std::size_t known = 0;
  while (known < entries.size() && has({.index = entries[known].index, .term = entries[known].term})) ++known;
  return known;
}

void Log::truncate(Index index) {
  if (index > last_index()) return;
  entries_.resize(index - first_index());
  forget_writes_from(index);
}

void Log::compact(Index through) {
  if (through <= start_.index) return;
  const Mark mark = {.index = through, .term = *term_of(through)};
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(through - start_.index));
  start_ = mark;
}

void Log::reset(Mark mark) {
  forget_writes_from(mark.index + 1);
  entries_.clear();
  start_ = mark;
  // The snapshot itself is the driver's to write, before anything that follows on it.
  taken_ = written_ = mark.index;
}

void Log::reset_keeping_suffix(Mark mark) {
  std::deque<Entry> suffix;
  for (Entry& entry : entries_) {
    if (entry.index > mark.index) suffix.push_back(std::move(entry));
  }
  reset(mark);
  entries_ = std::move(suffix);
}

std::vector<Entry> Log::slice(Index from, Index to, std::size_t bytes_most) const {
  from = std::max(from, first_index());
  to = std::min(to, last_index());
  if (from > to) return {};
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(from - first_index());
  auto end = begin + static_cast<std::ptrdiff_t>(to - from + 1);
  if (bytes_most != kUnlimited) {
    std::size_t bytes = 0;
    const auto fits = [&](const Entry& entry) {
      bytes += kEntryOverhead + entry.data.size();
      return bytes <= bytes_most;
    };
    const auto first_too_much = std::find_if_not(begin, end, fits);
    end = std::max(first_too_much, begin + 1);
  }
  return {begin, end};
}

std::vector<Entry> Log::take_unwritten() {
  if (!has_unwritten()) return {};
  std::vector<Entry> entries = slice(taken_ + 1, last_index());
  taken_ = last_index();
  in_flight_.push_back(taken_);
  return entries;
}

void Log::written() {
  if (in_flight_.empty()) return;
  written_ = std::max(written_, in_flight_.front());
  in_flight_.pop_front();
}

void Log::forget_writes_from(Index index) {
  taken_ = std::min(taken_, index - 1);
  written_ = std::min(written_, index - 1);
  for (Index& end : in_flight_) end = std::min(end, index - 1);
}

void Log::digest(ByteWriter& out) const {
  out.varint(start_.index).varint(start_.term).varint(entries_.size());
  for (const Entry& entry : entries_) out.varint(entry.term).u8(static_cast<std::uint8_t>(entry.kind)).text(entry.data);
  out.varint(taken_).varint(written_).varint(in_flight_.size());
  for (const Index end : in_flight_) out.varint(end);
}

}  // namespace plaza::raft
