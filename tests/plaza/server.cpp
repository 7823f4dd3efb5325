// The server and the client on real sockets, in one event loop.
#include "system-under-test/plaza/gateway/server.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "tests/plaza/drive_client.hpp"
#include "tests/plaza/run_loop.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using RawClient = websocket::stream<tcp::socket>;

namespace {

asio::awaitable<void> open(RawClient& raw, tcp::endpoint server) {
  co_await raw.next_layer().async_connect(server, asio::use_awaitable);
  co_await raw.async_handshake("test", "/", asio::use_awaitable);
}

asio::awaitable<std::string> exchange(RawClient& raw, std::string text) {
  co_await raw.async_write(asio::buffer(text), asio::use_awaitable);
  beast::flat_buffer buffer;
  co_await raw.async_read(buffer, asio::use_awaitable);
  co_return beast::buffers_to_string(buffer.data());
}

// Reads to the end of the connection and gives back why it ended.
asio::awaitable<error_code> read_to_end(RawClient& raw) {
  beast::flat_buffer buffer;
  error_code error;
  while (!error) {
    co_await raw.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    buffer.clear();
  }
  co_return error;
}

asio::awaitable<void> visit(Client& client, tcp::endpoint server, DriveReport& report) {
  report = co_await drive_client(client, server);
}

}  // namespace

TEST_CASE("a visit: hold, purchase, buy, release, watch, repetitions", "[server]") {
  asio::io_context io;
  std::vector<Version> versions;
  std::size_t received = 0;
  std::size_t answered = 0;
  ServerConfig config;
  config.capacity = 8;
  config.push_interval = 5ms;
  Hooks hooks;
  hooks.received = [&received](const Request&) { ++received; };
  hooks.answered = [&answered](const Request&, const Response&) { ++answered; };
  hooks.applied = [&versions](const Applied& change, const Inventory& inventory) {
    CHECK(change.version == inventory.version());
    CHECK(change.counts == inventory.counts());
    CHECK(change.decided_on_version + 1 == change.version);
    versions.push_back(change.version);
  };
  Server server(io.get_executor(), config, hooks);
  Client client(io.get_executor());
  DriveReport report;
  run(io, visit(client, server.local_endpoint(), report));

  CHECK(report.connect_error.empty());
  const std::vector<std::string> expected{
      R"({"id":"watch","ok":true,"version":0})",
      R"({"id":"hold-1","ok":true,"ticket":1,"version":1})",
      R"({"id":"hold-1","ok":true,"ticket":1,"version":1})",
      R"({"id":"purchase-1","ok":true,"ticket":1,"version":2})",
      R"({"id":"purchase-1","ok":true,"ticket":1,"version":2})",
      R"({"id":"purchase-2","ok":false,"error":"not_held","version":2})",
      R"({"id":"purchase-3","ok":false,"error":"not_held","version":2})",
      R"({"id":"hold-1","ok":false,"error":"id_reused","version":2})",
      R"({"id":"hold-2","ok":true,"ticket":2,"version":3})",
      R"({"id":"release-1","ok":true,"ticket":2,"version":4})",
      R"({"id":"release-2","ok":false,"error":"not_held","version":4})",
      R"({"id":"buy-1","ok":true,"ticket":2,"version":6})",
      R"({"id":"buy-1","ok":true,"ticket":2,"version":6})",
      R"({"id":"hold-3","ok":true,"ticket":6,"version":13})",
  };
  CHECK(report.answers == expected);
  CHECK(report.together == std::vector<std::uint32_t>{3, 4, 5});
  CHECK(report.first_push == StockPush{.version = 0, .free = 8, .held = 0, .sold = 0});
  CHECK(report.last_push == StockPush{.version = 13, .free = 2, .held = 1, .sold = 5});
  CHECK_FALSE(report.pushes_regressed);
  CHECK(report.close_error.empty());
  CHECK(received == 17);
  CHECK(answered == 17);
  CHECK(versions == std::vector<Version>{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13});
}

TEST_CASE("garbage is answered, and harms nobody", "[server]") {
  asio::io_context io;
  Server server(io.get_executor());
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient raw(io);
    co_await open(raw, server.local_endpoint());
    const std::string nonsense = co_await exchange(raw, "nonsense");
    CHECK(nonsense == R"({"id":"","ok":false,"error":"bad_request","version":0})");
    const std::string unknown = co_await exchange(raw, R"({"id":"a","op":"steal","user":"u"})");
    CHECK(unknown == R"({"id":"a","ok":false,"error":"unknown_op","version":0})");
    raw.binary(true);
    const std::string binary = co_await exchange(raw, R"({"id":"a","op":"hold","user":"u"})");
    CHECK(binary == R"({"id":"","ok":false,"error":"bad_request","version":0})");
    raw.text(true);
    const std::string fine = co_await exchange(raw, R"({"id":"a","op":"hold","user":"u"})");
    CHECK(fine == R"({"id":"a","ok":true,"ticket":1,"version":1})");

    const std::string huge(20'000, 'x');
    co_await raw.async_write(asio::buffer(huge), asio::use_awaitable);
    const error_code end = co_await read_to_end(raw);
    CHECK(end);  // the close frame may be lost to the reset that follows it: the server did not read all that we sent

    // Not even WebSocket; and one that is gone before it has said anything.
    tcp::socket stranger(io);
    co_await stranger.async_connect(server.local_endpoint(), asio::use_awaitable);
    const std::string bytes = "\x16\x03\x01 hello\r\n\r\n";
    co_await asio::async_write(stranger, asio::buffer(bytes), asio::use_awaitable);
    stranger.close();

    Client client(io.get_executor());
    const error_code connected = co_await client.connect(server.local_endpoint());
    CHECK_FALSE(connected);
    const CallResult still_here = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(still_here.response.ticket == 2);
  };
  run(io, test());
}

