#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>

#include <stillpoint/random.hpp>

#include "scenarios/last_ticket.hpp"
#include "system-under-test/plaza/client/client.hpp"

namespace last_ticket {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {
// A node that has lost its power says nothing; a request may meet such a connection several times.
constexpr Duration kSilence = std::chrono::seconds(1);
constexpr int kStubbornAttempts = 60;
}  // namespace

class User {
 public:
  User(asio::io_context& context, const UserContext& shared, std::string name)
      : context_(context),
        shared_(shared),
        name_(std::move(name)),
        random_(shared.simulation.stream("user", name_)),
        jitter_(shared.simulation.stream("retry jitter", name_)),
        client_(context.get_executor(), {.idle_timeout = kSilence}),
        timer_(context) {
    client_.on_stock([this](const plaza::StockPush& push) { on_stock(push); });
  }

  void start() {
    asio::co_spawn(context_, live(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

 private:
  asio::awaitable<void> live() {
    co_await pause(random_.between(Duration::zero(), shared_.settings.arrive_within));
    const asio::ip::tcp::endpoint server(asio::ip::make_address_v4(shared_.server_address), shared_.server_port);
    const EventId step = shared_.simulation.step(name_, "arrives");
    const EventId invoke = shared_.ledger.arriving(name_, step);
    error_code error = co_await client_.connect(server);
    while (error) {
      co_await think();
      error = co_await client_.connect(server);
    }
    shared_.ledger.arrived(invoke, name_);
    co_await watch("watches the stock");
    while (!satisfied_ && !sold_out()) {
      co_await think();
      // A watch ends with its connection, whether or not there is another one by now.
      if (!client_.is_connected() || client_.connections() != watched_on_) co_await watch("watches the stock again");
      if (stock_ && stock_->free > 0) co_await try_for_a_ticket();
    }
    shared_.done();
  }

  asio::awaitable<void> watch(std::string_view why) {
    co_await ask(plaza::Operation::watch, 0, why);
    watched_on_ = client_.connections();
  }

  asio::awaitable<void> try_for_a_ticket() {
    if (random_.chance(shared_.settings.buy_now)) {
      const plaza::Response bought = co_await ask(plaza::Operation::buy, 0, "buys at once");
      satisfied_ = bought.ok();
      co_return;
    }
    const plaza::Response held = co_await ask(plaza::Operation::hold, 0, "takes a hold");
    if (!held.ok()) co_return;
    co_await think();
    const std::uint64_t mood = random_.below(1'000'000);
    const std::uint64_t abandons = shared_.settings.abandon.ppm;
    const std::uint64_t gives_back = abandons + shared_.settings.give_back.ppm;
    if (mood < abandons) {
      shared_.simulation.step(name_, "forgets the hold");
    } else if (mood < gives_back) {
      co_await ask(plaza::Operation::release, held.ticket, "gives the hold back");
    } else {
      const plaza::Response bought = co_await ask(plaza::Operation::purchase, held.ticket, "pays for the hold");
      satisfied_ = bought.ok();
    }
  }

  // One operation, with its retries, from invocation to answer.
  asio::awaitable<plaza::Response> ask(plaza::Operation op, std::uint32_t ticket, std::string_view why) {
    plaza::Request request{.id = fmt::format("{}-{}", name_, ++requests_), .op = op, .user = name_, .ticket = ticket};
    const EventId step = shared_.simulation.step(name_, why);
    const EventId invoke = shared_.ledger.invoke(request, step);
    plaza::RetryPolicy policy;
    policy.attempts_max = kStubbornAttempts;
    policy.jitter = [this] { return jitter_.next(); };
    const plaza::CallResult result = co_await client_.call_with_retries(request, std::move(policy));
    if (result.error) {
      shared_.ledger.unanswered(invoke, request, result.error.message());
    } else {
      shared_.ledger.answered(invoke, request, result.response);
    }
    co_return result.response;
  }

  void on_stock(const plaza::StockPush& push) {
    shared_.ledger.saw_stock(name_, stock_ ? stock_->version : 0, push);
    stock_ = push;
  }

  bool sold_out() const { return stock_ && stock_->free == 0 && stock_->held == 0; }

  asio::awaitable<void> think() {
    co_await pause(random_.between(shared_.settings.think_min, shared_.settings.think_max));
  }

  asio::awaitable<void> pause(Duration duration) {
    timer_.expires_after(duration);
    co_await timer_.async_wait(asio::use_awaitable);
  }

  asio::io_context& context_;
  const UserContext& shared_;
  std::string name_;
  stillpoint::RandomStream random_;
  stillpoint::RandomStream jitter_;
  plaza::Client client_;
  asio::steady_timer timer_;
  std::optional<plaza::StockPush> stock_;  // as pushed last
  std::uint64_t watched_on_ = 0;           // the connection of the watch, by number
  bool satisfied_ = false;
  std::uint64_t requests_ = 0;
};

std::shared_ptr<User> start_user(asio::io_context& context, const UserContext& shared, std::string name) {
  auto user = std::make_shared<User>(context, shared, std::move(name));
  user->start();
  return user;
}

}  // namespace last_ticket
