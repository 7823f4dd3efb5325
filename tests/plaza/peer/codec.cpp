#include "system-under-test/plaza/peer/codec.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "tests/plaza/peer/random.hpp"

using namespace plaza::peer;
using plaza::raft::Message;

TEST_CASE("every message comes back from its bytes") {
  test::Random random(1);
  std::set<Message::Kind> kinds;
  for (int i = 0; i < 5'000; ++i) {
    const Message message = test::any_message(random);
    kinds.insert(message.kind);
    REQUIRE(decode_message(encode(message)) == message);
  }
  CHECK(kinds.size() == 12);
  CHECK(decode_message(encode(Message{})) == Message{});
}

TEST_CASE("no field is another's") {
  const std::vector<void (*)(Message&)> changes = {
      [](Message& m) { m.kind = Message::Kind::vote; },
      [](Message& m) { m.from = 1; },
      [](Message& m) { m.to = 1; },
      [](Message& m) { m.term = 1; },
      [](Message& m) { m.index = 1; },
      [](Message& m) { m.log_term = 1; },
      [](Message& m) { m.commit = 1; },
      [](Message& m) { m.reject = true; },
      [](Message& m) { m.hint_index = 1; },
      [](Message& m) { m.hint_term = 1; },
      [](Message& m) { m.context = 1; },
      [](Message& m) { m.by_transfer = true; },
      [](Message& m) { m.entries.emplace_back(); },
  };
  std::set<std::string> all;
  for (const auto change : changes) {
    Message message;
    change(message);
    CHECK(decode_message(encode(message)) == message);
    all.insert(encode(message));
  }
  CHECK(all.size() == changes.size());
}

TEST_CASE("a message that is cut off, or goes on, is none") {
  test::Random random(2);
  for (int i = 0; i < 50; ++i) {
    const std::string bytes = encode(test::any_message(random));
    for (std::size_t length = 0; length < bytes.size(); ++length)
      REQUIRE_FALSE(decode_message(bytes.substr(0, length)));
    REQUIRE_FALSE(decode_message(bytes + '\0'));
  }
}

TEST_CASE("malformed messages are none") {
  const auto zeros = [](std::size_t count) { return std::string(count, '\0'); };
  const std::string good = zeros(12);  // a pre-vote without anything
  REQUIRE(decode_message(good) == Message{.kind = Message::Kind::pre_vote});
  const auto with = [&](std::size_t at, const std::string& bytes) {
    return good.substr(0, at) + bytes + good.substr(at + 1);
  };
  struct Case {
    const char* about;
    std::string bytes;
  };
  const std::vector<Case> cases = {
      {"nothing", ""},
      {"no such kind", with(0, "\x0c")},
      {"a sender of more than 32 bits", with(1, "\x80\x80\x80\x80\x10")},
      {"a receiver of more than 32 bits", with(2, "\xff\xff\xff\xff\x1f")},
      {"a term of more than 64 bits", with(3, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02")},
      {"a term of more than ten bytes", with(3, "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80" + zeros(1))},
      {"no such flag", with(7, "\x04")},
      {"an entry that is not there", with(11, "\x01")},
      {"more entries than bytes", with(11, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01") + zeros(40)},
      {"three entries and a half", with(11, "\x04") + zeros(14)},
      {"an entry of a kind that is reserved", with(11, "\x01") + zeros(2) + "\x02" + zeros(1)},
      {"an entry that says it is longer", with(11, "\x01") + zeros(2) + "\x01\x05" + "1234"},
      {"an entry whose length overflows", with(11, "\x01") + zeros(2) + "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"},
  };
  for (const Case& each : cases) {
    CAPTURE(each.about);
    CHECK_FALSE(decode_message(each.bytes));
  }
}
