#include "tests/visualizer/model/make_big_trace.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <queue>
#include <string>
#include <vector>

#include "sim-core/record/recorder.hpp"
#include "sim-core/trace/writer.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr HostId kPlaza = 1;
constexpr HostId kUserHosts = 18;
constexpr std::uint64_t kUsers = 1800;
constexpr std::uint64_t kPort = 9000;
constexpr std::size_t kRing = 32 << 20;
constexpr std::uint64_t kData = static_cast<std::uint64_t>(Segment::data);
constexpr Duration kSliceCost = 5us;

std::uint64_t address_of(HostId host) { return std::uint64_t{10} << 24 | host; }

// A masked text frame, as a browser sends it (RFC 6455, section 5.2).
std::string frame(std::string_view text, bool masked) {
  std::string bytes = "\x81"s + static_cast<char>((masked ? 0x80 : 0) | text.size());
  const std::string key = masked ? "\x12\x34\x56\x78"s : "\0\0\0\0"s;
  if (masked) bytes += key;
  for (std::size_t i = 0; i < text.size(); ++i) bytes += static_cast<char>(text[i] ^ key[i % 4]);
  return bytes;
}

// What happens next to a user's request.
enum class Next { connect, decide, arrive, resend, pay, answer, done };

struct Task {
  VirtualTime at{};
  std::uint64_t order = 0;
  Next next{};
  std::uint64_t user = 0;
  bool operator>(const Task& other) const { return std::pair(at, order) > std::pair(other.at, other.order); }
};

struct User {
  std::string name;
  HostId host = 0;
  std::uint64_t operations = 0;
  EventId invoke = 0;
  EventId sent = 0;  // the latest message of its request, or the answer's
  EventId receive = 0;
  EventId armed = 0;
  std::string request;
};

class Generator {
 public:
  Generator(const std::filesystem::path& path, std::uint64_t events)
      : wanted_(events), recorder_(path, metadata(), {.overwrite = true}) {}

  void run() {
    start();
    while (writer().last_event() < wanted_) {
      const Task task = tasks_.top();
      tasks_.pop();
      now_ = std::max(now_, task.at);
      perform(task);
      if (ring_use() > kRing / 2) drain();
    }
    writer().event(EventKind::stop, now_, {}, 0, 0, 0, {}, "the time is over");
    drain();
    recorder_.finish({.verdict = "safety",
                      .exit_code = 10,
                      .hash = 1,
                      .log_hash = 2,
                      .virtual_time = now_.time_since_epoch(),
                      .cpu_time = 1s});
  }

 private:
  static RunMetadata metadata() {
    return {.scenario = "big",
            .scenario_path = "scenarios/big.toml",
            .scenario_text = "[scenario]\nname = \"big\"\n",
            .seed = 7,
            .overrides = {},
            .bug = "oversell",
            .revision = "0123456789ab",
            .build_id = "feed",
            .trace_format = kTraceFormat,
            .started = {}};
  }

  TraceWriter& writer() { return trace_.writer; }
  std::size_t ring_use() { return StreamReader(trace_.control(), trace_.ring()).available().size(); }
  void drain() {
    StreamReader reader(trace_.control(), trace_.ring());
    const std::span<const std::byte> records = reader.available();
    recorder_.ingest(records);
    reader.consume(records.size());
  }

