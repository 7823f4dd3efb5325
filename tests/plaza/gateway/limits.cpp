// What a session may ask for, and what becomes of one that asks for more, or does not read, or says nothing.
#include "system-under-test/plaza/gateway/limits.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/gateway/fixture.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

TEST_CASE("a limit lets a burst through, and its rate from then on", "[gateway]") {
  RateLimiter limiter(RateLimit{.per_second = 10, .burst = 3});
  const RateLimiter::TimePoint start{1h};
  struct Case {
    std::chrono::milliseconds at;
    bool passes;
  };
  const std::vector<Case> cases{{0ms, true},    {0ms, true},    {0ms, true},    {0ms, false},   {99ms, false},
                                {100ms, true},  {100ms, false}, {350ms, true},  {350ms, true},  {350ms, false},
                                {5000ms, true}, {5000ms, true}, {5000ms, true}, {5000ms, false}};
  for (const Case& c : cases) {
    INFO(c.at.count());
    CHECK(limiter.take(start + c.at) == c.passes);
  }
  RateLimiter without(RateLimit{.per_second = 0, .burst = 0});
  for (int i = 0; i < 1000; ++i) REQUIRE(without.take(start));
}

TEST_CASE("who asks too often is told so, and in the end disconnected", "[gateway]") {
  GatewayConfig config;
  config.requests = {.per_second = 1, .burst = 3};
  config.refusals = {.per_second = 1, .burst = 5};
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    for (int i = 0; i < 10; ++i) co_await client.say(R"({"id":"1","op":"hold","event":"fair","count":1})");
    const std::vector<std::string> heard = co_await client.hear_all();
    CHECK(client.end() == websocket::error::closed);
    CHECK(client.close_code() == 4002);
    CHECK(client.close_reason() == "rate_exceeded");
    std::size_t refused = 0;
    for (const std::string& text : heard) refused += text.find("rate_limited") != std::string::npos ? 1 : 0;
    CHECK(refused <= 5);
    CHECK(refused + 3 >= heard.size());
  };
  run(plaza.io, test());
  CHECK(plaza.replica->submitted == 3);
  CHECK(plaza.server->metrics().closes(CloseCode::rate_exceeded) == 1);
}

TEST_CASE("requests in progress are bounded: more are refused at once", "[gateway]") {
  GatewayConfig config;
  config.requests_in_progress_most = 4;
  config.request_deadline = 5s;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    plaza.replica->is_leaderless = true;
    for (int i = 0; i < 6; ++i) {
      co_await client.say(R"({"id":")" + std::to_string(i) + R"(","op":"hold","event":"fair","count":1})");
    }
    const std::string fifth = co_await client.hear();
    CHECK(fifth == R"({"id":"4","ok":false,"version":2,"error":"overloaded"})");
    const std::string sixth = co_await client.hear();
    CHECK(sixth == R"({"id":"5","ok":false,"version":2,"error":"overloaded"})");
    plaza.replica->is_leaderless = false;
    for (int i = 0; i < 4; ++i) {
      const std::string held = co_await client.hear();
      CHECK(held.find(R"("ok":true)") != std::string::npos);
    }
  };
  run(plaza.io, test());
}

TEST_CASE("watches are bounded", "[gateway]") {
  GatewayConfig config;
  config.watches_most = 2;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    for (const std::string topic : {"user", "event/fair"}) {
      co_await client.say(R"({"id":"w","op":"watch","topic":")" + topic + R"("})");
      co_await client.hear();
      co_await client.hear();
    }
    const std::string third = co_await client.exchange(R"({"id":"w","op":"watch","topic":"event/concert"})");
    CHECK(third == R"({"id":"w","ok":false,"version":2,"error":"too_many_watches"})");
    const std::string again = co_await client.exchange(R"({"id":"w","op":"watch","topic":"user"})");
    CHECK(again == R"({"id":"w","ok":true,"version":2})");
  };
  run(plaza.io, test());
}

TEST_CASE("a client that does not read is disconnected and told why, while others are served", "[gateway]") {
  GatewayConfig config;
  config.send_buffer_bytes = 4096;
  config.outbound_messages_most = 8;
  config.requests = {.per_second = 0, .burst = 0};
  config.requests_in_progress_most = 10'000;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient slow(plaza.io);
    slow.read_little();
    co_await slow.open(plaza, "slow");
    TestClient other(plaza.io);
    co_await other.open(plaza, "other");
    for (int i = 0; i < 2000; ++i) co_await slow.say(R"({"id":"1","op":"hold","event":"fair","count":1})");
    const std::string served = co_await other.exchange(R"({"id":"1","op":"buy","event":"concert","count":1})");
    CHECK(served.find(R"("ok":true)") != std::string::npos);
    co_await pause(plaza.io, 50ms);
    co_await slow.hear_all();
    CHECK(slow.end() == websocket::error::closed);
    CHECK(slow.close_code() == 4003);
    CHECK(slow.close_reason() == "slow_consumer");
  };
  run(plaza.io, test());
  CHECK(plaza.server->metrics().closes(CloseCode::slow_consumer) == 1);
}

