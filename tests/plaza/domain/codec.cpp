// Encodings: everything comes back as it was, nothing else is taken, and no garbage does harm.
#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "tests/plaza/domain/random_requests.hpp"

using namespace plaza;
using namespace plaza::tickets;

namespace {

constexpr int kMutations = 20'000;

const std::vector<Request> kRequests = {
    gala(1),
    picnic(kCapacityMost),
    Open{std::string(64, 'e'), 7, true, LogTime(1), kTtlMost, seconds(1)},
    hold(1),
    hold(4'000'000'000),
    hold_seats({1, 2, 3, 200, 70'000, 4'294'967'295}),
    Hold{std::string("\0\xff/", 3), {.count = 3}},
    buy(2),
    StartPurchase{kGala, std::nullopt, named({5})},
    buy_hold("h"),
    buy_hold(std::string(64, 'h')),
    paid(),
    declined(),
    Settle{kGala, true, {1, 9}, ~std::uint64_t{0}},
    release("h"),
    wait(100),
    leave(),
};

const std::vector<Request> kNoRequests = {
    Open{"", 1},
    Open{std::string(65, 'e'), 1},
    gala(0),
    gala(kCapacityMost + 1),
    Open{kGala, 1, true, LogTime(0)},
    Open{kGala, 1, true, LogTime(-1)},
    Open{kGala, 1, true, kTtlMost + LogTime(1)},
    hold(0),
    hold_seats({0}),
    hold_seats({2, 2}),
    hold_seats({3, 2}),
    buy_hold(""),
    release(std::string(65, 'h')),
    wait(0),
};

std::string mutated(std::string bytes, Lcg& random) {
  const std::uint32_t times = 1 + random.below(3);
  for (std::uint32_t i = 0; i < times; ++i) {
    const std::size_t at = bytes.empty() ? 0 : random.below(static_cast<std::uint32_t>(bytes.size()));
    switch (random.below(5)) {
      case 0:
        bytes.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 1:
        bytes.erase(at, 1 + random.below(3));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes += static_cast<char>(random.below(256));
        break;
      default:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ static_cast<char>(1 << random.below(8)));
    }
  }
  return bytes;
}

}  // namespace

TEST_CASE("requests come back as they were") {
  for (const Request& request : kRequests) CHECK(decode_request(encode(request)) == request);
  for (const Request& request : kNoRequests) CHECK_FALSE(decode_request(encode(request)));
  CHECK_FALSE(decode_request(""));
  CHECK_FALSE(decode_request(encode(leave()) + "x"));
  // A number in more bytes than it needs.
  std::string padded = encode(wait(1));
  padded.back() = static_cast<char>(0x81);
  padded += '\0';
  CHECK_FALSE(decode_request(padded));
}

TEST_CASE("answers come back as they were") {
  const std::vector<Given> all = {
      {}, {.count = 3}, {.count = 2, .seats = {1, 900'000}, .lasts = seconds(30)}, {.place = 7}};
  for (const Given& given : all) {
    const std::string bytes = encode(given);
    CHECK(decode_given(bytes) == given);
    CHECK_FALSE(decode_given(bytes + "x"));
    CHECK_FALSE(decode_given(bytes.substr(0, bytes.size() - 1)));
  }
}

TEST_CASE("commands come back as they were") {
  const std::string name(kNameBytesMost, 'n');
  const std::vector<Command> commands = {
      {},
      {.time = kLogTimeMost, .key = {name, name}, .domain = DomainId::tickets, .body = std::string("\0x", 2)},
      {.time = seconds(1), .key = {"a", "b"}}};
  for (const Command& command : commands) CHECK(decode_command(encode(command)) == command);
  const std::vector<Command> none = {{.time = LogTime(-1)},      {.time = kLogTimeMost + LogTime(1)},
                                     {.key = {name + "n", "i"}}, {.key = {std::string(300, 'n'), "i"}},
                                     {.key = {"u", name + "n"}}, {.key = {"u", ""}},
                                     {.key = {"", "i"}},         {.domain = static_cast<DomainId>(2)}};
  for (const Command& command : none) CHECK_FALSE(decode_command(encode(command)));
}

TEST_CASE("every refusal has a name of its own") {
  std::vector<std::string_view> names;
  for (int i = 0; i <= 13; ++i) names.push_back(name_of(static_cast<Refusal>(i)));
  std::sort(names.begin(), names.end());
  CHECK(std::unique(names.begin(), names.end()) == names.end());
  CHECK(std::find(names.begin(), names.end(), "unknown") == names.end());
}

TEST_CASE("what is decoded is encoded to the same bytes, whatever they are") {
  Lcg random(1);
  int requests = 0;
  int givens = 0;
  for (int i = 0; i < kMutations; ++i) {
    const std::string body =
        mutated(encode(kRequests[random.below(static_cast<std::uint32_t>(kRequests.size()))]), random);
    if (const auto request = decode_request(body)) {
      REQUIRE(encode(*request) == body);
      ++requests;
    }
    const std::string answer = mutated(encode(Given{2, {1, 300}, seconds(30), 4}), random);
    if (const auto given = decode_given(answer)) {
      REQUIRE(decode_given(encode(*given)) == given);
      ++givens;
    }
  }
  CHECK(requests > 1000);
  CHECK(givens > 1000);
}

TEST_CASE("garbage is answered, and does no harm") {
  Lcg random(2);
  RandomRequests requests(2);
  Office one;
  Office two;
  for (const Open& event : RandomRequests::events()) {
    one.open(event);
    two.open(event);
  }
  int not_decoded = 0;
  int bad_bodies = 0;
  for (int i = 0; i < kMutations; ++i) {
    Command command = requests.next();
    // A time that was hit goes far, and then nothing is ever remembered: one in a few is enough.
    const bool whole = random.one_in(20);
    if (!whole) command.body = mutated(command.body, random);
    const std::string entry = whole ? mutated(encode(command), random) : encode(command);
    const auto decoded = decode_command(entry);
    if (decoded) REQUIRE(encode(*decoded) == entry);
    if (decoded && decoded->time > command.time + std::chrono::hours(1)) continue;
    const auto hash = one.machine.hash();
    const auto applied = one.apply(entry);
    REQUIRE(two.apply(entry).answer == applied.answer);
    REQUIRE(one.machine.hash() == two.machine.hash());
    if (!decoded && !entry.empty()) {
      REQUIRE(applied.answer.refusal == Refusal::bad_request);
      REQUIRE(applied.key == RequestKey{});
      REQUIRE(applied.answer.index == one.machine.applied_index());
      REQUIRE(one.machine.hash() == hash);
      ++not_decoded;
    } else if (applied.answer.refusal == Refusal::bad_request) {
      ++bad_bodies;
    }
    if (i % 100 != 0) continue;
    for (const std::string& event : one.tickets().events()) {
      const Counts counts = one.counts(event);
      REQUIRE(counts.free + counts.held + counts.sold == one.tickets().event(event)->capacity);
    }
    two.machine.restore(one.machine.snapshot(), one.machine.applied_index());
  }
  CHECK(not_decoded > 100);
  CHECK(bad_bodies > 1000);
}

TEST_CASE("the end of time is not passed") {
  Office office;
  office.open({.event = kGala, .capacity = 2, .hold_ttl = kTtlMost});
  CHECK(text_of(office.ask(kLogTimeMost, "ann", "1", hold(1)).answer) == "ok 1:1");
  Office other;
  other.machine.restore(office.machine.snapshot(), office.machine.applied_index());
  CHECK(other.machine.hash() == office.machine.hash());
  CHECK(other.machine.next_due() == kLogTimeMost + kTtlMost);
}
