// How a client finds a node that serves it, and leaves one that does not.
#include <boost/beast/core/error.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "tests/plaza/client/fake_node.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("between attempts to connect there is a pause, also after the loss of a connection", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  node.decline = 503;
  ClientConfig config = config_for({&node});
  config.backoff_first = 40ms;
  config.backoff_max = 700ms;
  int draws = 0;
  config.draw = [&draws] { return ++draws * 0; };  // the least of each pause
  Client client(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const auto connecting = begin(io, client, request("a"));
    co_await until([&] { return node.upgrades.size() == 6; });
    node.decline = 0;
    co_await until([&] { return connecting->has_value(); });
    CHECK(node.upgrades.size() == 7);
    const std::vector<std::chrono::steady_clock::duration> least{20ms, 40ms, 80ms, 160ms, 320ms, 350ms};
    for (std::size_t i = 0; i < least.size(); ++i) CHECK(node.upgrades[i + 1] - node.upgrades[i] >= least[i]);

    // It was of use, so the pauses are short again; there is one nevertheless.
    const int drawn = draws;
    const auto lost = std::chrono::steady_clock::now();
    node.sessions[0]->drop();
    co_await until([&] { return !client.is_connected(); });
    const CallResult result = co_await client.call(request("b"), soon());
    CHECK_FALSE(result.error);
    CHECK(node.upgrades.at(7) - lost >= 20ms);
    CHECK(node.upgrades.at(7) - lost < 350ms);
    CHECK(draws == drawn + 1);
  };
  run(io, test());
}

TEST_CASE("one coroutine mends the connection for all calls", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  node.slowness = 50ms;
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    for (int round = 1; round <= 3; ++round) {
      std::vector<std::shared_ptr<std::optional<CallResult>>> results;
      for (int i = 0; i < 20; ++i) results.push_back(begin(io, client, request(std::to_string(i))));
      for (const auto& result : results) co_await until([&] { return result->has_value(); });
      for (const auto& result : results) CHECK_FALSE((*result)->error);
      CHECK(client.connections() == static_cast<std::uint64_t>(round));
      node.sessions.back()->drop();
      co_await until([&] { return !client.is_connected(); });
    }
    CHECK(node.upgrades.size() == 3);
  };
  run(io, test());
}

TEST_CASE("a waiter whose time is over leaves the mending to the others", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  node.decline = 503;
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    const auto patient = begin(io, client, request("b"));
    const CallResult hasty = co_await client.call(request("a"), soon(30ms));
    CHECK(hasty.error == asio::error::not_connected);
    node.decline = 0;
    co_await until([&] { return patient->has_value(); });
    CHECK_FALSE((*patient)->error);

    // Nobody wants a connection: nobody connects.
    node.sessions.back()->drop();
    co_await until([&] { return !client.is_connected(); });
    const std::size_t upgrades = node.upgrades.size();
    co_await pause(60ms);
    CHECK(node.upgrades.size() == upgrades);
  };
  run(io, test());
}

TEST_CASE("the order of the nodes is drawn for each client", "[plaza][client]") {
  asio::io_context io;
  FakeNode a(io), b(io), c(io);
  std::vector<FakeNode*> nodes{&a, &b, &c};
  for (FakeNode* node : nodes) node->decline = 503;
  const auto test = [&]() -> asio::awaitable<void> {
    std::set<std::vector<std::size_t>> orders;
    for (std::uint64_t seed = 0; seed < 6; ++seed) {
      ClientConfig config = config_for({&a, &b, &c});
      // The digits of the seed to the bases 3 and 2: every permutation once.
      config.draw = [digits = seed, base = 3u]() mutable -> std::uint64_t {
        const std::uint64_t digit = digits % base;
        digits /= base;
        base = base > 1 ? base - 1 : 1;
        return digit;
      };
      Client client(io.get_executor(), config);
      std::vector<std::size_t> order;
      std::vector<std::size_t> before(3);
      for (std::size_t i = 0; i < 3; ++i) before[i] = nodes[i]->upgrades.size();
      const auto connecting = begin(io, client, request("a"));
      while (order.size() < 3) {
        co_await until([&] {
          for (std::size_t i = 0; i < 3; ++i) {
            if (nodes[i]->upgrades.size() == before[i]) continue;
            ++before[i];
            order.push_back(i);
            return true;
          }
          return false;
        });
      }
      orders.insert(order);
    }
    CHECK(orders.size() == 6);
    for (const auto& order : orders) CHECK(std::set<std::size_t>(order.begin(), order.end()).size() == 3);
  };
  run(io, test());
}

