// One client's visit to a server, and what it saw. The visit is the same on any network: the report holds nothing that
// depends on how fast things went, so that the reports of two runs against equal servers can be compared.
//
// Expects a server that nobody else uses, with at least 8 tickets and holds that outlast the visit (a second or so).
#pragma once

#include <algorithm>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"

namespace plaza::test {

struct DriveReport {
  std::string connect_error;            // empty: it went well
  std::vector<std::string> answers;     // the text of every answer to the sequential calls, or "error: ..."
  std::vector<std::uint32_t> together;  // the tickets bought by calls that overlapped, sorted
  StockPush first_push;
  StockPush last_push;
  bool pushes_regressed = false;
  std::string close_error;
  bool operator==(const DriveReport&) const = default;
};

namespace detail {

struct Pushes {
  std::vector<StockPush> seen;
  bool regressed = false;
};

inline boost::asio::awaitable<void> pause(std::chrono::steady_clock::duration length) {
  const auto executor = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(executor, length);
  boost::system::error_code ignored;
  co_await timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
}

inline std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(5);
}

inline std::string text_of(const CallResult& result) {
  return result.error ? "error: " + result.error.message() : encode(result.response);
}

}  // namespace detail

inline boost::asio::awaitable<DriveReport> drive_client(Client& client, boost::asio::ip::tcp::endpoint server) {
  DriveReport report;
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto pushes = std::make_shared<detail::Pushes>();
  client.on_stock([pushes](const StockPush& push) {
    if (!pushes->seen.empty() && push.version <= pushes->seen.back().version) pushes->regressed = true;
    pushes->seen.push_back(push);
  });

  const boost::system::error_code connected = co_await client.connect(server);
  if (connected) {
    report.connect_error = connected.message();
    co_return report;
  }

  // One after the other.
  const std::vector<Request> visits{
      {.id = "watch", .op = Operation::watch, .user = "ann", .ticket = 0},
      {.id = "hold-1", .op = Operation::hold, .user = "ann", .ticket = 0},
      {.id = "hold-1", .op = Operation::hold, .user = "ann", .ticket = 0},  // a repetition
      {.id = "purchase-1", .op = Operation::purchase, .user = "ann", .ticket = 1},
      {.id = "purchase-1", .op = Operation::purchase, .user = "ann", .ticket = 1},  // a repetition
      {.id = "purchase-2", .op = Operation::purchase, .user = "ann", .ticket = 1},  // sold already
      {.id = "purchase-3", .op = Operation::purchase, .user = "bob", .ticket = 2},  // never held
      {.id = "hold-1", .op = Operation::buy, .user = "ann", .ticket = 0},           // the id was used before
      {.id = "hold-2", .op = Operation::hold, .user = "bob", .ticket = 0},
      {.id = "release-1", .op = Operation::release, .user = "bob", .ticket = 2},
      {.id = "release-2", .op = Operation::release, .user = "bob", .ticket = 2},  // not held any more
      {.id = "buy-1", .op = Operation::buy, .user = "bob", .ticket = 0},
      {.id = "buy-1", .op = Operation::buy, .user = "bob", .ticket = 0},  // a repetition
  };
  for (const Request& request : visits) {
    const CallResult result = co_await client.call(request, detail::soon());
    report.answers.push_back(detail::text_of(result));
  }

  // Several at once.
  constexpr std::size_t kTogether = 3;
  const auto finished = std::make_shared<std::vector<std::uint32_t>>();
  for (std::size_t i = 0; i < kTogether; ++i) {
    Request request{.id = "together-" + std::to_string(i), .op = Operation::buy, .user = "cid", .ticket = 0};
    boost::asio::co_spawn(executor, client.call(std::move(request), detail::soon()),
                          [finished](std::exception_ptr failure, CallResult result) {
                            if (failure) std::rethrow_exception(failure);
                            finished->push_back(result.response.ticket);
                          });
  }
  while (finished->size() < kTogether) co_await detail::pause(std::chrono::milliseconds(1));
  report.together = *finished;
  std::sort(report.together.begin(), report.together.end());

  // The last one patiently, which must not matter where nothing goes wrong.
  Request last{.id = "hold-3", .op = Operation::hold, .user = "cid", .ticket = 0};
  const RetryPolicy policy;
  const CallResult result = co_await client.call_with_retries(last, policy);
  report.answers.push_back(detail::text_of(result));

  // The pushes end with the state that the last answer has told.
  const auto give_up = detail::soon();
  while (pushes->seen.empty() || pushes->seen.back().version < result.response.version) {
    if (std::chrono::steady_clock::now() > give_up) break;
    co_await detail::pause(std::chrono::milliseconds(1));
  }
  if (!pushes->seen.empty()) {
    report.first_push = pushes->seen.front();
    report.last_push = pushes->seen.back();
  }
  report.pushes_regressed = pushes->regressed;

  const boost::system::error_code closed = co_await client.close();
  if (closed) report.close_error = closed.message();
  client.on_stock(nullptr);
  co_return report;
}

}  // namespace plaza::test
