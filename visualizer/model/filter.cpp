#include "visualizer/model/filter.hpp"

#include <algorithm>
#include <charconv>

namespace stillpoint::view {
namespace {

constexpr std::uint64_t kNoConnection = UINT64_MAX;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = lower(c);
  return result;
}

// Whether `text` contains `part`, which is in lower case.
bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(),
                     [](char left, char right) { return lower(left) == right; }) != text.end();
}

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() && lower(text.substr(0, beginning.size())) == beginning;
}

// Which of the names are meant: those that are `wanted`, or if there are none, those that begin with it.
std::vector<bool> named(const std::vector<std::string>& names, std::string_view wanted) {
  std::vector<bool> result(names.size());
  bool whole = false;
  for (std::size_t i = 0; i < names.size(); ++i) whole = (result[i] = lower(names[i]) == wanted) || whole;
  if (whole) return result;
  for (std::size_t i = 0; i < names.size(); ++i) result[i] = begins_with(names[i], wanted);
  return result;
}

std::vector<bool> hosts_named(const Trace& trace, std::string_view wanted) {
  std::vector<std::string> names;
  for (const Host& host : trace.hosts()) names.push_back(host.name);
  return named(names, wanted);
}

std::vector<bool> kinds_named(std::string_view wanted) {
  std::vector<std::string> names{"unknown"};
  for (std::uint8_t kind = 1; kind < kEventKinds; ++kind) names.emplace_back(name_of(static_cast<EventKind>(kind)));
  return named(names, wanted);
}

bool is_user(const Trace& trace, std::string_view wanted) {
  return std::any_of(trace.operations().begin(), trace.operations().end(),
                     [wanted](const Operation& operation) { return lower(operation.user) == wanted; });
}

std::uint64_t connection_of(const EventRow& event) {
  switch (event.kind) {
    case EventKind::connect:
      return event.subject;
    case EventKind::send:
    case EventKind::deliver:
    case EventKind::drop:
      return event.subject / 2;
    default:
      return kNoConnection;
  }
}

}  // namespace

Filter::Word Filter::parse(std::string_view text, const Trace& trace) {
  Word word;
  if (text.size() > 1 && text.front() == '-') {
    word.excludes = true;
    text.remove_prefix(1);
  }
  word.text = lower(text);
  const auto take = [&word](std::string_view prefix, What what) {
    if (!word.text.starts_with(prefix)) return false;
    word.what = what;
    word.text.erase(0, prefix.size());
    return true;
  };
  if (word.text == "lit") {
    word.what = What::lit;
  } else if (word.text == "marked") {
    word.what = What::marked;
  } else if (take("host:", What::host)) {
    word.accepted = hosts_named(trace, word.text);
  } else if (take("kind:", What::kind)) {
    word.accepted = kinds_named(word.text);
  } else if (take("user:", What::user)) {
    word.whole_name = is_user(trace, word.text);
  } else if (take("conn:", What::connection)) {
    const char* end = word.text.data() + word.text.size();
    const auto [stop, error] = std::from_chars(word.text.data(), end, word.connection);
    if (error != std::errc() || stop != end) word.connection = kNoConnection;
  }
  return word;
}

bool Filter::holds(const Word& word, const Trace& trace, const Cone& cone, EventIndex event) {
  const EventRow& row = trace.events()[event];
  switch (word.what) {
    case What::host:
      return word.accepted[row.host];
    case What::kind:
      return word.accepted[static_cast<std::size_t>(row.kind)];
    case What::user: {
      const std::string_view user = trace.user(event);
      if (user.empty()) return false;
      return begins_with(user, word.text) && (!word.whole_name || user.size() == word.text.size());
    }
    case What::connection:
      return word.connection != kNoConnection && connection_of(row) == word.connection;
    case What::lit:
      return cone.contains(event);
    case What::marked:
      return row.marks != 0;
    case What::text:
      return contains(trace.hosts()[row.host].name, word.text) || contains(trace.kind_name(event), word.text) ||
             contains(trace.detail(event), word.text);
  }
  return false;
}

void Filter::set(std::string text, const Trace& trace) {
  text_ = std::move(text);
  words_.clear();
  std::string_view rest = text_;
  constexpr std::string_view kSpaces = " \t\r\n";
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kSpaces), rest.size()));
    if (rest.empty()) break;
    const std::size_t length = std::min(rest.find_first_of(kSpaces), rest.size());
    words_.push_back(parse(rest.substr(0, length), trace));
    rest.remove_prefix(length);
  }
  std::stable_sort(words_.begin(), words_.end(),
                   [](const Word& left, const Word& right) { return left.what < right.what; });
  restart();
}

bool Filter::depends_on_cone() const {
  return std::any_of(words_.begin(), words_.end(), [](const Word& word) { return word.what == What::lit; });
}

void Filter::restart() {
  matches_.clear();
  worked_on_ = 0;
}

bool Filter::work(const Trace& trace, const Cone& cone, std::size_t events) {
  const auto count = static_cast<EventIndex>(trace.events().size());
  if (matches_all()) {
    worked_on_ = count;
    return true;
  }
  const auto end = static_cast<EventIndex>(worked_on_ + std::min<std::size_t>(events, count - worked_on_));
  for (; worked_on_ < end; ++worked_on_) {
    const bool matches = std::all_of(words_.begin(), words_.end(), [&](const Word& word) {
      return holds(word, trace, cone, worked_on_) != word.excludes;
    });
    if (matches) matches_.push_back(worked_on_);
  }
  return worked_on_ == count;
}

}  // namespace stillpoint::view
