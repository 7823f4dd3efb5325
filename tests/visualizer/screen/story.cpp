#include "tests/visualizer/screen/story.hpp"

#include <fmt/format.h>

#include "tests/record/synthetic.hpp"

namespace stillpoint::test {
namespace {

constexpr Where kPlaza{.host = 1, .boot = 1};
constexpr Where kFirstUsers{.host = 2, .boot = 1};
constexpr Where kSecondUsers{.host = 3, .boot = 1};
constexpr std::uint64_t kPlazaAddress = 10 << 24 | 1;
constexpr auto kData = static_cast<std::uint64_t>(Segment::data);

RunMetadata run(std::string_view bug) {
  return {.scenario = "last-ticket",
          .scenario_path = "scenarios/last-ticket.toml",
          .scenario_text = "[scenario]\nname = \"last-ticket\"\n",
          .seed = 7,
          .overrides = {},
          .bug = std::string(bug),
          .revision = "0123456789ab",
          .build_id = "feed",
          .trace_format = kTraceFormat,
          .started = {}};
}

Cause by(EventId event, CauseKind kind) { return {.event = event, .kind = kind}; }

class Writer {
 public:
  EventId add(EventKind kind, std::int64_t at_us, Where where, std::uint64_t subject, std::uint64_t a, std::uint64_t b,
              Cause cause = {}, std::string_view payload = {}) {
    return stream_.writer.event(kind, from_ns(at_us * 1000), where, subject, a, b, cause, payload);
  }
  TraceWriter& raw() { return stream_.writer; }

