#include "sim-core/record/describe.hpp"

#include <fmt/format.h>

#include "sim-core/record/record_cursor.hpp"

namespace stillpoint {
namespace {

constexpr std::size_t kLongestText = 200;  // characters; the view cuts at the same length

// One line of text from bytes that may be anything. UTF-8 stays as it is.
std::string readable(std::string_view bytes) {
  std::string text;
  std::size_t characters = 0;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xc0) != 0x80 && ++characters > kLongestText) break;
    text += byte < 0x20 || byte == 0x7f ? '?' : c;
  }
  return text;
}

std::string address_text(std::uint64_t address) {
  return fmt::format("{}.{}.{}.{}", (address >> 24) & 255, (address >> 16) & 255, (address >> 8) & 255, address & 255);
}

// Microseconds, or nanoseconds where there are any.
std::string seconds_text(std::int64_t ns) {
  if (ns < 0) return fmt::format("{} ns", ns);
  const std::int64_t whole = ns / 1'000'000'000;
  const std::int64_t part = ns % 1'000'000'000;
  return part % 1000 == 0 ? fmt::format("{}.{:06} s", whole, part / 1000) : fmt::format("{}.{:09} s", whole, part);
}

std::string slice_text(const RecordHeader& event) {
  if (event.a == 0) return fmt::format("{}", event.subject);
  if (event.a % 1000 == 0) return fmt::format("{}, cost {} us", event.subject, event.a / 1000);
  return fmt::format("{}, cost {} ns", event.subject, event.a);
}

std::string segment_text(const RecordHeader& event) {
  const std::string_view name = event.a > 0xff ? "unknown" : name_of(static_cast<Segment>(event.a));
  const std::string bytes = event.b == 0 ? "" : event.b == 1 ? "1 byte of " : fmt::format("{} bytes of ", event.b);
  const char* sender = (event.subject & 1) == 0 ? "client" : "server";
  return fmt::format("{}{} on connection {} from its {}", bytes, name, event.subject >> 1, sender);
}

std::string violation_text(const RecordHeader& event, std::string_view payload) {
  const auto [check, promised, found, because] = fields<4>(payload);
  return fmt::format("{} ({}): promised: {}; found: {}; because: {}", readable(check),
                     event.a == 1 ? "liveness" : "safety", readable(promised), readable(found), readable(because));
}

std::string where_text(const RecordHeader& record) {
  if (record.host == kHarness) return "harness";
  return record.boot > 1 ? fmt::format("host {} (boot {})", record.host, record.boot)
                         : fmt::format("host {}", record.host);
}

// As wait(2) gives it.
std::string exit_text(std::uint64_t status) {
  const std::uint64_t signal = status & 0x7F;
  if (signal == 0) return fmt::format("with status {}", (status >> 8) & 0xFF);
  return fmt::format("by signal {}", signal);
}

// sim-core/disk/file_system.hpp: NameChange.
std::string name_text(const RecordHeader& event, std::string_view payload) {
  const auto [name, directory, to] = fields<3>(payload);
  const std::string place = fmt::format("'{}' in directory {}", readable(name), event.a);
  switch (event.b >> 32) {
    case 1:
      return fmt::format("makes {}: file {}", place, event.subject);
    case 2:
      return fmt::format("links {} to file {}", place, event.subject);
    case 3:
      return fmt::format("removes {}: file {}", place, event.subject);
    case 4:
      return fmt::format("removes the directory {}: file {}", place, event.subject);
    default:
      return fmt::format("{} {} {} '{}' in directory {}: file {}", event.b >> 32 == 5 ? "renames" : "exchanges", place,
                         event.b >> 32 == 5 ? "to" : "with", readable(to), readable(directory), event.subject);
  }
}

}  // namespace

std::string endpoint_text(std::uint64_t endpoint) {
  return fmt::format("{}:{}", address_text(endpoint >> 16), endpoint & 0xffff);
}

