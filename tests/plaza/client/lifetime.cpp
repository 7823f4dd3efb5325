// How a client ends.
#include <boost/asio/error.hpp>
#include <catch2/catch.hpp>

#include "tests/plaza/client/fake_node.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

const FakeNode::OnRequest kIgnore = [](FakeNode::Session&, const Request&) {};

}  // namespace

TEST_CASE("close says goodbye, and ends the calls that are outstanding and all later ones", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io, kIgnore);
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    client.watch(
        "user", [](const TopicPush&) { FAIL("a push"); }, [](const CallResult&) { FAIL("an end"); });
    const auto outstanding = begin(io, client, request("a"));
    co_await until([&] { return node.requests.size() == 2; });
    const boost::system::error_code error = co_await client.close();
    CHECK_FALSE(error);
    co_await until([&] { return outstanding->has_value(); });
    CHECK((*outstanding)->error == asio::error::connection_aborted);
    CHECK((*outstanding)->attempts == 1);
    co_await until([&] { return node.sessions[0]->is_over; });
    CHECK(node.sessions[0]->close_code() == 1000);

    const CallResult later = co_await client.call(request("b"), soon());
    CHECK(later.error == asio::error::connection_aborted);
    CHECK(later.attempts == 0);
    const boost::system::error_code again = co_await client.close();
    CHECK_FALSE(again);
    CHECK(node.upgrades.size() == 1);
  };
  run(io, test());
}

TEST_CASE("close ends what waits for a connection, or between two attempts", "[plaza][client]") {
  asio::io_context io;
  FakeNode closed(io);
  closed.decline = 503;
  FakeNode busy(io, [](FakeNode::Session& session, const Request& asked) { session.refuse(asked, Error::overloaded); });
  ClientConfig config = config_for({&closed});
  config.backoff_first = config.backoff_max = 1h;
  Client waiting(io.get_executor(), config);
  config.nodes = {busy.endpoint()};
  Client sleeping(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const auto unsent = begin(io, waiting, request("a"), soon(2h));
    const auto refused = begin(io, sleeping, request("a"), soon(2h));
    co_await until([&] { return closed.upgrades.size() == 1 && busy.requests.size() == 1; });
    co_await pause(20ms);
    co_await waiting.close();
    co_await sleeping.close();
    co_await until([&] { return unsent->has_value() && refused->has_value(); });
    CHECK((*unsent)->error == asio::error::connection_aborted);
    CHECK((*refused)->error == asio::error::connection_aborted);
    CHECK((*refused)->attempts == 1);
  };
  run(io, test());
}

TEST_CASE("a client that is destroyed ends its calls, wherever they are", "[plaza][client]") {
  enum class Stage { connecting, shaking_hands, outstanding, left };
  const Stage stage = GENERATE(Stage::connecting, Stage::shaking_hands, Stage::outstanding, Stage::left);
  asio::io_context io;
  FakeNode node(io, kIgnore);
  asio::ip::tcp::acceptor mute(io, {asio::ip::address_v4::loopback(), 0});  // takes connections, and says nothing
  ClientConfig config = config_for({&node});
  config.attempt_timeout = 1h;
  if (stage == Stage::shaking_hands) config.nodes = {mute.local_endpoint()};
  auto client = std::make_unique<Client>(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const auto call = begin(io, *client, request("a"), soon(1h));
    if (stage == Stage::shaking_hands) co_await pause(20ms);
    if (stage == Stage::outstanding || stage == Stage::left) {
      co_await until([&] { return node.requests.size() == 1; });
    }
    if (stage == Stage::left) {
      node.sessions[0]->send(encode(ServerPush{.reconnect = true}));
      co_await until([&] { return !client->is_connected(); });
    }
    client.reset();
    co_await until([&] { return call->has_value(); });
    CHECK((*call)->error == asio::error::connection_aborted);
    if (stage == Stage::outstanding || stage == Stage::left) {
      co_await until([&] { return node.sessions[0]->is_over; });
    }
  };
  run(io, test());
}

TEST_CASE("a client may be destroyed in its callbacks", "[plaza][client]") {
  enum class Where { push, refused_watch, denied_watch };
  const Where where = GENERATE(Where::push, Where::refused_watch, Where::denied_watch);
  asio::io_context io;
  FakeNode node(io);
  node.on_request = [&](FakeNode::Session& session, const Request& asked) {
    if (asked.op != Operation::watch) return;
    if (where == Where::refused_watch) return session.refuse(asked, Error::unknown_topic);
    session.answer(asked, 1);
    session.push("concert", 1);
    session.push("concert", 2);
  };
  if (where == Where::denied_watch) node.decline = 401;
  auto client = std::make_unique<Client>(io.get_executor(), config_for({&node}));
  int called = 0;
  const auto destroy = [&] {
    ++called;
    client.reset();
  };
  const auto test = [&]() -> asio::awaitable<void> {
    const auto outstanding = begin(io, *client, request("a"));
    client->watch(
        "event/concert", [&](const TopicPush&) { destroy(); }, [&](const CallResult&) { destroy(); });
    client->watch("event/match", {}, [&](const CallResult&) { destroy(); });
    co_await until([&] { return called > 0 && outstanding->has_value(); });
    CHECK((*outstanding)->error);
    co_await pause(20ms);
    CHECK(called == 1);
  };
  run(io, test());
}

TEST_CASE("an event loop may end before its clients' calls", "[plaza][client]") {
  std::shared_ptr<std::optional<CallResult>> call;
  {
    asio::io_context io;
    FakeNode node(io, kIgnore);
    Client client(io.get_executor(), config_for({&node}));
    client.watch("user", {});
    call = begin(io, client, request("a"));
    const auto test = [&]() -> asio::awaitable<void> { co_await until([&] { return node.requests.size() == 2; }); };
    run(io, test());
  }
  CHECK_FALSE(call->has_value());
}
