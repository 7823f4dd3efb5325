#pragma once
// The filter of the event table: words that must all match. Works through the trace piece by piece, so that a frame
// never waits for a million events.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/model/cone.hpp"
#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

class Filter {
 public:
  // Begins anew with these words; View::set_filter() says what they mean.
  void set(std::string text, const Trace& trace);
  const std::string& text() const { return text_; }
  // Whether what matches depends on the cone.
  bool depends_on_cone() const;
  // Works on about `events` more events; true when none are left.
  bool work(const Trace& trace, const Cone& cone, std::size_t events);
  // Begins anew with the same words.
  void restart();

  // No word: every event matches, and matches() is empty.
  bool matches_all() const { return words_.empty(); }
  const std::vector<EventIndex>& matches() const { return matches_; }
  EventIndex worked_on() const { return worked_on_; }  // events so far

 private:
  // `text` looks up a host, a kind or a detail; the others are worked out when the filter is set.
  enum class What { host, kind, user, connection, lit, marked, text };
  struct Word {
    What what = What::text;
    bool excludes = false;
    std::string text;              // in lower case; also the beginning of a user's name
    bool whole_name = false;       // of a user: the name, not its beginning
    std::uint64_t connection = 0;  // 2^64 - 1: none
    std::vector<bool> accepted;    // hosts or kinds
  };

  static Word parse(std::string_view text, const Trace& trace);
  static bool holds(const Word& word, const Trace& trace, const Cone& cone, EventIndex event);

  std::string text_;
  std::vector<Word> words_;  // those that are looked up fastest come first
  std::vector<EventIndex> matches_;
  EventIndex worked_on_ = 0;
};

}  // namespace stillpoint::view
