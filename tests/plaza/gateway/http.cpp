// HTTP: paths, tokens, and what is no HTTP.
#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/plaza/gateway/fixture.hpp"
#include "tests/plaza/protocol/mutation.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

namespace {

// Says this and hears all until the other end closes.
asio::awaitable<std::string> converse(Plaza& plaza, std::string said) {
  tcp::socket socket(plaza.io);
  co_await socket.async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
  error_code error;
  co_await asio::async_write(socket, asio::buffer(said), asio::redirect_error(asio::use_awaitable, error));
  std::string heard;
  co_await asio::async_read(socket, asio::dynamic_buffer(heard), asio::redirect_error(asio::use_awaitable, error));
  co_return heard;
}

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n" + headers + "\r\n";
}

std::string upgrade(const std::string& target, const std::string& headers = "") {
  return "GET " + target +
         " HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
         headers + "\r\n";
}

// A handshake without its line that begins like this; with others in its place.
std::string upgrade_but(const std::string& begin, const std::string& instead = "") {
  std::string said = upgrade("/v1?token=" + token_of("ann"), instead);
  const std::size_t at = said.find(begin);
  return said.erase(at, said.find("\r\n", at) + 2 - at);
}

std::string status_of(const std::string& response) { return response.substr(0, response.find("\r\n")).substr(0, 12); }
std::string body_of(const std::string& response) {
  const auto end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

}  // namespace