  std::uint64_t random(std::uint64_t below) {
    random_ = random_ * 6364136223846793005U + 1442695040888963407U;
    return (random_ >> 33) % below;
  }
  Duration latency() { return 800us + Duration(static_cast<std::int64_t>(random(600'000))); }
  void later(Duration delay, Next next, std::uint64_t user) { tasks_.push({now_ + delay, ++order_, next, user}); }

  EventId event(EventKind kind, HostId host, std::uint64_t subject, std::uint64_t a = 0, std::uint64_t b = 0,
                Cause cause = {}, std::string_view payload = {}) {
    return writer().event(kind, now_, {.host = host, .boot = 1}, subject, a, b, cause, payload);
  }

  // A host handles what woke it: its slice is paid first.
  void slice(HostId host, EventId woken_by, Duration cost) {
    now_ += cost;
    event(EventKind::slice, host, ++slices_[host], static_cast<std::uint64_t>(cost.count()), 0,
          {.event = woken_by, .kind = CauseKind::wakeup});
  }

  void start() {
    writer().host(kPlaza, "plaza-1\0plaza\0"s + "10.0.0.1");
    for (HostId host = 2; host < 2 + kUserHosts; ++host) {
      writer().host(host, fmt::format("users-{}{}users{}10.0.0.{}", host - 1, '\0', '\0', host));
    }
    for (HostId host = 1; host < 2 + kUserHosts; ++host) event(EventKind::boot, host, 0, address_of(host));
    event(EventKind::listen, kPlaza, 0, address_of(kPlaza) << 16 | kPort, 4096);
    for (std::uint64_t user = 0; user < kUsers; ++user) {
      users_.push_back({.name = fmt::format("user-{:04}", user + 1),
                        .host = static_cast<HostId>(2 + user % kUserHosts),
                        .request = {}});
      later(1us * static_cast<std::int64_t>(random(200'000)), Next::connect, user);
    }
  }

  std::uint64_t stream_of(std::uint64_t user, bool to_user) const { return 2 * (user + 1) + (to_user ? 1 : 0); }

  void perform(const Task& task) {
    User& user = users_[task.user];
    switch (task.next) {
      case Next::connect:
        event(EventKind::connect, user.host, task.user + 1, address_of(kPlaza) << 16 | kPort,
              address_of(user.host) << 16 | (32768 + task.user));
        later(latency(), Next::decide, task.user);
        break;
      case Next::decide:
        decide(user, task.user);
        break;
      case Next::arrive:
        arrive(user, task.user);
        break;
      case Next::resend:
        user.sent = event(EventKind::send, user.host, stream_of(task.user, false), kData, user.request.size(), {},
                          user.request);
        later(latency(), Next::arrive, task.user);
        break;
      case Next::pay:
        pay(user, task.user);
        break;
      case Next::answer:
        answer(user, task.user);
        break;
      case Next::done:
        break;
    }
  }

  void decide(User& user, std::uint64_t number) {
    const std::string name = fmt::format("{}-{}", user.name, ++user.operations);
    const EventId step = event(EventKind::step, user.host, 0, 0, 0, {}, user.name + '\0' + "buys at once");
    user.invoke = event(EventKind::invoke, user.host, 0, 0, 0, {.event = step, .kind = CauseKind::user},
                        user.name + '\0' + "buy" + '\0' + name);
    user.request = frame(fmt::format(R"({{"buy":"{}"}})", name), true);
    user.sent = event(EventKind::send, user.host, stream_of(number, false), kData, user.request.size(),
                      {.event = user.invoke, .kind = CauseKind::user}, user.request);
    later(latency(), Next::arrive, number);
  }

  void arrive(User& user, std::uint64_t number) {
    const Cause sent{.event = user.sent, .kind = CauseKind::message};
    if (random(100) == 0) {
      event(EventKind::drop, kPlaza, stream_of(number, false), kData, user.request.size(), sent);
      later(20ms, Next::resend, number);
      return;
    }
    const EventId delivery =
        event(EventKind::deliver, kPlaza, stream_of(number, false), kData, user.request.size(), sent);
    slice(kPlaza, delivery, kSliceCost);
    user.receive = event(EventKind::receive, kPlaza, 0, 0, 0, {.event = delivery, .kind = CauseKind::message},
                         fmt::format("buy {}-{} from {}", user.name, user.operations, user.name));
    user.armed = event(EventKind::arm, kPlaza, 1 + number, static_cast<std::uint64_t>(to_ns(now_ + 5ms)));
    later(5ms, Next::pay, number);
  }

  void pay(User& user, std::uint64_t number) {
    const EventId expiry =
        event(EventKind::expire, kPlaza, 1 + number, 0, 0, {.event = user.armed, .kind = CauseKind::arming});
    slice(kPlaza, expiry, kSliceCost);
    ++tickets_;
    const EventId applied =
        event(EventKind::apply, kPlaza, 0, 0, 0, {.event = user.receive, .kind = CauseKind::message},
              fmt::format("purchase of ticket {} by {}, version {}", tickets_, user.name, tickets_));
    writer().edge(applied, {.event = user.invoke, .kind = CauseKind::user});
    if (applied_ != 0) writer().edge(applied, {.event = applied_, .kind = CauseKind::state});
    if (tickets_ % 10 == 0) {
      writer().log(now_, {.host = kPlaza, .boot = 1}, 1, fmt::format("sold {} tickets", tickets_));
    }
    if (!violated_ && applied > wanted_ * 6 / 10) violate(applied);
    applied_ = applied;
    const std::string text = frame(fmt::format(R"({{"ticket":{}}})", tickets_), false);
    user.request = text;
    user.sent = event(EventKind::send, kPlaza, stream_of(number, true), kData, text.size(), {}, text);
    later(latency(), Next::answer, number);
  }

  void violate(EventId applied) {
    violated_ = true;
    const EventId violation = event(EventKind::violation, kPlaza, 0, 0, 0, {},
                                    "capacity conserved\0sold + held + free = 100\0sold 2, held 4, free 95\0both saw "
                                    "the same ticket free"s);
    writer().witness(violation, applied_, "first purchase");
    writer().witness(violation, applied, "second purchase");
  }

  void answer(User& user, std::uint64_t number) {
    const EventId delivery = event(EventKind::deliver, user.host, stream_of(number, true), kData, user.request.size(),
                                   {.event = user.sent, .kind = CauseKind::message});
    slice(user.host, delivery, 1us);
    event(EventKind::ok, user.host, user.invoke, 0, 0, {.event = delivery, .kind = CauseKind::message}, "bought");
    later(10ms + 1us * static_cast<std::int64_t>(random(40'000)), Next::decide, number);
  }

  std::uint64_t wanted_;
  MemoryTrace trace_{kRing};
  Recorder recorder_;
  std::priority_queue<Task, std::vector<Task>, std::greater<>> tasks_;
  std::deque<User> users_;
  std::vector<std::uint64_t> slices_ = std::vector<std::uint64_t>(2 + kUserHosts);
  VirtualTime now_{};
  std::uint64_t order_ = 0;
  std::uint64_t random_ = 1;
  std::uint64_t tickets_ = 0;
  EventId applied_ = 0;
  bool violated_ = false;
};

}  // namespace

void make_big_trace(const std::filesystem::path& path, std::uint64_t events) { Generator(path, events).run(); }

}  // namespace stillpoint::test