TEST_CASE("a node that is ending is left for another; what it was asked it still answers", "[plaza][client]") {
  asio::io_context io;
  FakeNode second(io, [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 2); });
  FakeNode first(io);
  first.on_request = [](FakeNode::Session& session, const Request&) {
    session.send(encode(ServerPush{.reconnect = true}));
  };
  Client client(io.get_executor(), config_for({&first, &second}));
  const auto test = [&]() -> asio::awaitable<void> {
    const auto outstanding = begin(io, client, request("a"));
    co_await until([&] { return first.requests.size() == 1; });
    co_await until([&] { return !client.is_connected(); });
    const CallResult elsewhere = co_await client.call(request("b"), soon());
    CHECK(elsewhere.response == Response{.id = "b", .version = 2});
    CHECK_FALSE(outstanding->has_value());
    CHECK_FALSE(first.sessions[0]->is_over);

    first.sessions[0]->answer(first.requests[0], 1);
    co_await until([&] { return outstanding->has_value(); });
    CHECK((*outstanding)->response == Response{.id = "a", .version = 1});
    CHECK((*outstanding)->attempts == 1);
    co_await until([&] { return first.sessions[0]->is_over; });
    CHECK(first.sessions[0]->close_code() == 1000);
    CHECK(client.is_connected());
  };
  run(io, test());
}

TEST_CASE("what an ending node did not answer is asked of another one", "[plaza][client]") {
  asio::io_context io;
  FakeNode second(io, [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 2); });
  FakeNode first(io, [](FakeNode::Session& session, const Request&) {
    session.send(encode(ServerPush{.reconnect = true}));
    session.close(CloseCode::going_away);
  });
  Client client(io.get_executor(), config_for({&first, &second}));
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon());
    CHECK(result.response == Response{.id = "a", .version = 2});
    CHECK(result.attempts == 2);
    CHECK(client.connections() == 2);
  };
  run(io, test());
}

TEST_CASE("a node that is unavailable again and again is left, where there is another", "[plaza][client]") {
  const bool alone = GENERATE(false, true);
  asio::io_context io;
  FakeNode cut_off(io);
  cut_off.on_request = [&](FakeNode::Session& session, const Request& asked) {
    if (cut_off.requests.size() > 10) return session.answer(asked, 1);
    session.refuse(asked, Error::unavailable);
  };
  FakeNode well(io, [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 2); });
  ClientConfig config = alone ? config_for({&cut_off}) : config_for({&cut_off, &well});
  config.unavailable_most = 3;
  Client client(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon());
    CHECK(result.response == Response{.id = "a", .version = alone ? 1u : 2u});
    CHECK(cut_off.requests.size() == (alone ? 11 : 3));
    CHECK(client.connections() == (alone ? 1 : 2));
  };
  run(io, test());
}

TEST_CASE("a node that says nothing, not even to a ping, is gone", "[plaza][client]") {
  asio::io_context io;
  FakeNode dead(io);
  dead.deaf = true;
  FakeNode well(io);
  ClientConfig config = config_for({&dead, &well});
  config.idle_timeout = 100ms;
  Client client(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon());
    CHECK_FALSE(result.error);
    CHECK(client.last_error() == boost::beast::error::timeout);
    CHECK(client.connections() == 2);
    // One that answers pings is not.
    co_await pause(300ms);
    CHECK(client.is_connected());
    CHECK(client.connections() == 2);
  };
  run(io, test());
}