std::string describe_event(const RecordHeader& event, std::span<const std::byte> payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  switch (static_cast<EventKind>(event.kind)) {
    case EventKind::boot:
      return "at " + address_text(event.a) + (event.boot > 1 ? fmt::format(", boot {}", event.boot) : "");
    case EventKind::slice:
      return slice_text(event);
    case EventKind::listen:
      return fmt::format("on {}, backlog {}", endpoint_text(event.a), event.b);
    case EventKind::send:
    case EventKind::deliver:
    case EventKind::drop:
    case EventKind::lose:
      return segment_text(event);
    case EventKind::connect:
      return fmt::format("{} from {} to {}", event.subject, endpoint_text(event.b), endpoint_text(event.a));
    case EventKind::arm:
      return fmt::format("timer {} for {}", event.subject, seconds_text(static_cast<std::int64_t>(event.a)));
    case EventKind::expire:
      return fmt::format("timer {}", event.subject);
    case EventKind::step: {
      const auto [user, what] = fields<2>(text);
      return fmt::format("{}: {}", readable(user), readable(what));
    }
    case EventKind::invoke: {
      const auto [user, function, arguments] = fields<3>(text);
      return fmt::format("{}: {} {}", readable(user), readable(function), readable(arguments));
    }
    case EventKind::ok:
    case EventKind::fail:
    case EventKind::info:
      return fmt::format("of operation {}{}{}", event.subject, text.empty() ? "" : ": ", readable(text));
    case EventKind::violation:
      return violation_text(event, text);
    case EventKind::signal:
      return fmt::format("{}", event.subject);
    case EventKind::exit:
      return exit_text(event.a);
    case EventKind::query:
      return fmt::format("{} for {}", event.subject, readable(text));
    case EventKind::answer:
      return fmt::format("to query {} after {}: {}", event.subject, seconds_text(static_cast<std::int64_t>(event.b)),
                         readable(text));
    case EventKind::write:
      return fmt::format("{} bytes at {} of file {}", event.b, event.a, event.subject);
    case EventKind::resize:
      return fmt::format("file {} to {} bytes", event.subject, event.a);
    case EventKind::name:
      return name_text(event, text);
    case EventKind::mode:
      return fmt::format("file {} to {:o}", event.subject, event.a & 07777);
    case EventKind::sync:
      return (event.subject == 0 ? fmt::format("everything, {} bytes", event.a)
                                 : fmt::format("file {}, {} bytes", event.subject, event.a)) +
             (event.b == 0 ? "" : ": the device lied");
    case EventKind::unwritten:
      return event.b == 0 ? fmt::format("event {}", event.subject)
                          : fmt::format("{} of {} sectors of event {}", event.a, event.b, event.subject);
    case EventKind::crash:
      return fmt::format("with {} descriptors and {} connections", event.a, event.b);
    case EventKind::fault: {
      const auto [name, kind, words] = fields<3>(text);
      return fmt::format("{}: {}", readable(name), readable(words));
    }
    case EventKind::heal:
      return fmt::format("of the fault of event {}", event.subject);
    case EventKind::corrupt:
      if (event.subject == 0) return fmt::format("all, {} bytes: the disk is a new one", event.b);
      return fmt::format("{} bytes at {} of file {}", event.b, event.a, event.subject);
    case EventKind::error:
      return fmt::format("{}: errno {}", readable(text), event.a);
    case EventKind::reach:
    case EventKind::buggify:
    case EventKind::receive:
    case EventKind::apply:
    case EventKind::note:
    case EventKind::stop:
      return readable(text);
  }
  return fmt::format("kind {}, subject {}, a {}, b {}", event.kind, event.subject, event.a, event.b);
}

std::string describe(const RecordHeader& record, std::span<const std::byte> payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  switch (record.type) {
    case RecordType::event:
      return fmt::format("{} {} {} {}", seconds_text(record.time_ns), where_text(record),
                         name_of(static_cast<EventKind>(record.kind)), describe_event(record, payload));
    case RecordType::edge:
      return fmt::format("event {} because of event {} ({})", record.subject, record.cause, name_of(record.cause_kind));
    case RecordType::host: {
      const auto [name, role, address] = fields<3>(text);
      return fmt::format("host {} is {} ({}) at {}", record.host, readable(name), readable(role), readable(address));
    }
    case RecordType::log:
      return fmt::format("{} {} logs with severity {}: {}", seconds_text(record.time_ns), where_text(record), record.a,
                         readable(text));
    case RecordType::witness:
      return fmt::format("violation {} is proved by event {}: {}", record.subject, record.cause, readable(text));
    case RecordType::disk:
      return fmt::format("{} after event {}: detail {} of file {} on its disk: {}, {}", where_text(record),
                         record.cause, record.kind, record.subject, record.a, record.b);
  }
  return fmt::format("a record of unknown type {}", static_cast<int>(record.type));
}

}  // namespace stillpoint
