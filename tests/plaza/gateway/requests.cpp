// All operations through a gateway, on real sockets.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/gateway/fixture.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

TEST_CASE("a conversation: every operation, every kind of answer", "[gateway]") {
  std::size_t received = 0;
  std::vector<Response> answered;
  GatewayHooks hooks;
  hooks.received = [&received](const std::string& user, const Request&) {
    CHECK(user == "ann");
    ++received;
  };
  hooks.answered = [&answered](const std::string&, const Request& request, const Response& response) {
    CHECK(request.id == response.id);
    answered.push_back(response);
  };
  Plaza plaza({}, hooks);
  struct Line {
    std::string said;
    std::string heard;
  };
  // Versions: 2 entries opened the events; a purchase has two entries, its start and its settlement.
  const std::vector<Line> lines{
      {R"({"id":"1","op":"hold","event":"concert","count":2})",
       R"({"id":"1","ok":true,"version":3,"hold":"1","count":2,"seats":[1,2],"lasts_ms":30000})"},
      {R"({"id":"1","op":"hold","event":"concert","count":2})",
       R"({"id":"1","ok":true,"version":3,"hold":"1","count":2,"seats":[1,2],"lasts_ms":30000})"},
      {R"({"id":"1","op":"hold","event":"concert","count":3})",
       R"({"id":"1","ok":false,"version":5,"error":"id_reused"})"},
      {R"({"id":"2","op":"hold","event":"concert","seats":[7,2]})",
       R"({"id":"2","ok":false,"version":6,"error":"seat_taken"})"},
      {R"({"id":"3","op":"purchase","event":"concert","hold":"1"})",
       R"({"id":"3","ok":true,"version":8,"count":2,"seats":[1,2]})"},
      {R"({"id":"3","op":"purchase","event":"concert","hold":"1"})",
       R"({"id":"3","ok":true,"version":8,"count":2,"seats":[1,2]})"},
      {R"({"id":"4","op":"buy","event":"concert","seats":[10]})",
       R"({"id":"4","ok":true,"version":11,"count":1,"seats":[10]})"},
      {R"({"id":"5","op":"buy","event":"fair","count":3})", R"({"id":"5","ok":true,"version":13,"count":3})"},
      {R"({"id":"6","op":"hold","event":"concert","count":1})",
       R"({"id":"6","ok":true,"version":14,"hold":"6","count":1,"seats":[3],"lasts_ms":30000})"},
      {R"({"id":"7","op":"release","event":"concert","hold":"6"})",
       R"({"id":"7","ok":true,"version":15,"count":1,"seats":[3]})"},
      {R"({"id":"8","op":"release","event":"concert","hold":"6"})",
       R"({"id":"8","ok":false,"version":16,"error":"not_held"})"},
      {R"({"id":"9","op":"wait","event":"concert","count":2})",
       R"({"id":"9","ok":true,"version":17,"hold":"9","count":2,"seats":[3,4],"lasts_ms":15000})"},
      {R"({"id":"10","op":"hold","event":"concert","count":5})",
       R"({"id":"10","ok":true,"version":18,"hold":"10","count":5,"seats":[5,6,7,8,9],"lasts_ms":30000})"},
      {R"({"id":"11","op":"wait","event":"concert","count":1})", R"({"id":"11","ok":true,"version":19,"place":1})"},
      {R"({"id":"12","op":"wait","event":"concert","count":1})",
       R"({"id":"12","ok":false,"version":20,"error":"already_waiting"})"},
      {R"({"id":"13","op":"leave","event":"concert"})", R"({"id":"13","ok":true,"version":21})"},
      {R"({"id":"14","op":"leave","event":"concert"})", R"({"id":"14","ok":false,"version":22,"error":"not_waiting"})"},
      {R"({"id":"15","op":"look","event":"concert"})",
       R"({"id":"15","ok":true,"version":22,"free":0,"held":7,"sold":3,"waiting":0})"},
      {R"({"id":"16","op":"look","event":"opera"})", R"({"id":"16","ok":false,"version":22,"error":"unknown_event"})"},
      {R"({"id":"17","op":"hold","event":"opera","count":1})",
       R"({"id":"17","ok":false,"version":23,"error":"unknown_event"})"},
      {R"({"id":"18","op":"hold","event":"concert","count":101})",
       R"({"id":"18","ok":false,"version":23,"error":"too_many"})"},
      // Nothing in the log has decided that: its id is free.
      {R"({"id":"18","op":"hold","event":"concert","count":1})",
       R"({"id":"18","ok":false,"version":24,"error":"sold_out"})"},
      {R"({"id":"19","op":"buy","event":"concert","count":1})",
       R"({"id":"19","ok":false,"version":25,"error":"sold_out"})"},
  };
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    for (const Line& line : lines) {
      const std::string heard = co_await client.exchange(line.said);
      INFO(line.said);
      CHECK(heard == line.heard);
    }
  };
  run(plaza.io, test());
  CHECK(received == lines.size());
  CHECK(answered.size() == lines.size());
  CHECK(plaza.server->metrics().requests(Operation::hold, std::nullopt) == 4);
  CHECK(plaza.server->metrics().requests(Operation::hold, Error::id_reused) == 1);
}

