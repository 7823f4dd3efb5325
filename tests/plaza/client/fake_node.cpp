#include "tests/plaza/client/fake_node.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <exception>
#include <stdexcept>
#include <utility>
#include <variant>

#include "system-under-test/plaza/spawn.hpp"

namespace plaza::test {
namespace {

class Connection final : public FakeNode::Session, public std::enable_shared_from_this<Connection> {
 public:
  explicit Connection(boost::asio::ip::tcp::socket socket) : stream(std::move(socket)) {}

  void send(std::string text) override {
    outbound_.push_back(std::move(text));
    if (outbound_.size() == 1) write_next();
  }
  void close(CloseCode code) override {
    stream.async_close(static_cast<boost::beast::websocket::close_code>(code),
                       [self = shared_from_this()](boost::system::error_code) {});
  }
  void drop() override { stream.next_layer().close(); }
  std::uint16_t close_code() const override { return stream.reason().code; }

  boost::beast::websocket::stream<boost::beast::tcp_stream> stream;

 private:
  void write_next() {
    stream.async_write(boost::asio::buffer(outbound_.front()),
                       [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                         self->outbound_.pop_front();
                         if (!error && !self->outbound_.empty()) self->write_next();
                       });
  }

  std::deque<std::string> outbound_;
};

}  // namespace

void FakeNode::Session::answer(const Request& request, std::uint64_t version) {
  send(encode(Response{.id = request.id, .version = version}));
}

void FakeNode::Session::refuse(const Request& request, Error error, std::uint64_t version) {
  send(encode(Response{.id = request.id, .version = version, .error = error}));
}

void FakeNode::Session::push(std::string_view event, std::uint64_t version) {
  send(encode_push("event/" + std::string(event), version, R"({"free":1,"held":2,"sold":3,"waiting":4})"));
}

FakeNode::FakeNode(boost::asio::io_context& io, OnRequest handler)
    : on_request(std::move(handler)), acceptor_(io, {boost::asio::ip::address_v4::loopback(), 0}) {
  spawn(acceptor_.get_executor(), accept_all());
}

std::vector<std::string> FakeNode::ids() const {
  std::vector<std::string> all;
  for (const Request& request : requests) all.push_back(request.id);
  return all;
}

boost::asio::awaitable<void> FakeNode::accept_all() {
  for (;;) {
    boost::system::error_code error;
    boost::asio::ip::tcp::socket socket =
        co_await acceptor_.async_accept(boost::asio::redirect_error(boost::asio::use_awaitable, error));
    if (error) co_return;
    spawn(acceptor_.get_executor(), serve(std::move(socket)));
  }
}

boost::asio::awaitable<void> FakeNode::serve(boost::asio::ip::tcp::socket socket) {
  namespace http = boost::beast::http;
  const auto session = std::make_shared<Connection>(std::move(socket));
  boost::system::error_code error;
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
  boost::beast::flat_buffer buffer;
  http::request<http::string_body> upgrade;
  co_await http::async_read(session->stream.next_layer(), buffer, upgrade, token);
  if (error) co_return;
  upgrades.push_back(std::chrono::steady_clock::now());
  session->target = {upgrade.target().data(), upgrade.target().size()};
  targets.push_back(session->target);
  const auto authorization = upgrade[http::field::authorization];
  authorizations.emplace_back(authorization.data(), authorization.size());
  if (decline != 0) {
    http::response<http::string_body> refusal(static_cast<http::status>(decline), 11);
    refusal.prepare_payload();
    co_await http::async_write(session->stream.next_layer(), refusal, token);
    co_return;
  }
  if (slowness.count() > 0) {
    boost::asio::steady_timer timer(acceptor_.get_executor(), slowness);
    co_await timer.async_wait(token);
  }
  co_await session->stream.async_accept(upgrade, token);
  if (error) co_return;
  session->stream.text(true);
  sessions.push_back(session);
  while (!deaf) {
    co_await session->stream.async_read(buffer, token);
    if (error) break;
    const std::string text(static_cast<const char*>(buffer.cdata().data()), buffer.size());
    buffer.consume(buffer.size());
    const auto decoded = decode_request(text);
    const auto* request = std::get_if<Request>(&decoded);
    if (!request) throw std::runtime_error("no request: " + text);
    requests.push_back(*request);
    if (on_request) {
      on_request(*session, *request);
    } else {
      session->answer(*request, 1);
    }
  }
  session->is_over = !deaf;
}

ClientConfig config_for(std::initializer_list<const FakeNode*> nodes) {
  ClientConfig config;
  for (const FakeNode* node : nodes) config.nodes.push_back(node->endpoint());
  config.user = "ann";
  config.backoff_first = std::chrono::milliseconds(2);
  config.backoff_max = std::chrono::milliseconds(20);
  return config;
}

Request request(std::string id, Operation op) {
  return Request{.id = std::move(id), .op = op, .event = "concert", .count = 1};
}

std::chrono::steady_clock::time_point soon(std::chrono::steady_clock::duration wait) {
  return std::chrono::steady_clock::now() + wait;
}

std::shared_ptr<std::optional<CallResult>> begin(boost::asio::io_context& io, Client& client, Request what,
                                                 std::chrono::steady_clock::time_point deadline) {
  const auto result = std::make_shared<std::optional<CallResult>>();
  boost::asio::co_spawn(io, client.call(std::move(what), deadline),
                        [result](std::exception_ptr failure, CallResult got) {
                          if (failure) std::rethrow_exception(failure);
                          *result = std::move(got);
                        });
  return result;
}

boost::asio::awaitable<void> pause(std::chrono::steady_clock::duration length) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, length);
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

boost::asio::awaitable<void> until(std::function<bool()> condition) {
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  bool met = condition();
  while (!met && std::chrono::steady_clock::now() < give_up) {
    co_await pause(std::chrono::milliseconds(1));
    met = condition();
  }
  CHECK(met);
}

}  // namespace plaza::test
