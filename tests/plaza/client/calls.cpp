// What becomes of one call, or of several at once.
#include <boost/asio/error.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/system/errc.hpp>
#include <catch2/catch.hpp>

#include "tests/plaza/client/fake_node.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;

TEST_CASE("answers find their call by its id, in whatever order they come", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io);
  node.on_request = [&](FakeNode::Session& session, const Request&) {
    if (node.requests.size() < 3) return;
    for (std::size_t i = 3; i-- > 0;) session.answer(node.requests[i], 10 + i);
  };
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    std::vector<std::shared_ptr<std::optional<CallResult>>> results;
    for (const char* id : {"a", "b", "c"}) results.push_back(begin(io, client, request(id)));
    co_await until([&] { return results[0]->has_value() && results[1]->has_value() && results[2]->has_value(); });
    for (std::size_t i = 0; i < 3; ++i) {
      CHECK_FALSE((*results[i])->error);
      CHECK((*results[i])->response == Response{.id = std::string(1, static_cast<char>('a' + i)), .version = 10 + i});
      CHECK((*results[i])->attempts == 1);
    }
    CHECK(client.connections() == 1);
  };
  run(io, test());
}

TEST_CASE("a call without an answer ends at its deadline, and says whether it was sent", "[plaza][client]") {
  asio::io_context io;
  FakeNode silent(io, [](FakeNode::Session&, const Request&) {});
  ClientConfig nowhere = config_for({});
  {
    asio::io_context other;
    nowhere.nodes.push_back(FakeNode(other).endpoint());  // nobody listens there any more
  }
  Client heard(io.get_executor(), config_for({&silent}));
  Client unheard(io.get_executor(), nowhere);
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult unanswered = co_await heard.call(request("a"), soon(50ms));
    CHECK(unanswered.error == asio::error::timed_out);
    CHECK(unanswered.attempts == 1);
    CHECK(heard.is_connected());  // a short deadline says nothing about the node

    const CallResult unsent = co_await unheard.call(request("a"), soon(50ms));
    CHECK(unsent.error == asio::error::not_connected);
    CHECK(unsent.attempts == 0);
    CHECK(unheard.last_error() == asio::error::connection_refused);
    const boost::system::error_code unconnected = co_await unheard.connect(soon(20ms));
    CHECK(unconnected == asio::error::timed_out);
  };
  run(io, test());
}

TEST_CASE("what was not decided is asked again, under the same id; what was is not", "[plaza][client]") {
  const auto [error, again] = GENERATE(table<Error, bool>({{Error::unavailable, true},
                                                           {Error::overloaded, true},
                                                           {Error::rate_limited, true},
                                                           {Error::sold_out, false},
                                                           {Error::id_reused, false},
                                                           {Error::bad_request, false}}));
  asio::io_context io;
  FakeNode node(io);
  node.on_request = [&, refusal = error](FakeNode::Session& session, const Request& asked) {
    if (node.requests.size() <= 3) return session.refuse(asked, refusal, 7);
    session.answer(asked, 8);
  };
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&, refusal = error, repeated = again]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon());
    CHECK_FALSE(result.error);
    if (repeated) {
      CHECK(result.response == Response{.id = "a", .version = 8});
      CHECK(node.ids() == std::vector<std::string>(4, "a"));
      CHECK(result.attempts == 4);
    } else {
      CHECK(result.response == Response{.id = "a", .version = 7, .error = refusal});
      CHECK(node.ids() == std::vector<std::string>{"a"});
    }
    CHECK(client.connections() == 1);
  };
  run(io, test());
}

TEST_CASE("a call that is asked to come again until its deadline has that answer", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io, [](FakeNode::Session& session, const Request& asked) { session.refuse(asked, Error::overloaded); });
  Client client(io.get_executor(), config_for({&node}));
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon(100ms));
    CHECK(result.error == asio::error::timed_out);
    CHECK(result.response == Response{.id = "a", .version = 1, .error = Error::overloaded});
    CHECK(result.attempts == node.requests.size());
    CHECK(result.attempts > 3);
  };
  run(io, test());
}

