#include "sim-core/trace/record.hpp"

#include <array>

namespace stillpoint {
namespace {

constexpr std::array<std::string_view, kEventKinds> kEventNames = {
    "none",      "boot",   "slice", "listen", "send",    "deliver", "drop",   "connect", "arm",       "expire",
    "step",      "invoke", "ok",    "fail",   "info",    "receive", "apply",  "note",    "violation", "stop",
    "lose",      "signal", "exit",  "query",  "answer",  "write",   "resize", "name",    "mode",      "sync",
    "unwritten", "crash",  "fault", "heal",   "corrupt", "error",   "reach",  "buggify"};
constexpr std::array<std::string_view, 7> kCauseNames = {"none",  "message", "arming", "wake-up",
                                                         "fault", "user",    "state"};
constexpr std::array<std::string_view, 9> kSegmentNames = {"none", "syn", "syn-ack",  "ack",  "data",
                                                           "fin",  "rst", "datagram", "probe"};

template <typename Enum, std::size_t kCount>
std::string_view look_up(const std::array<std::string_view, kCount>& names, Enum value) {
  const auto index = static_cast<std::size_t>(value);
  return index < kCount ? names[index] : "unknown";
}

}  // namespace

std::string_view name_of(EventKind kind) { return look_up(kEventNames, kind); }
std::string_view name_of(CauseKind kind) { return look_up(kCauseNames, kind); }
std::string_view name_of(Segment segment) { return look_up(kSegmentNames, segment); }

}  // namespace stillpoint