TEST_CASE("a client that does not read is disconnected, and told why", "[server]") {
  asio::io_context io;
  ServerConfig config;
  config.send_buffer_bytes = 4096;
  config.outbound_queue_max = 8;
  Server server(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient slow(io);
    slow.next_layer().open(tcp::v4());
    slow.next_layer().set_option(asio::socket_base::receive_buffer_size(2048));
    co_await open(slow, server.local_endpoint());
    const std::string text = encode(request("1", Operation::hold));
    for (int i = 0; i < 2000; ++i) {
      co_await slow.async_write(asio::buffer(text), asio::use_awaitable);
    }
    co_await detail::pause(50ms);
    const error_code end = co_await read_to_end(slow);
    CHECK(end == websocket::error::closed);
    CHECK(slow.reason().code == websocket::close_code::policy_error);
    CHECK(std::string(slow.reason().reason.data(), slow.reason().reason.size()) == "slow consumer");
  };
  run(io, test());
  CHECK(server.inventory().version() == 1);
}

TEST_CASE("a client that does not even read its disconnection is dropped", "[server]") {
  asio::io_context io;
  ServerConfig config;
  config.send_buffer_bytes = 4096;
  config.outbound_queue_max = 8;
  config.close_grace = 50ms;
  Server server(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient slow(io);
    slow.next_layer().open(tcp::v4());
    slow.next_layer().set_option(asio::socket_base::receive_buffer_size(2048));
    co_await open(slow, server.local_endpoint());
    const std::string text = encode(request("1", Operation::hold));
    error_code error;
    while (!error) co_await slow.async_write(asio::buffer(text), asio::redirect_error(asio::use_awaitable, error));
    CHECK(error);
  };
  run(io, test());
}

TEST_CASE("stock pushes to a client that does not read are coalesced to the latest", "[server]") {
  asio::io_context io;
  ServerConfig config;
  config.capacity = 10'000;
  config.send_buffer_bytes = 4096;
  config.outbound_queue_max = 2;
  config.push_interval = 10us;
  Server server(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient slow(io);
    slow.next_layer().open(tcp::v4());
    slow.next_layer().set_option(asio::socket_base::receive_buffer_size(2048));
    co_await open(slow, server.local_endpoint());
    const std::string watching = co_await exchange(slow, encode(request("w", Operation::watch)));
    CHECK(watching == R"({"id":"w","ok":true,"version":0})");

    Client busy(io.get_executor());
    const error_code connected = co_await busy.connect(server.local_endpoint());
    REQUIRE_FALSE(connected);
    constexpr Version kChanges = 2000;
    for (Version i = 1; i <= kChanges; ++i) {
      const CallResult held = co_await busy.call(request(std::to_string(i), Operation::hold), detail::soon());
      REQUIRE(held.response.version == i);
    }

    Version last = 0;
    std::size_t pushes = 0;
    while (last < kChanges) {
      beast::flat_buffer buffer;
      co_await slow.async_read(buffer, asio::use_awaitable);
      const std::string text = beast::buffers_to_string(buffer.data());
      const StockPush push = std::get<StockPush>(decode_server_message(text));
      if (pushes > 0) CHECK(push.version > last);
      last = push.version;
      ++pushes;
    }
    CHECK(last == kChanges);
    CHECK(pushes < kChanges / 2);  // the rest never had a place in the queue
  };
  run(io, test());
}

TEST_CASE("calls end at their deadline, and their late answers are nobody's", "[client]") {
  asio::io_context io;
  ServerConfig config;
  config.payments.delay = 30ms;
  Server server(io.get_executor(), config);
  const auto test = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    const CallResult too_early = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(too_early.error == asio::error::not_connected);
    const error_code connected = co_await client.connect(server.local_endpoint());
    REQUIRE_FALSE(connected);
    const auto deadline = std::chrono::steady_clock::now() + 5ms;
    const CallResult late = co_await client.call(request("1", Operation::buy), deadline);
    CHECK(late.error == asio::error::timed_out);
    CHECK(std::chrono::steady_clock::now() >= deadline);
    const CallResult too_soon = co_await client.call(request("1", Operation::buy), detail::soon());
    CHECK(too_soon.response.error == Error::in_progress);

    RetryPolicy policy;
    policy.backoff_first = 10ms;
    int draws = 0;
    policy.jitter = [&draws] { return static_cast<std::uint64_t>(++draws); };
    const CallResult patient = co_await client.call_with_retries(request("1", Operation::buy), policy);
    CHECK_FALSE(patient.error);
    CHECK(patient.response.ticket == 1);
    CHECK(draws > 0);
    CHECK(server.inventory().sales().size() == 1);
  };
  run(io, test());
}