TEST_CASE("frames that are no requests are answered, and harm nobody", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    const std::string nonsense = co_await client.exchange("nonsense");
    CHECK(nonsense == R"({"id":"","ok":false,"version":2,"error":"bad_request"})");
    const std::string unknown = co_await client.exchange(R"({"id":"a","op":"steal"})");
    CHECK(unknown == R"({"id":"a","ok":false,"version":2,"error":"unknown_op"})");
    const std::string deep = co_await client.exchange(std::string(16 * 1024, '['));
    CHECK(deep == R"({"id":"","ok":false,"version":2,"error":"bad_request"})");
    const std::string fine = co_await client.exchange(R"({"id":"a","op":"look","event":"concert"})");
    CHECK(fine == R"({"id":"a","ok":true,"version":2,"free":10,"held":0,"sold":0,"waiting":0})");
  };
  run(plaza.io, test());
}

TEST_CASE("a payment that is refused leaves everything as it was", "[gateway]") {
  GatewayConfig config;
  std::vector<std::uint32_t> asked;
  config.payments.decide = [&asked](const std::string& user, std::uint32_t ticket) {
    asked.push_back(ticket);
    return user == "poor" ? Authorisation::refused : Authorisation::approved;
  };
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza, "poor");
    const std::string refused = co_await client.exchange(R"({"id":"1","op":"buy","event":"concert","seats":[4,5]})");
    CHECK(refused == R"({"id":"1","ok":false,"version":4,"error":"payment_refused"})");
    const std::string again = co_await client.exchange(R"({"id":"1","op":"buy","event":"concert","seats":[4,5]})");
    CHECK(again == R"({"id":"1","ok":false,"version":4,"error":"payment_refused"})");
  };
  run(plaza.io, test());
  CHECK(asked == std::vector<std::uint32_t>{4});
  CHECK(plaza.replica->tickets().counts("concert")->free == 10);
}

TEST_CASE("a purchase goes on when its client is gone, and its answer is there for who asks again", "[gateway]") {
  GatewayConfig config;
  config.payments.delay = 20ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    {
      TestClient client(plaza.io);
      co_await client.open(plaza);
      co_await client.say(R"({"id":"1","op":"buy","event":"concert","count":1})");
      co_await pause(plaza.io, 5ms);
    }
    co_await pause(plaza.io, 50ms);
    CHECK(plaza.replica->tickets().counts("concert")->sold == 1);
    TestClient client(plaza.io);
    co_await client.open(plaza);
    const std::string again = co_await client.exchange(R"({"id":"1","op":"buy","event":"concert","count":1})");
    CHECK(again == R"({"id":"1","ok":true,"version":4,"count":1,"seats":[1]})");
  };
  run(plaza.io, test());
}

TEST_CASE("the same purchase asked twice at once is made once", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient one(plaza.io);
    TestClient other(plaza.io);
    co_await one.open(plaza);
    co_await other.open(plaza);
    const std::string buy = R"({"id":"1","op":"buy","event":"concert","count":1})";
    co_await one.say(buy);
    co_await other.say(buy);
    const std::string first = co_await one.hear();
    const std::string second = co_await other.hear();
    CHECK(first == second);
    CHECK(plaza.replica->tickets().counts("concert")->sold == 1);
  };
  run(plaza.io, test());
}

TEST_CASE("while nothing is decided, requests end with unavailable; what is refused was not done", "[gateway]") {
  GatewayConfig config;
  config.request_deadline = 20ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    plaza.replica->is_leaderless = true;
    const std::string hold = co_await client.exchange(R"({"id":"1","op":"hold","event":"concert","count":1})");
    CHECK(hold == R"({"id":"1","ok":false,"version":2,"error":"unavailable"})");
    const std::string look = co_await client.exchange(R"({"id":"2","op":"look","event":"concert"})");
    CHECK(look == R"({"id":"2","ok":false,"version":2,"error":"unavailable"})");
    plaza.replica->is_leaderless = false;
    plaza.replica->refuses = true;
    const std::string refused = co_await client.exchange(R"({"id":"3","op":"hold","event":"concert","count":1})");
    CHECK(refused == R"({"id":"3","ok":false,"version":2,"error":"overloaded"})");
    plaza.replica->refuses = false;
    const std::string at_last = co_await client.exchange(R"({"id":"1","op":"hold","event":"concert","count":1})");
    CHECK(at_last == R"({"id":"1","ok":true,"version":3,"hold":"1","count":1,"seats":[1],"lasts_ms":30000})");
  };
  run(plaza.io, test());
}

TEST_CASE("the bug oversell sells one seat twice, where the correct code does not", "[gateway]") {
  const bool has_bug = GENERATE(false, true);
  GatewayConfig config;
  config.payments.delay = 20ms;
  config.bugs.oversell = has_bug;
  Plaza plaza(config);
  plaza.replica->open("last", 1);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient ann(plaza.io);
    TestClient bob(plaza.io);
    co_await ann.open(plaza, "ann");
    co_await bob.open(plaza, "bob");
    co_await ann.say(R"({"id":"1","op":"buy","event":"last","count":1})");
    co_await bob.say(R"({"id":"1","op":"buy","event":"last","count":1})");
    const std::string first = co_await ann.hear();
    const std::string second = co_await bob.hear();
    const int sold =
        (first.find(R"("ok":true)") != std::string::npos) + (second.find(R"("ok":true)") != std::string::npos);
    CHECK(sold == (has_bug ? 2 : 1));
    const std::string refused = co_await ann.exchange(R"({"id":"2","op":"buy","event":"last","count":1})");
    CHECK(refused.find("sold_out") != std::string::npos);
  };
  run(plaza.io, test());
}
