// How connections, and the server, end.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/gateway/fixture.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

TEST_CASE("drain: clients are told, what is asked for is answered, then they are disconnected", "[gateway]") {
  GatewayConfig config;
  config.payments.delay = 50ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient buyer(plaza.io);
    TestClient idler(plaza.io);
    TestClient absent(plaza.io);  // reads nothing
    co_await buyer.open(plaza, "buyer");
    co_await idler.open(plaza, "idler");
    co_await absent.open(plaza, "absent");
    co_await buyer.say(R"({"id":"1","op":"buy","event":"concert","count":1})");
    co_await pause(plaza.io, 5ms);

    bool is_drained = false;
    const auto draining = [&]() -> asio::awaitable<void> {
      co_await plaza.server->drain(SteadyClock::now() + 400ms);
      is_drained = true;
    };
    asio::co_spawn(plaza.io, draining(), asio::detached);
    const std::vector<std::string> idle = co_await idler.hear_all();
    CHECK(idle == std::vector<std::string>{R"({"push":"server","reconnect":true})"});
    CHECK(idler.close_code() == 1001);
    CHECK(idler.close_reason() == "going_away");

    const std::string told = co_await buyer.hear();
    CHECK(told == R"({"push":"server","reconnect":true})");
    const std::string refused = co_await buyer.exchange(R"({"id":"2","op":"hold","event":"concert","count":1})");
    CHECK(refused == R"({"id":"2","ok":false,"version":3,"error":"overloaded"})");
    const std::vector<std::string> bought = co_await buyer.hear_all();
    CHECK(bought == std::vector<std::string>{R"({"id":"1","ok":true,"version":4,"count":1,"seats":[1]})"});
    CHECK(buyer.close_code() == 1001);

    TestClient late(plaza.io);
    bool is_refused = false;
    try {
      co_await late.open(plaza);
    } catch (const boost::system::system_error& error) {
      is_refused = error.code() == websocket::error::upgrade_declined;
    }
    CHECK(is_refused);
    CHECK_FALSE(is_drained);
    co_await pause(plaza.io, 500ms);
    CHECK(is_drained);
    CHECK(plaza.server->view().sessions == 0);
  };
  run(plaza.io, test());
  // Nothing is left that would keep an event loop from running out of work.
  plaza.io.restart();
  plaza.io.run_for(2s);
  CHECK(plaza.io.stopped());
}

TEST_CASE("drain ends at once where nobody is connected", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    const auto began = SteadyClock::now();
    co_await plaza.server->drain(began + 10s);
    CHECK(SteadyClock::now() - began < 5s);
  };
  run(plaza.io, test());
}

TEST_CASE("clients that go in every way there is leave nothing behind", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    {
      TestClient dropped(plaza.io);
      co_await dropped.open(plaza);
      co_await dropped.say(R"({"id":"w","op":"watch","topic":"event/fair"})");
      co_await dropped.hear();
    }
    TestClient polite(plaza.io);
    co_await polite.open(plaza);
    co_await polite.close();

    TestClient half(plaza.io);
    co_await half.open(plaza);
    co_await half.say(R"({"id":"1","op":"hold","event":"concert","count":1})");
    half.socket().shutdown(tcp::socket::shutdown_send);
    co_await half.hear_all();

    TestClient rude(plaza.io);
    co_await rude.open(plaza);
    const std::string garbage = "\xff\xff\xff\xff no frame of a WebSocket";
    co_await asio::async_write(rude.socket(), asio::buffer(garbage), asio::use_awaitable);
    co_await rude.hear_all();

    TestClient unmasked_text(plaza.io);
    co_await unmasked_text.open(plaza);
    co_await unmasked_text.say("\xff\xfe no UTF-8");
    co_await unmasked_text.hear_all();
    CHECK(unmasked_text.close_code() == 1007);

    co_await pause(plaza.io, 50ms);
    CHECK(plaza.server->view().sessions == 0);
    CHECK(plaza.server->view().topics == 0);
  };
  run(plaza.io, test());
}