TEST_CASE("where an attempt gets no answer, or a broken connection, another node is asked the same",
          "[plaza][client]") {
  enum class Failure { silence, drop, close, garbage };
  struct Case {
    Failure failure;
    boost::system::error_code why;
  };
  const auto one = GENERATE(values<Case>({{Failure::silence, asio::error::timed_out},
                                          {Failure::drop, asio::error::eof},
                                          {Failure::close, boost::beast::websocket::error::closed},
                                          {Failure::garbage, boost::beast::websocket::error::bad_data_frame}}));
  const Failure failure = one.failure;
  asio::io_context io;
  FakeNode first(io, [failure](FakeNode::Session& session, const Request&) {
    if (failure == Failure::drop) session.drop();
    if (failure == Failure::close) session.close(CloseCode::going_away);
    if (failure == Failure::garbage) session.send("no { JSON");
  });
  FakeNode second(io, [](FakeNode::Session& session, const Request& asked) { session.answer(asked, 5); });
  ClientConfig config = config_for({&first, &second});
  if (failure == Failure::silence) config.attempt_timeout = 100ms;
  Client client(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const CallResult result = co_await client.call(request("a"), soon());
    CHECK_FALSE(result.error);
    CHECK(client.last_error() == one.why);
    CHECK(result.response == Response{.id = "a", .version = 5});
    CHECK(result.attempts == 2);
    CHECK(first.requests == second.requests);
    CHECK(client.connections() == 2);
  };
  run(io, test());
}

TEST_CASE("an id is the client's only once at a time, and some are not the caller's", "[plaza][client]") {
  asio::io_context io;
  FakeNode node(io, [](FakeNode::Session&, const Request&) {});
  Client client(io.get_executor(), config_for({&node}));
  Client homeless(io.get_executor(), config_for({}));
  const auto test = [&]() -> asio::awaitable<void> {
    const auto first = begin(io, client, request("a"));
    co_await until([&] { return node.requests.size() == 1; });
    const CallResult second = co_await client.call(request("a"), soon());
    CHECK(second.error == asio::error::already_started);
    const CallResult reserved = co_await client.call(request("~a"), soon());
    CHECK(reserved.error == asio::error::invalid_argument);
    const CallResult nowhere = co_await homeless.call(request("a"), soon());
    CHECK(nowhere.error == asio::error::invalid_argument);
    CHECK(node.requests.size() == 1);
    CHECK_FALSE(first->has_value());
  };
  run(io, test());
}

TEST_CASE("a client shows its token, or else its name", "[plaza][client]") {
  struct Case {
    std::string user, token, target, authorization;
  };
  const auto one = GENERATE(values<Case>({{"ann", "", "/v1?user=ann", ""},
                                          {"j\xc3\xb6rg & co", "", "/v1?user=j%C3%B6rg%20%26%20co", ""},
                                          {"ann", "abc.def", "/v1", "Bearer abc.def"}}));
  asio::io_context io;
  FakeNode node(io);
  ClientConfig config = config_for({&node});
  config.user = one.user;
  config.token = one.token;
  Client client(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    const boost::system::error_code error = co_await client.connect(soon());
    CHECK_FALSE(error);
    CHECK(node.targets == std::vector<std::string>{one.target});
    CHECK(node.authorizations == std::vector<std::string>{one.authorization});
  };
  run(io, test());
}

TEST_CASE("a token that is not taken is the end: everybody is told, and no node is asked again", "[plaza][client]") {
  const unsigned status = GENERATE(401u, 403u);
  asio::io_context io;
  FakeNode node(io);
  FakeNode other(io);
  node.decline = other.decline = status;
  Client client(io.get_executor(), config_for({&node, &other}));
  const auto denied = make_error_code(boost::system::errc::permission_denied);
  const auto test = [&]() -> asio::awaitable<void> {
    boost::system::error_code watched;
    client.watch("user", {}, [&](const CallResult& end) { watched = end.error; });
    const auto second = begin(io, client, request("b"));
    const CallResult first = co_await client.call(request("a"), soon());
    CHECK(first.error == denied);
    CHECK(first.attempts == 0);
    co_await until([&] { return second->has_value(); });
    CHECK((*second)->error == denied);
    CHECK(watched == denied);
    const CallResult later = co_await client.call(request("c"), soon());
    CHECK(later.error == denied);
    CHECK(node.upgrades.size() + other.upgrades.size() == 1);
  };
  run(io, test());
}
