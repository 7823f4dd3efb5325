// Boost.Beast in ordinary programs: HTTP and WebSocket servers and clients, each with its own main. One kind blocks,
// with a thread for each connection; the other runs an io_context.
#include <boost/asio.hpp>
#include <boost/beast.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using boost::system::error_code;
using test::in_fresh_process;
using test::Programs;

namespace {

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr std::uint16_t kPort = 8080;
constexpr std::size_t kSizes[] = {0, 1, 125, 126, 70'000, 300'000};  // on both sides of the frames' ways to tell a size
constexpr int kClients = 3;

Response answer_to(const Request& request) {
  Response response(request.method() == http::verb::post ? http::status::ok : http::status::not_found, 11);
  response.set(http::field::server, "test");
  response.body() = request.body();
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

Request post(std::size_t size) {
  Request request(http::verb::post, "/echo", 11);
  request.set(http::field::host, "server");
  request.body().assign(size, 'p');
  request.prepare_payload();
  return request;
}

std::string message(std::size_t size) { return std::string(size, static_cast<char>('a' + size % 26)); }

// ---- blocking ----

void serve_blocking(tcp::socket socket) {
  beast::flat_buffer buffer;
  error_code error;
  for (;;) {
    Request request;
    http::read(socket, buffer, request, error);
    if (error) return;
    if (websocket::is_upgrade(request)) {
      websocket::stream<tcp::socket> stream(std::move(socket));
      stream.accept(request, error);
      while (!error) {
        beast::flat_buffer received;
        stream.read(received, error);
        if (!error) stream.write(received.data(), error);
      }
      return;
    }
    http::write(socket, answer_to(request), error);
    if (error || !request.keep_alive()) return;
  }
}

int blocking_server(int connections) {
  asio::io_context context;
  tcp::acceptor acceptor(context, {tcp::v4(), kPort});
  std::vector<std::thread> threads;
  for (int i = 0; i < connections; ++i) threads.emplace_back(serve_blocking, acceptor.accept());
  for (std::thread& thread : threads) thread.join();
  return 0;
}

int blocking_client() {
  asio::io_context context;
  tcp::resolver resolver(context);
  tcp::socket socket(context);
  asio::connect(socket, resolver.resolve("server", std::to_string(kPort)));
  beast::flat_buffer buffer;
  for (const std::size_t size : kSizes) {
    http::write(socket, post(size));
    Response response;
    http::read(socket, buffer, response);
    if (response.result() != http::status::ok || response.body() != post(size).body()) return 1;
  }
  websocket::stream<tcp::socket> stream(std::move(socket));
  stream.handshake("server", "/socket");
  for (const std::size_t size : kSizes) {
    stream.write(asio::buffer(message(size)));
    beast::flat_buffer received;
    stream.read(received);
    if (beast::buffers_to_string(received.data()) != message(size)) return 2;
  }
  stream.close(websocket::close_code::normal);
  return 0;
}

// ---- with an io_context ----

asio::awaitable<void> serve(beast::tcp_stream connection) {
  beast::flat_buffer buffer;
  error_code error;
  auto told = asio::redirect_error(asio::use_awaitable, error);
  for (;;) {
    Request request;
    connection.expires_after(30s);
    co_await http::async_read(connection, buffer, request, told);
    if (error) co_return;
    if (websocket::is_upgrade(request)) {
      connection.expires_never();
      websocket::stream<beast::tcp_stream> stream(std::move(connection));
      stream.set_option(websocket::stream_base::timeout::suggested(beast::role_type::server));
      co_await stream.async_accept(request, told);
      while (!error) {
        beast::flat_buffer received;
        co_await stream.async_read(received, told);
        if (!error) co_await stream.async_write(received.data(), told);
      }
      co_return;
    }
    const Response response = answer_to(request);
    co_await http::async_write(connection, response, told);
    if (error) co_return;
  }
}

asio::awaitable<void> accept(tcp::acceptor acceptor, int connections) {
  for (int i = 0; i < connections; ++i) {
    beast::tcp_stream connection(co_await acceptor.async_accept(asio::use_awaitable));
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, serve(std::move(connection)), asio::detached);
  }
}

int asynchronous_server(int connections) {
  asio::io_context context;
  asio::co_spawn(context, accept(tcp::acceptor(context, {tcp::v4(), kPort}), connections), asio::detached);
  context.run();
  return 0;
}

asio::awaitable<void> talk(int& result) {
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  beast::tcp_stream connection(executor);
  const auto found = co_await resolver.async_resolve("server", std::to_string(kPort), asio::use_awaitable);
  connection.expires_after(30s);
  co_await connection.async_connect(found, asio::use_awaitable);
  beast::flat_buffer buffer;
  for (const std::size_t size : kSizes) {
    const Request request = post(size);
    co_await http::async_write(connection, request, asio::use_awaitable);
    Response response;
    co_await http::async_read(connection, buffer, response, asio::use_awaitable);
    if (response.body() != request.body()) co_return;
  }
  connection.expires_never();
  websocket::stream<beast::tcp_stream> stream(std::move(connection));
  stream.set_option(websocket::stream_base::timeout::suggested(beast::role_type::client));
  co_await stream.async_handshake("server", "/socket", asio::use_awaitable);
  for (const std::size_t size : kSizes) {
    const std::string sent = message(size);
    co_await stream.async_write(asio::buffer(sent), asio::use_awaitable);
    beast::flat_buffer received;
    co_await stream.async_read(received, asio::use_awaitable);
    if (beast::buffers_to_string(received.data()) != sent) co_return;
  }
  co_await stream.async_close(websocket::close_code::normal, asio::use_awaitable);
  result = 0;
}

int asynchronous_client() {
  asio::io_context context;
  int result = 1;
  asio::co_spawn(context, talk(result), asio::detached);
  context.run();
  return result;
}

struct Kind {
  const char* name;
  int (*server)(int connections);
  int (*client)();
};
constexpr Kind kKinds[] = {
    {"both block", blocking_server, blocking_client},
    {"both run an io_context", asynchronous_server, asynchronous_client},
    {"the client blocks", asynchronous_server, blocking_client},
};

// Beast draws its masks from a generator that there is once for the process.
std::uint64_t run(std::uint64_t seed, const Kind& kind) {
  return in_fresh_process([&]() -> std::uint64_t {
    Programs programs(seed);
    programs.kernel.fabric.set_default_link({1ms, 3ms});
    programs.add("server", [&kind](int, char**) { return kind.server(kClients); });
    for (int i = 0; i < kClients; ++i) {
      programs.add("client-" + std::to_string(i + 1), [&kind](int, char**) {
        std::this_thread::sleep_for(1ms);  // until the server listens
        return kind.client();
      });
    }
    programs.run();
    return programs.all_ended() && programs.all_succeeded() ? programs.hash() : 0;
  });
}

}  // namespace

TEST_CASE("Beast's HTTP and WebSocket between ordinary programs") {
  for (const Kind& kind : kKinds) {
    INFO(kind.name);
    std::set<std::uint64_t> hashes;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      const std::uint64_t hash = run(seed, kind);
      CHECK(hash != 0);
      CHECK(run(seed, kind) == hash);
      hashes.insert(hash);
    }
    CHECK(hashes.size() == 3);
  }
}
