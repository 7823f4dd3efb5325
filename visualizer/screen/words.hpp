#pragma once
// Times, counts and marks as the screen words them.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "visualizer/model/trace.hpp"

namespace stillpoint::view {

// "0.086269 s": microseconds, or nanoseconds where there are any, as `stillpoint run` prints them.
std::string seconds_text(std::int64_t ns);
// "5.005 ms", "350 ns": how long something took.
std::string length_text(std::int64_t ns);
// "5.01 ms": with three digits.
std::string rough_length_text(std::int64_t ns);
// "5.005 ms before", "at the same moment", "2 us later": of `at_ns` as seen from `from_ns`.
std::string apart_text(std::int64_t at_ns, std::int64_t from_ns);
// later - earlier, or the nearest number that there is: times in a trace may be anything.
std::int64_t difference(std::int64_t later, std::int64_t earlier);
// "6,779"
std::string count_text(std::uint64_t n);
// "1 event", "6,779 events"
std::string count_text(std::uint64_t n, std::string_view singular);

// "plaza-1", "harness", "an unknown host".
std::string_view host_name(const Trace& trace, HostIndex host);
// "event 6,779"
std::string event_name(const Trace& trace, EventIndex event);
// Why an event happened, in a word: "message", "timer", "wake-up", "user", "state".
std::string_view word_for(CauseKind kind);
// The same as a sentence about an event and its cause.
std::string_view sentence_for(CauseKind kind);
// What is wrong with an event, a sentence for each mark.
std::vector<std::string_view> sentences_for_marks(std::uint8_t marks);
// "safety: what must never happen, happened".
std::string_view sentence_for_class(bool liveness);
// "passed", "failed: safety", "crashed".
std::string words_for_verdict(std::string_view verdict);
// How the run ended, as a sentence: "The run passed: nothing that was promised was broken."
std::string sentence_for_verdict(const TraceMetadata& metadata);

}  // namespace stillpoint::view
