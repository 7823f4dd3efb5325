#include "visualizer/screen/words.hpp"

#include <fmt/format.h>

#include <limits>

#include "sim-core/base/units.hpp"

namespace stillpoint::view {
namespace {

// Without decimals that say nothing.
std::string with_unit(double number, int decimals, std::string_view unit) {
  std::string text = fmt::format("{:.{}f}", number, decimals);
  if (decimals > 0) text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return fmt::format("{} {}", text, unit);
}

struct Scaled {
  double number;
  std::string_view unit;
};

Scaled scaled(std::int64_t ns) {
  const auto number = static_cast<double>(ns);
  if (ns < 1'000) return {number, "ns"};
  if (ns < 1'000'000) return {number / 1e3, "us"};
  if (ns < 1'000'000'000) return {number / 1e6, "ms"};
  return {number / 1e9, "s"};
}

}  // namespace

std::string seconds_text(std::int64_t ns) {
  const bool negative = ns < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(ns) : static_cast<std::uint64_t>(ns);
  const std::uint64_t whole = size / 1'000'000'000;
  const std::uint64_t part = size % 1'000'000'000;
  const char* sign = negative ? "-" : "";
  return part % 1000 == 0 ? fmt::format("{}{}.{:06} s", sign, whole, part / 1000)
                          : fmt::format("{}{}.{:09} s", sign, whole, part);
}

std::string length_text(std::int64_t ns) {
  const auto [number, unit] = scaled(ns);
  return with_unit(number, 3, unit);
}

std::string rough_length_text(std::int64_t ns) {
  const auto [number, unit] = scaled(ns);
  return with_unit(number, number < 10 ? 2 : number < 100 ? 1 : 0, unit);
}

std::int64_t difference(std::int64_t later, std::int64_t earlier) {
  std::int64_t result = 0;
  if (!__builtin_sub_overflow(later, earlier, &result)) return result;
  return later > earlier ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min() + 1;
}

std::string apart_text(std::int64_t at_ns, std::int64_t from_ns) {
  if (at_ns == from_ns) return "at the same moment";
  return at_ns < from_ns ? length_text(difference(from_ns, at_ns)) + " before"
                         : length_text(difference(at_ns, from_ns)) + " later";
}

std::string count_text(std::uint64_t n) { return grouped(n); }

std::string count_text(std::uint64_t n, std::string_view singular) {
  return fmt::format("{} {}{}", grouped(n), singular, n == 1 ? "" : "s");
}

std::string_view host_name(const Trace& trace, HostIndex host) {
  const auto& hosts = trace.hosts();
  if (host == 0) return "harness";
  return host < hosts.size() && !hosts[host].name.empty() ? std::string_view(hosts[host].name) : "an unknown host";
}

std::string event_name(const Trace& trace, EventIndex event) {
  return event == kNone ? "no event" : "event " + grouped(trace.id(event));
}

std::string_view word_for(CauseKind kind) {
  switch (kind) {
    case CauseKind::message:
      return "message";
    case CauseKind::arming:
      return "timer";
    case CauseKind::wakeup:
      return "wake-up";
    case CauseKind::fault:
      return "fault";
    case CauseKind::user:
      return "user";
    case CauseKind::state:
      return "state";
    case CauseKind::none:
      break;
  }
  return "cause";
}

std::string_view sentence_for(CauseKind kind) {
  switch (kind) {
    case CauseKind::message:
      return "The one is what came of a message that the other sent or received.";
    case CauseKind::arming:
      return "The one set the timer that expired as the other.";
    case CauseKind::wakeup:
      return "The one gave the host something to do; the other is the host doing it.";
    case CauseKind::fault:
      return "A fault of the network or of a host stands between the two.";
    case CauseKind::user:
      return "The same user decided the one because of the other.";
    case CauseKind::state:
      return "The one was decided on the state that the other had left.";
    case CauseKind::none:
      break;
  }
  return "The trace does not say how the one led to the other.";
}

std::vector<std::string_view> sentences_for_marks(std::uint8_t marks) {
  std::vector<std::string_view> result;
  if ((marks & kDanglingCause) != 0) result.emplace_back("Its cause is not in this trace, or comes after it.");
  if ((marks & kTimeGoesBack) != 0) result.emplace_back("Its time is earlier than that of the event before it.");
  if ((marks & kUnknownKind) != 0) result.emplace_back("It is of a kind that this viewer does not know.");
  if ((marks & kUnknownHost) != 0) result.emplace_back("It is on a host that this trace does not name.");
  return result;
}

std::string_view sentence_for_class(bool liveness) {
  return liveness ? "liveness: something that must happen did not"
                  : "safety: something happened that must never happen";
}

std::string words_for_verdict(std::string_view verdict) {
  if (verdict == "pass") return "passed";
  if (verdict == "safety" || verdict == "liveness") return fmt::format("failed: {}", verdict);
  if (verdict == "crash") return "crashed";
  if (verdict == "nondeterminism") return "not deterministic";
  return verdict.empty() ? "no verdict" : std::string(verdict);
}

std::string sentence_for_verdict(const TraceMetadata& metadata) {
  if (!metadata.outcome) return "The recording was cut short: the trace ends where it was last saved.";
  struct Sentence {
    std::string_view verdict;
    std::string_view sentence;
  };
  constexpr Sentence kSentences[] = {
      {"pass", "The run passed: every promise that was checked was kept."},
      {"safety", "The run failed: something happened that must never happen."},
      {"liveness", "The run failed: something that must happen did not."},
      {"crash", "The run ended because the service crashed."},
      {"runaway", "The run ended because the service ran without end."},
      {"nondeterminism", "Two runs of this seed were not the same."},
      {"deadlock", "The run ended because nothing could run any more, and somebody still waited."},
      {"unsupported", "The run ended because the service made a call that is not simulated."},
      {"undecided", "The run ended, and a check could not decide."},
      {"harness_bug", "The run ended because of a mistake in Stillpoint itself."},
      {"interrupted", "The run was interrupted."},
  };
  for (const Sentence& known : kSentences) {
    if (known.verdict == metadata.outcome->verdict) return std::string(known.sentence);
  }
  return fmt::format("The run ended: {}.", metadata.outcome->verdict);
}

}  // namespace stillpoint::view