TEST_CASE("a client that does not even read its disconnection is dropped", "[gateway]") {
  GatewayConfig config;
  config.send_buffer_bytes = 4096;
  config.outbound_messages_most = 8;
  config.close_grace = 50ms;
  config.requests = {.per_second = 0, .burst = 0};
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient slow(plaza.io);
    slow.read_little();
    co_await slow.open(plaza);
    const std::string text = R"({"id":"1","op":"hold","event":"fair","count":1})";
    while (!co_await slow.try_to_say(text)) {
    }
    co_await pause(plaza.io, 60ms);
    CHECK(plaza.server->view().sessions == 0);
  };
  run(plaza.io, test());
}

TEST_CASE("pushes to a client that does not read take one place, and cannot overflow", "[gateway]") {
  GatewayConfig config;
  config.send_buffer_bytes = 4096;
  config.outbound_messages_most = 2;
  config.push_interval = 10us;
  Plaza plaza(config);
  plaza.replica->open("big", 100'000, false);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient slow(plaza.io);
    slow.read_little();
    co_await slow.open(plaza);
    co_await slow.say(R"({"id":"w","op":"watch","topic":"event/big"})");
    co_await slow.hear();
    constexpr std::uint64_t kChanges = 5000;
    for (std::uint64_t i = 0; i < kChanges; ++i) {
      plaza.replica->apply({.user = "bob", .id = std::to_string(i)},
                           tickets::Hold{.event = "big", .wanted = {.count = 1}});
      co_await pause(plaza.io, 20us);
    }
    const GatewayView view = plaza.server->view();
    CHECK(view.outbound_messages <= 2);
    std::uint64_t last = 0;
    std::size_t pushes = 0;
    while (last < kChanges + 3) {
      const std::string text = co_await slow.hear();
      const auto push = std::get<EventPush>(decode_server_message(text));
      CHECK((pushes == 0 || push.version > last));
      last = push.version;
      ++pushes;
    }
    CHECK(pushes < kChanges / 2);
  };
  run(plaza.io, test());
}

TEST_CASE("frames that are too long, or binary, end the connection", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient binary(plaza.io);
    co_await binary.open(plaza);
    co_await binary.say_binary(R"({"id":"1","op":"look","event":"fair"})");
    co_await binary.hear_all();
    CHECK(binary.close_code() == 1003);

    TestClient longest(plaza.io);
    co_await longest.open(plaza);
    const std::string answered = co_await longest.exchange(std::string(16 * 1024, 'x'));
    CHECK(answered.find("bad_request") != std::string::npos);
    co_await longest.say(std::string(16 * 1024 + 1, 'x'));
    co_await longest.hear_all();
    CHECK(longest.end());  // the close frame may be lost to the reset that follows it
    if (longest.end() == websocket::error::closed) CHECK(longest.close_code() == 1009);
    CHECK(plaza.server->metrics().closes(CloseCode::too_big) == 1);
  };
  run(plaza.io, test());
}

TEST_CASE("a client that says nothing is pinged; one that is not there is disconnected", "[gateway]") {
  GatewayConfig config;
  config.idle_timeout = 80ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient quiet(plaza.io);
    co_await quiet.open(plaza, "quiet");
    TestClient gone(plaza.io);
    co_await gone.open(plaza, "gone");
    // Whoever reads answers pings; whoever does not is not there, as far as anybody can tell.
    std::string heard;
    const auto reading = [&]() -> asio::awaitable<void> { heard = co_await quiet.hear(); };
    asio::co_spawn(plaza.io, reading(), asio::detached);
    co_await pause(plaza.io, 250ms);
    CHECK(plaza.server->metrics().closes(CloseCode::idle) == 1);
    co_await gone.hear_all();
    CHECK(gone.close_code() == 4004);
    co_await quiet.say(R"({"id":"1","op":"leave","event":"fair"})");
    co_await pause(plaza.io, 20ms);
    CHECK(heard.find("not_waiting") != std::string::npos);
  };
  run(plaza.io, test());
}

TEST_CASE("a session ends when its token expires", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open_with_token(plaza, token_of("ann", 1));
    const std::string served = co_await client.exchange(R"({"id":"1","op":"look","event":"fair"})");
    CHECK(served.find(R"("ok":true)") != std::string::npos);
    co_await client.hear_all();
    CHECK(client.close_code() == 4001);
    CHECK(client.close_reason() == "token_expired");
  };
  run(plaza.io, test());
}

TEST_CASE("a node has so many sessions and not more", "[gateway]") {
  GatewayConfig config;
  config.sessions_most = 2;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient one(plaza.io);
    TestClient two(plaza.io);
    TestClient three(plaza.io);
    co_await one.open(plaza);
    co_await two.open(plaza);
    bool is_refused = false;
    try {
      co_await three.open(plaza);
    } catch (const boost::system::system_error& error) {
      is_refused = error.code() == websocket::error::upgrade_declined;
    }
    CHECK(is_refused);
    CHECK(plaza.server->view().sessions == 2);
  };
  run(plaza.io, test());
}