TEST_CASE("what breaks the rules of WebSocket is closed with a code, which is counted", "[gateway]") {
  struct Case {
    std::string bytes;
    unsigned code;
  };
  const std::string mask(4, '\0');
  const std::vector<Case> cases = {
      {"\x81\x02hi", 1002},                        // not masked
      {"\xc1\x82" + mask + "hi", 1002},            // a reserved bit
      {"\x83\x82" + mask + "hi", 1002},            // no such opcode
      {"\x80\x82" + mask + "hi", 1002},            // goes on with nothing
      {"\x09\x82" + mask + "hi", 1002},            // a ping in fragments
      {"\x88\x81" + mask + "x", 1002},             // a close frame with half a code
      {"\x81\x82" + mask + "\xff\xfe", 1007},      // no UTF-8
      {"\x81\xfe\x40\x01" + mask + "long", 1009},  // 16 KiB, and one more
  };
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    for (const Case& c : cases) {
      CAPTURE(c.bytes);
      const std::uint64_t before = plaza.server->metrics().closes(c.code);
      TestClient client(plaza.io);
      co_await client.open(plaza);
      co_await asio::async_write(client.socket(), asio::buffer(c.bytes), asio::use_awaitable);
      co_await client.hear_all();
      CHECK(client.close_code() == c.code);
      CHECK(plaza.server->metrics().closes(c.code) == before + 1);
    }
    // Who goes by itself, politely or not, was not ended by the node.
    TestClient polite(plaza.io);
    co_await polite.open(plaza);
    co_await polite.close();
    co_await pause(plaza.io, 20ms);
    CHECK(plaza.server->metrics().closes(1000) == 0);
    CHECK(plaza.server->metrics().closes(1002) == 6);
    CHECK(plaza.server->metrics().closes(1007) == 1);
    CHECK(plaza.server->metrics().closes(1009) == 1);
  };
  run(plaza.io, test());
}

TEST_CASE("two hundred connections at once", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    std::size_t served = 0;
    const auto visit = [&plaza, &served](int number) -> asio::awaitable<void> {
      TestClient client(plaza.io);
      co_await client.open(plaza, "user-" + std::to_string(number));
      for (int i = 0; i < 5; ++i) {
        const std::string id = std::to_string(i);
        const std::string heard =
            co_await client.exchange(R"({"id":")" + id + R"(","op":"hold","event":"fair","count":1})");
        served += heard.find(R"("ok":true)") != std::string::npos ? 1 : 0;
      }
    };
    std::vector<std::shared_ptr<int>> visitors;
    std::size_t finished = 0;
    for (int i = 0; i < 200; ++i) {
      asio::co_spawn(plaza.io, visit(i), [&finished](std::exception_ptr failure) {
        ++finished;
        if (failure) std::rethrow_exception(failure);
      });
    }
    while (finished < 200) co_await pause(plaza.io, 5ms);
    CHECK(served == 1000);
  };
  run(plaza.io, test());
  CHECK(plaza.replica->tickets().counts("fair")->held == 1000);
}

TEST_CASE("a server that is destroyed leaves nobody waiting, and no hook is called after it", "[gateway]") {
  std::size_t answered = 0;
  GatewayHooks hooks;
  hooks.answered = [&answered](const std::string&, const Request&, const Response&) { ++answered; };
  GatewayConfig config;
  config.payments.delay = 20ms;
  Plaza plaza(config, hooks);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.say(R"({"id":"w","op":"watch","topic":"user"})");
    co_await client.hear();
    co_await client.hear();
    co_await client.say(R"({"id":"1","op":"buy","event":"concert","count":1})");
    co_await pause(plaza.io, 5ms);
    plaza.server.reset();
    co_await client.hear_all();
    CHECK(client.end());
    co_await pause(plaza.io, 40ms);
    CHECK(plaza.replica->tickets().counts("concert")->sold == 1);
  };
  run(plaza.io, test());
  CHECK(answered == 1);
}

TEST_CASE("an address that is in use is an error at the start", "[gateway]") {
  Plaza plaza;
  GatewayConfig config;
  config.listen_on = plaza.server->local_endpoint();
  CHECK_THROWS_AS(Server(plaza.io.get_executor(), config, plaza.replica), boost::system::system_error);
}
