// Watches: what is pushed, when, and that versions never go back.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/gateway/fixture.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

namespace {

constexpr auto kWatchConcert = R"({"id":"w","op":"watch","topic":"event/concert"})";

std::uint64_t version_of(const std::string& text) {
  const ServerMessage message = decode_server_message(text);
  if (const auto* push = std::get_if<EventPush>(&message)) return push->version;
  if (const auto* push = std::get_if<UserPush>(&message)) return push->version;
  if (const auto* response = std::get_if<Response>(&message)) return response->version;
  FAIL("no message with a version: " + text);
  return 0;
}

void hold(Plaza& plaza, const std::string& id, const std::string& event = "fair", const std::string& user = "bob") {
  plaza.replica->apply({.user = user, .id = id}, tickets::Hold{.event = event, .wanted = {.count = 1}});
}

}  // namespace

TEST_CASE("a watch begins with the present, and goes on with changes", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    const std::string watching = co_await client.exchange(kWatchConcert);
    CHECK(watching == R"({"id":"w","ok":true,"version":2})");
    const std::string present = co_await client.hear();
    CHECK(present == R"({"push":"event/concert","version":2,"free":10,"held":0,"sold":0,"waiting":0})");
    hold(plaza, "other", "fair");
    hold(plaza, "1", "concert");
    const std::string changed = co_await client.hear();
    CHECK(changed == R"({"push":"event/concert","version":4,"free":9,"held":1,"sold":0,"waiting":0})");

    const std::string again = co_await client.exchange(kWatchConcert);
    CHECK(again == R"({"id":"w","ok":true,"version":4})");
    const std::string present_again = co_await client.hear();
    CHECK(present_again == changed);

    const std::string stop = co_await client.exchange(R"({"id":"u","op":"unwatch","topic":"event/concert"})");
    CHECK(stop == R"({"id":"u","ok":true,"version":4})");
    hold(plaza, "2", "concert");
    co_await pause(plaza.io, 20ms);
    const std::string next = co_await client.exchange(R"({"id":"u","op":"unwatch","topic":"event/concert"})");
    CHECK(next == R"({"id":"u","ok":false,"version":5,"error":"unknown_topic"})");
    CHECK(plaza.server->view().topics == 0);
  };
  run(plaza.io, test());
}

TEST_CASE("the present state follows the answer also where a push was waiting before it", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    for (int round = 0; round < 20; ++round) {
      for (int i = 0; i < 5; ++i) co_await client.say(kWatchConcert);
      std::string heard;
      for (int answers = 0; answers < 5;) {
        heard = co_await client.hear();
        if (heard.starts_with(R"({"id":"w","ok":true)")) ++answers;
      }
      heard = co_await client.hear();
      REQUIRE(heard.starts_with(R"({"push":"event/concert")"));
    }
  };
  run(plaza.io, test());
}

TEST_CASE("the topic of a user is that of the token's user", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza, "ann");
    const std::string watching = co_await client.exchange(R"({"id":"w","op":"watch","topic":"user"})");
    CHECK(watching == R"({"id":"w","ok":true,"version":2})");
    const std::string present = co_await client.hear();
    CHECK(present == R"({"push":"user","version":2,"holds":[],"offers":[],"waits":[],"sales":[]})");
    hold(plaza, "1", "concert", "bob");
    hold(plaza, "2", "concert", "ann");
    const std::string changed = co_await client.hear();
    const UserPush expected{.version = 4, .holds = {{.event = "concert", .id = "2", .count = 1, .seats = {2}}}};
    CHECK(decode_server_message(changed) == ServerMessage(expected));
    for (const std::string topic : {"user/bob", "event/opera", "event/", "weather", "user/", "event"}) {
      const std::string refused = co_await client.exchange(R"({"id":"w","op":"watch","topic":")" + topic + R"("})");
      CHECK(refused == R"({"id":"w","ok":false,"version":4,"error":"unknown_topic"})");
    }
  };
  run(plaza.io, test());
}

