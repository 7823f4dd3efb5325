// Watches, and what their callbacks may do.
#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

#include "tests/plaza/client/fake_node.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

// Notes the versions of an event's pushes.
Client::OnPush note(std::vector<std::uint64_t>& versions) {
  return [&versions](const TopicPush& push) { versions.push_back(std::get<EventPush>(push).version); };
}

using Versions = std::vector<std::uint64_t>;

}  // namespace

TEST_CASE("a watch lasts: on the next connection it goes on after what was seen", "[plaza][client]") {
  asio::io_context io;
  FakeNode first(io), second(io);
  const FakeNode::OnRequest obey = [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 3); };
  first.on_request = second.on_request = obey;
  Client client(io.get_executor(), config_for({&first, &second}));
  Versions seen;
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch("event/concert", note(seen));
    co_await until([&] { return first.requests.size() == 1; });
    CHECK(first.requests[0].op == Operation::watch);
    CHECK(first.requests[0].topic == "event/concert");
    CHECK_FALSE(first.requests[0].after);
    first.sessions[0]->push("concert", 3);
    first.sessions[0]->push("concert", 7);
    co_await until([&] { return seen.size() == 2; });

    first.sessions[0]->drop();  // and nobody calls
    co_await until([&] { return second.requests.size() == 1; });
    CHECK(second.requests[0].topic == "event/concert");
    CHECK(second.requests[0].after == 7u);
    second.sessions[0]->push("concert", 7);
    second.sessions[0]->push("concert", 9);
    co_await until([&] { return seen.size() == 3; });
    CHECK(seen == Versions{3, 7, 9});
    CHECK(client.regressions() == 0);
  };
  run(io, test());
}

TEST_CASE("no node shows a client less than an answer has told it", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io, [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 41); });
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    co_await client.call(request("a"), soon());
    node.sessions[0]->drop();
    co_await until([&] { return !client.is_connected(); });
    client.watch("user", {});
    co_await until([&] { return node.requests.size() == 2; });
    CHECK(node.requests[1].after == 41u);
  };
  run(io, test());
}

TEST_CASE("versions of a topic never go back: older pushes are dropped and counted", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  Client client(io.get_executor(), config_for({&node}));
  Versions concert, match;
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch("event/concert", note(concert));
    client.watch("event/match", note(match));
    co_await until([&] { return node.requests.size() == 2; });
    for (const std::uint64_t version : {5, 9, 8, 9, 4, 10}) node.sessions[0]->push("concert", version);
    node.sessions[0]->push("other", 99);  // nobody watches it
    node.sessions[0]->push("match", 6);   // another topic, which may be behind
    co_await until([&] { return !match.empty(); });
    CHECK(concert == Versions{5, 9, 10});
    CHECK(match == Versions{6});
    CHECK(client.regressions() == 2);
  };
  run(io, test());
}

TEST_CASE("a user's topic has the user's things", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  Client client(io.get_executor(), config_for({&node}));
  std::optional<UserPush> seen;
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch("user", [&](const TopicPush& push) { seen = std::get<UserPush>(push); });
    co_await until([&] { return node.requests.size() == 1; });
    node.sessions[0]->send(encode_push(
        "user", 4,
        R"({"holds":[{"event":"concert","id":"r-1","count":2,"seats":[1,2]}],"offers":[],"waits":[],"sales":[]})"));
    co_await until([&] { return seen.has_value(); });
    CHECK(seen->version == 4);
    CHECK(seen->holds == std::vector<UserPush::Item>{{.event = "concert", .id = "r-1", .count = 2, .seats = {1, 2}}});
  };
  run(io, test());
}

TEST_CASE("a watch that is not taken now is asked for again; one that is refused ends", "[plaza][client]") {
  const auto [error, again] = GENERATE(table<Error, bool>({{Error::unavailable, true},
                                                           {Error::overloaded, true},
                                                           {Error::unknown_topic, false},
                                                           {Error::too_many_watches, false}}));
  asio::io_context io;
  FakeNode node(io);
  node.on_request = [&, refusal = error](FakeNode::Session& session, const Request& asked) {
    if (node.requests.size() <= 2) return session.refuse(asked, refusal);
    session.answer(asked, 1);
    session.push("concert", 1);
  };
  Client client(io.get_executor(), config_for({&node}));
  Versions seen;
  std::optional<CallResult> ended;
  const auto test = [&, refusal = error, repeated = again]() -> asio::awaitable<void> {
    client.watch("event/concert", note(seen), [&](const CallResult& result) { ended = result; });
    if (repeated) {
      co_await until([&] { return seen.size() == 1; });
      CHECK(node.requests.size() == 3);
      CHECK_FALSE(ended);
      co_return;
    }
    co_await until([&] { return ended.has_value(); });
    CHECK_FALSE(ended->error);
    CHECK(ended->response.error == refusal);
    node.sessions[0]->drop();
    co_await pause(50ms);
    CHECK(node.upgrades.size() == 1);  // nothing is wanted any more
  };
  run(io, test());
}

TEST_CASE("after unwatch nothing is seen, and the node is told", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  Client client(io.get_executor(), config_for({&node}));
  Versions seen, anew;
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch("event/concert", note(seen));
    co_await until([&] { return node.requests.size() == 1; });
    client.unwatch("event/concert");
    client.unwatch("event/concert");  // no error
    node.sessions[0]->push("concert", 5);
    co_await until([&] { return node.requests.size() == 2; });
    CHECK(node.requests[1].op == Operation::unwatch);
    CHECK(node.requests[1].topic == "event/concert");
    co_await client.call(request("a"), soon());
    CHECK(seen.empty());

    client.watch("event/concert", note(anew));
    co_await until([&] { return node.requests.size() == 4; });
    node.sessions[0]->push("concert", 5);
    co_await until([&] { return anew.size() == 1; });
    CHECK(seen.empty());
  };
  run(io, test());
}

TEST_CASE("a callback may replace its watch, end it, or begin another", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  Client client(io.get_executor(), config_for({&node}));
  Versions replaced, other;
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch("event/concert", [&, big = std::string(1000, 'x')](const TopicPush&) {
      client.watch("event/match", note(other));
      client.watch("event/concert", [&](const TopicPush& push) {
        client.unwatch("event/concert");
        replaced.push_back(std::get<EventPush>(push).version);
      });
      CHECK(big.size() == 1000);
    });
    co_await until([&] { return node.requests.size() == 1; });
    for (const std::uint64_t version : {1, 2, 3}) node.sessions[0]->push("concert", version);
    node.sessions[0]->push("match", 4);
    co_await until([&] { return other.size() == 1; });
    CHECK(replaced == Versions{2});
  };
  run(io, test());
}