TEST_CASE("what HTTP answers", "[gateway]") {
  GatewayConfig config;
  config.http_timeout = 100ms;
  Plaza plaza(config);
  const std::string expired = token_of("ann", -1);
  const std::string others = TokenKey::make(8).sign({.user = "ann", .expires_unix = unix_now() + 1000});
  struct Case {
    std::string said;
    std::string status;
    std::string body;
  };
  const std::vector<Case> cases{
      {get("/healthz"), "HTTP/1.1 200", "ok"},
      {get("/healthz?x=1"), "HTTP/1.1 200", "ok"},
      {"HEAD /healthz HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n", "HTTP/1.1 200", ""},
      {"GET /healthz HTTP/1.0\r\n\r\n", "HTTP/1.0 200", "ok"},
      {get("/"), "HTTP/1.1 404", R"({"error":"unknown_path"})"},
      {get("/v1/x"), "HTTP/1.1 404", R"({"error":"unknown_path"})"},
      {get("/v2"), "HTTP/1.1 404", R"({"error":"unknown_version"})"},
      {upgrade("/v2", "Connection: close\r\n"), "HTTP/1.1 404", R"({"error":"unknown_version"})"},
      {"POST /metrics HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 405",
       R"({"error":"wrong_method"})"},
      {"DELETE /v1 HTTP/1.1\r\nHost: test\r\n\r\n", "HTTP/1.1 405", R"({"error":"wrong_method"})"},
      {get("/v1"), "HTTP/1.1 426", R"({"error":"upgrade_required"})"},
      {upgrade("/v1", "Connection: close\r\n"), "HTTP/1.1 401", R"({"error":"bad_token"})"},
      {upgrade("/v1?token=x"), "HTTP/1.1 401", R"({"error":"bad_token"})"},
      {upgrade("/v1?user=ann"), "HTTP/1.1 401", R"({"error":"bad_token"})"},
      {upgrade("/v1?token=" + others), "HTTP/1.1 401", R"({"error":"bad_token"})"},
      {upgrade("/v1?token=" + expired), "HTTP/1.1 401", R"({"error":"token_expired"})"},
      {upgrade("/v1", "Authorization: Bearer " + expired + "\r\n"), "HTTP/1.1 401", R"({"error":"token_expired"})"},
      {upgrade("/v1?token=" + token_of("ann"), "Content-Length: 1\r\n") + "x", "HTTP/1.1 400",
       R"({"error":"bad_request"})"},
      {upgrade_but("Sec-WebSocket-Version", "Sec-WebSocket-Version: 12\r\nConnection: close\r\n"), "HTTP/1.1 426",
       R"({"error":"upgrade_required"})"},
      {upgrade_but("Sec-WebSocket-Key"), "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {upgrade_but("Sec-WebSocket-Key", "Sec-WebSocket-Key: x\r\n"), "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {upgrade_but("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!=\r\n"), "HTTP/1.1 400",
       R"({"error":"bad_request"})"},
      {upgrade_but("Sec-WebSocket-Key", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZXh4\r\n"), "HTTP/1.1 400",
       R"({"error":"bad_request"})"},
      {upgrade_but("Host"), "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"GET /healthz HTTP/1.1\r\n\r\n", "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {get("/healthz", "Host: another\r\n"), "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"GET /healthz HTTP/1.0\r\nHost: one\r\nHost: another\r\n\r\n", "HTTP/1.0 400", R"({"error":"bad_request"})"},
      {get("/healthz", "X: " + std::string(9000, 'x') + "\r\n"), "HTTP/1.1 431", R"({"error":"header_too_large"})"},
      {get("/" + std::string(100'000, 'x')), "HTTP/1.1 431", R"({"error":"header_too_large"})"},
      {"nonsense\r\n\r\n", "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"\x16\x03\x01\x02 a client that speaks TLS", "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"GET /healthz HTTP/1.1\r\nbroken header\r\n\r\n", "HTTP/1.1 400", R"({"error":"bad_request"})"},
      {"GET /healthz HTTP/1.1\r\nHost: te", "", ""},  // and nothing more: dropped after a while
      {"", "", ""},
  };
  const auto test = [&]() -> asio::awaitable<void> {
    for (const Case& c : cases) {
      const std::string heard = co_await converse(plaza, c.said);
      INFO(c.said.substr(0, 200));
      CHECK(status_of(heard) == c.status);
      CHECK(body_of(heard) == c.body);
      if (c.status == "HTTP/1.1 400") CHECK(heard.find("Connection: close\r\n") != std::string::npos);
    }
    CHECK(plaza.server->view().sessions == 0);
  };
  run(plaza.io, test());
}

TEST_CASE("a connection serves several requests, and then a session", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    tcp::socket socket(plaza.io);
    co_await socket.async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
    const std::string said = "GET /healthz HTTP/1.1\r\nHost: test\r\n\r\nGET /v2 HTTP/1.1\r\nHost: test\r\n\r\n";
    co_await asio::async_write(socket, asio::buffer(said), asio::use_awaitable);
    std::string heard;
    while (heard.find("unknown_version") == std::string::npos) {
      char piece[1024];
      const std::size_t bytes = co_await socket.async_read_some(asio::buffer(piece), asio::use_awaitable);
      heard.append(piece, bytes);
    }
    CHECK(status_of(heard) == "HTTP/1.1 200");
    TestClient client(std::move(socket));
    co_await client.open_target("/v1?token=" + token_of("ann"));
    co_await pause(plaza.io, 5ms);
    CHECK(plaza.server->view().sessions == 1);
    CHECK(plaza.server->view().shown.at(0).user == "ann");
    CHECK(plaza.server->view().http_connections == 0);
  };
  run(plaza.io, test());
}

TEST_CASE("without a key users are believed", "[gateway]") {
  Plaza plaza;
  GatewayConfig config;
  plaza.server.reset();
  plaza.server.emplace(plaza.io.get_executor(), config, plaza.replica);
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.socket().async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
    co_await client.open_target("/v1?x&user=J%c3%bcrgen%20%&user=other");
    co_await pause(plaza.io, 5ms);
    CHECK(plaza.server->view().shown.at(0).user == "Jürgen %");
    const std::string nobody = co_await converse(plaza, upgrade("/v1", "Connection: close\r\n"));
    CHECK(body_of(nobody) == R"({"error":"bad_token"})");
  };
  run(plaza.io, test());
}

TEST_CASE("health, metrics and the state of a node", "[gateway]") {
  Plaza plaza;
  const auto test = [&]() -> asio::awaitable<void> {
    TestClient client(plaza.io);
    co_await client.open(plaza);
    co_await client.exchange(R"({"id":"1","op":"hold","event":"fair","count":1})");
    co_await client.exchange("nonsense");
    co_await client.say(R"({"id":"w","op":"watch","topic":"user"})");
    co_await client.hear();
    co_await client.hear();

    const std::string metrics = body_of(co_await converse(plaza, get("/metrics")));
    for (const std::string line :
         {R"(plaza_requests_total{op="hold",outcome="ok"} 1)",
          R"(plaza_requests_total{op="none",outcome="bad_request"} 1)", "plaza_sessions 1", "plaza_http_connections 1",
          "plaza_watches 1", "plaza_pushes_total 1", "plaza_slow_consumers_total 0", R"(plaza_role{role="leader"} 1)",
          "plaza_term 3", "plaza_applied_index 3", R"(plaza_peer_frames_sent_total{peer="2"} 17)",
          "# TYPE plaza_requests_total counter"}) {
      INFO(metrics);
      CHECK(metrics.find(line + "\n") != std::string::npos);
    }

    const std::string state = body_of(co_await converse(plaza, get("/debug/state")));
    const auto parsed = boost::json::parse(state);
    CHECK(parsed.at("replica").at("raft").at("role") == "leader");
    const auto& shown = parsed.at("gateway").at("shown").at(0);
    CHECK(shown.at("user") == "ann");
    CHECK(shown.at("watches").at(0) == "user");

    plaza.replica->is_leaderless = true;
    const std::string health = co_await converse(plaza, get("/healthz"));
    CHECK(status_of(health) == "HTTP/1.1 503");
    CHECK(body_of(health) == R"({"error":"not_ready","role":"follower","leader":0})");
  };
  run(plaza.io, test());
}

TEST_CASE("mutated handshakes do no harm", "[gateway]") {
  GatewayConfig config;
  config.handshake_timeout = 50ms;
  Plaza plaza(config);
  const auto test = [&]() -> asio::awaitable<void> {
    Random random(3);
    for (int i = 0; i < 500; ++i) {
      std::string said = mutated(upgrade("/v1?token=" + token_of("ann")), random);
      if (i % 2 == 0) said += mutated("\x81\x85\x01\x02\x03\x04hello", random);
      tcp::socket socket(plaza.io);
      co_await socket.async_connect(plaza.server->local_endpoint(), asio::use_awaitable);
      error_code error;
      co_await asio::async_write(socket, asio::buffer(said), asio::redirect_error(asio::use_awaitable, error));
      socket.shutdown(tcp::socket::shutdown_send, error);
      std::string heard;
      co_await asio::async_read(socket, asio::dynamic_buffer(heard), asio::redirect_error(asio::use_awaitable, error));
    }
    co_await pause(plaza.io, 20ms);
    CHECK(plaza.server->view().sessions == 0);
    CHECK(plaza.server->view().http_connections == 0);
    const std::string health = co_await converse(plaza, get("/healthz"));
    CHECK(body_of(health) == "ok");
  };
  run(plaza.io, test());
}