TEST_CASE("a server that is gone without a word is found out, and one that is only quiet is not", "[client]") {
  asio::io_context io;
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  Server quiet(io.get_executor());
  const auto be_gone = [&](RawClient& mute) -> asio::awaitable<void> {  // a server's stream, for once
    co_await acceptor.async_accept(mute.next_layer(), asio::use_awaitable);
    co_await mute.async_accept(asio::use_awaitable);
  };
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient mute(io);
    asio::co_spawn(io, be_gone(mute), [](std::exception_ptr failure) { CHECK_FALSE(failure); });
    const ClientConfig config{.idle_timeout = 60ms};
    Client client(io.get_executor(), config);
    Client other(io.get_executor(), config);
    const error_code connected = co_await client.connect(acceptor.local_endpoint());
    REQUIRE_FALSE(connected);
    const error_code also_connected = co_await other.connect(quiet.local_endpoint());
    REQUIRE_FALSE(also_connected);
    const CallResult result = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(result.error == beast::error::timeout);
    CHECK_FALSE(client.is_connected());
    co_await detail::pause(200ms);
    CHECK(other.is_connected());
  };
  run(io, test());
}

TEST_CASE("a client survives the server: errors, then reconnection under the same request id", "[client]") {
  asio::io_context io;
  auto server = std::make_unique<Server>(io.get_executor());
  ServerConfig same_place;
  same_place.listen_on = server->local_endpoint();
  same_place.payments.delay = 5s;
  server.reset();
  server = std::make_unique<Server>(io.get_executor(), same_place);

  const auto test = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    const error_code connected = co_await client.connect(same_place.listen_on);
    REQUIRE_FALSE(connected);

    std::optional<CallResult> interrupted;
    asio::co_spawn(io, client.call(request("1", Operation::buy), detail::soon()),
                   [&interrupted](std::exception_ptr, CallResult result) { interrupted = result; });
    co_await detail::pause(20ms);
    server.reset();  // with a payment pending
    while (!interrupted) co_await detail::pause(1ms);
    CHECK(interrupted->error);
    CHECK_FALSE(client.is_connected());

    RetryPolicy once;
    once.attempts_max = 1;
    const CallResult refused = co_await client.call_with_retries(request("2", Operation::hold), once);
    CHECK(refused.error == asio::error::connection_refused);

    std::vector<std::string> results;
    for (int i = 0; i < 3; ++i) {  // who all find the connection broken, and mend it once
      asio::co_spawn(io, client.call_with_retries(request("r" + std::to_string(i), Operation::hold), RetryPolicy{}),
                     [&results](std::exception_ptr, CallResult result) { results.push_back(detail::text_of(result)); });
    }
    co_await detail::pause(10ms);
    server = std::make_unique<Server>(io.get_executor(), same_place);
    while (results.size() < 3) co_await detail::pause(1ms);
    for (const std::string& result : results) CHECK(result.find("\"ok\":true") != std::string::npos);
    CHECK(server->inventory().counts().held == 3);
    CHECK(client.connections() == 2);
  };
  run(io, test());
}

TEST_CASE("a stopped server says goodbye and leaves the event loop without work", "[server]") {
  asio::io_context io;
  Server server(io.get_executor());
  const auto test = [&]() -> asio::awaitable<void> {
    RawClient raw(io);
    co_await open(raw, server.local_endpoint());
    const std::string held = co_await exchange(raw, encode(request("1", Operation::hold)));
    CHECK(held == R"({"id":"1","ok":true,"ticket":1,"version":1})");
    server.stop();
    const error_code end = co_await read_to_end(raw);
    CHECK(end == websocket::error::closed);
    CHECK(raw.reason().code == websocket::close_code::going_away);
  };
  run(io, test());
  io.restart();
  io.run_for(2s);
  CHECK(io.stopped());
}

TEST_CASE("an event loop can be destroyed in the middle of everything", "[server][client]") {
  for (int steps = 0; steps < 200; ++steps) {
    std::optional<Client> client;
    std::optional<Server> server;
    DriveReport report;
    asio::io_context io;
    server.emplace(io.get_executor());
    client.emplace(io.get_executor());
    asio::co_spawn(io, visit(*client, server->local_endpoint(), report), [](std::exception_ptr) {});
    for (int step = 0; step < steps; ++step) io.run_one_for(1ms);
    if (steps % 2 == 0) server.reset();
    if (steps % 4 < 2) client.reset();
    server.reset();
    client.reset();
  }
}