  // Hosts, boots, and a minute of nothing in particular: timers and the slices that they set off.
  void begin() {
    raw().host(1,
               "plaza-1\0plaza\0"
               "10.0.0.1"sv);
    raw().host(2,
               "users-1\0users\0"
               "10.0.0.2"sv);
    raw().host(3,
               "users-2\0users\0"
               "10.0.0.3"sv);
    for (const Where where : {kPlaza, kFirstUsers, kSecondUsers}) {
      add(EventKind::boot, 0, where, 0, kPlazaAddress - 1 + where.host, 0);
    }
    add(EventKind::listen, 0, kPlaza, 0, kPlazaAddress << 16 | 9000, 128);
    add(EventKind::connect, 100, kFirstUsers, 1, kPlazaAddress << 16 | 9000, (kPlazaAddress + 1) << 16 | 32768);
    add(EventKind::connect, 200, kSecondUsers, 2, kPlazaAddress << 16 | 9000, (kPlazaAddress + 2) << 16 | 32768);
  }
  // A timer that expires half a millisecond later, and the slice after it.
  void tick(std::int64_t at_us, Where where, std::uint64_t timer) {
    const EventId armed = add(EventKind::arm, at_us, where, timer, static_cast<std::uint64_t>(at_us + 500) * 1000, 0);
    const EventId expired = add(EventKind::expire, at_us + 500, where, timer, 0, 0, by(armed, CauseKind::arming));
    add(EventKind::slice, at_us + 700, where, ++slices_, 200'000, 0, by(expired, CauseKind::wakeup));
  }

  struct Request {
    EventId step, invoke, send, deliver, receive;
  };
  // From the user's decision to the service that has read it.
  Request request(std::int64_t at_us, Where where, std::string_view user, std::string_view what,
                  std::string_view function, std::int64_t travel_us) {
    const std::uint64_t stream = where.host == kFirstUsers.host ? 2 : 4;
    const std::string arguments = fmt::format("{}-1", user);
    const std::string bytes = fmt::format("POST /{} HTTP/1.1\r\nuser: {}\r\n\r\n{}", function, user, arguments);
    Request r{};
    r.step = add(EventKind::step, at_us, where, 0, 0, 0, {}, fmt::format("{}{}{}", user, '\0', what));
    r.invoke = add(EventKind::invoke, at_us, where, 0, 0, 0, by(r.step, CauseKind::user),
                   fmt::format("{}{}{}{}{}", user, '\0', function, '\0', arguments));
    r.send = add(EventKind::send, at_us, where, stream, kData, bytes.size(), by(r.invoke, CauseKind::user), bytes);
    const std::int64_t there = at_us + travel_us;
    r.deliver = add(EventKind::deliver, there, kPlaza, stream, kData, bytes.size(), by(r.send, CauseKind::message));
    add(EventKind::slice, there + 5, kPlaza, ++slices_, 5'000, 0, by(r.deliver, CauseKind::wakeup));
    r.receive = add(EventKind::receive, there + 5, kPlaza, 0, 0, 0, by(r.deliver, CauseKind::message),
                    fmt::format("{} {} from {}", function, arguments, user));
    return r;
  }
  EventId apply(std::int64_t at_us, const Request& request, EventId read, std::string_view what) {
    const EventId event = add(EventKind::apply, at_us, kPlaza, 0, 0, 0, by(request.receive, CauseKind::message), what);
    if (read != kNoEvent) raw().edge(event, by(read, CauseKind::state));
    raw().edge(event, by(request.invoke, CauseKind::user));
    return event;
  }
  void answer(std::int64_t at_us, Where where, const Request& request, EventId apply, std::string_view text) {
    const std::uint64_t stream = where.host == kFirstUsers.host ? 3 : 5;
    const EventId sent =
        add(EventKind::send, at_us, kPlaza, stream, kData, text.size(), by(apply, CauseKind::user), text);
    const EventId got =
        add(EventKind::deliver, at_us + 900, where, stream, kData, text.size(), by(sent, CauseKind::message));
    add(EventKind::ok, at_us + 900, where, request.invoke, 0, 0, by(got, CauseKind::message), text);
  }

  void finish(const std::filesystem::path& path, std::string_view bug, std::string_view verdict, int exit_code) {
    Recorder recorder(path, run(bug), {.overwrite = true});
    recorder.ingest(stream_.records());
    recorder.finish({.verdict = std::string(verdict),
                     .exit_code = exit_code,
                     .hash = 0x012b,
                     .log_hash = 0,
                     .virtual_time = 20ms,
                     .cpu_time = 1ms});
  }

 private:
  MemoryStream stream_;
  std::uint64_t slices_ = 0;
};

}  // namespace

Story record_story(const std::filesystem::path& path) {
  Writer writer;
  Story story;
  writer.begin();
  writer.tick(1'000, kFirstUsers, 1);
  writer.tick(2'000, kSecondUsers, 1);
  const auto carol = writer.request(4'000, kFirstUsers, "carol", "wants a ticket for later", "hold", 1'200);
  story.hold = writer.apply(5'600, carol, kNoEvent, "hold of ticket 4 by carol, version 4: free 2 held 1 sold 97");
  writer.answer(5'700, kFirstUsers, carol, story.hold, "held 4");
  writer.tick(7'000, kPlaza, 1);
  const auto alice = writer.request(9'000, kFirstUsers, "alice", "buys at once", "buy", 1'700);
  const auto bob = writer.request(10'800, kSecondUsers, "bob", "buys at once", "buy", 1'400);
  writer.tick(12'500, kFirstUsers, 2);
  writer.tick(13'500, kPlaza, 2);
  story.alice_purchase = writer.apply(16'000, alice, story.hold,
                                      "purchase of ticket 5 by alice, version 5 decided on version 4: free 1 sold 98");
  writer.raw().log(at(16ms), kPlaza, 2, "sold ticket 5 to alice");
  story.bob_purchase = writer.apply(17'600, bob, story.hold,
                                    "purchase of ticket 5 by bob, version 6 decided on version 4: free 1 sold 99");
  writer.raw().log(at(17'600us), kPlaza, 2, "sold ticket 5 to bob");
  story.violation =
      writer.add(EventKind::violation, 17'600, kPlaza, 0, 0, 0, {},
                 "capacity conserved\0sold + held + free = 100\0sold 99, held 1, free 1\0"
                 "the purchases by alice and by bob both saw ticket 5 free; the second did not see the first"sv);
  writer.raw().witness(story.violation, story.alice_purchase, "first purchase");
  writer.raw().witness(story.violation, story.bob_purchase, "second purchase");
  story.second_violation = writer.add(EventKind::violation, 17'600, kPlaza, 0, 0, 0, {},
                                      "one owner per ticket\0ticket 5 has one owner\0alice and bob\0"
                                      "both were told that it is theirs"sv);
  writer.raw().witness(story.second_violation, story.alice_purchase, "first owner");
  writer.raw().witness(story.second_violation, story.bob_purchase, "second owner");
  story.stop = writer.add(EventKind::stop, 17'600, {}, 0, 0, 0, {}, "a check was broken");
  story.alice_invoke = alice.invoke;
  story.alice_send = alice.send;
  story.alice_deliver = alice.deliver;
  story.alice_receive = alice.receive;
  story.bob_invoke = bob.invoke;
  story.bob_send = bob.send;
  story.bob_deliver = bob.deliver;
  story.bob_receive = bob.receive;
  writer.finish(path, "oversell", "safety", 10);
  return story;
}

void record_crash(const std::filesystem::path& path) {
  Writer writer;
  writer.begin();
  for (int i = 0; i < 12; ++i)
    writer.tick(1'000 * (i + 1), i % 3 == 0 ? kPlaza : i % 3 == 1 ? kFirstUsers : kSecondUsers, 1);
  writer.request(14'000, kSecondUsers, "bob", "buys at once", "buy", 1'400);
  writer.add(EventKind::stop, 15'410, kPlaza, 0, 0, 0, {}, "the service died of signal 11, SIGSEGV, in sell_ticket");
  writer.finish(path, "", "crash", 12);
}

void record_nothing(const std::filesystem::path& path) {
  MemoryStream stream;
  Recorder recorder(path, run(""), {.overwrite = true});
  recorder.ingest(stream.records());
  recorder.finish({.verdict = "pass", .exit_code = 0, .hash = 0, .log_hash = 0, .virtual_time = 0ns, .cpu_time = 0ns});
}

}  // namespace stillpoint::test