TEST_CASE("a push that follows an answer shows what was answered", "[gateway]") {
  GatewayConfig config;
  config.push_interval = 1ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.say(kWatchConcert);
    co_await client.say(R"({"id":"v","op":"watch","topic":"event/fair"})");
    co_await client.say(R"({"id":"u","op":"watch","topic":"user"})");
    for (int i = 0; i < 200; ++i) {
      const std::string id = std::to_string(i);
      co_await client.say(R"({"id":"h)" + id + R"(","op":"hold","event":"fair","count":1})");
      if (i % 20 == 0) hold(plaza, id, "concert");
      if (i % 7 == 0) co_await pause(plaza.io, 1ms);
    }
    std::uint64_t greatest = 0;
    std::size_t pushes = 0;
    std::size_t answers = 0;
    while (answers < 203) {
      const std::string text = co_await client.hear();
      REQUIRE_FALSE(text.empty());
      const std::uint64_t version = version_of(text);
      if (text.starts_with(R"({"push")")) {
        ++pushes;
        REQUIRE(version >= greatest);
      } else {
        ++answers;
      }
      greatest = std::max(greatest, version);
    }
    CHECK(pushes > 10);
  };
  run(plaza.io, test());
}

TEST_CASE("however fast a topic changes, one push an interval goes out, the last state in the end", "[gateway]") {
  GatewayConfig config;
  config.push_interval = 40ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.say(R"({"id":"w","op":"watch","topic":"event/fair"})");
    co_await client.hear();
    co_await client.hear();
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) {
      hold(plaza, std::to_string(i));
      if (i % 10 == 0) co_await pause(plaza.io, 1ms);
    }
    std::size_t pushes = 0;
    std::uint64_t last = 0;
    while (last < 102) {
      const std::string text = co_await client.hear();
      last = version_of(text);
      ++pushes;
    }
    const auto took = std::chrono::steady_clock::now() - began;
    CHECK(pushes >= 1);
    CHECK(pushes <= 2 + static_cast<std::size_t>(took / 40ms));
  };
  run(plaza.io, test());
}

TEST_CASE("whoever has seen more than the node has applied is answered when it has caught up", "[gateway]") {
  GatewayConfig config;
  config.request_deadline = 100ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.say(R"({"id":"w","op":"watch","topic":"event/concert","after":4})");
    co_await pause(plaza.io, 10ms);
    CHECK(plaza.server->view().requests_in_progress == 1);
    hold(plaza, "1", "concert");
    co_await pause(plaza.io, 10ms);
    CHECK(plaza.server->view().requests_in_progress == 1);
    hold(plaza, "2", "concert");
    const std::string watching = co_await client.hear();
    CHECK(watching == R"({"id":"w","ok":true,"version":4})");
    const std::string present = co_await client.hear();
    CHECK(version_of(present) == 4);
    const std::string never = co_await client.exchange(R"({"id":"v","op":"watch","topic":"user","after":1000})");
    CHECK(never == R"({"id":"v","ok":false,"version":4,"error":"unavailable"})");
  };
  run(plaza.io, test());
}

TEST_CASE("after a snapshot every topic is told anew", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.say(kWatchConcert);
    co_await client.hear();
    co_await client.hear();
    plaza.replica->pass(1s);
    plaza.replica->tell_of_snapshot();
    const std::string told = co_await client.hear();
    CHECK(told == R"({"push":"event/concert","version":3,"free":10,"held":0,"sold":0,"waiting":0})");
  };
  run(plaza.io, test());
}

TEST_CASE("a hundred and fifty watchers are all told, in portions, and others are served in between", "[gateway]") {
  GatewayConfig config;
  config.push_portion = 16;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 150; ++i) {
      clients.push_back(std::make_unique<TestClient>(plaza.io));
      co_await clients.back()->open(plaza, "user-" + std::to_string(i));
      co_await clients.back()->say(kWatchConcert);
      co_await clients.back()->hear();
      co_await clients.back()->hear();
    }
    hold(plaza, "1", "concert");
    for (const auto& client : clients) {
      const std::string text = co_await client->hear();
      CHECK(version_of(text) == 3);
    }
    CHECK(plaza.server->view().watches == 150);
    CHECK(plaza.server->view().topics == 1);
  };
  run(plaza.io, test());
}
