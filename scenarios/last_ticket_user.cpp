#include <fmt/format.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <variant>

#include <stillpoint/random.hpp>

#include "scenarios/last_ticket.hpp"
#include "system-under-test/plaza/client/client.hpp"

namespace last_ticket {

namespace asio = boost::asio;
using boost::system::error_code;
using SteadyClock = std::chrono::steady_clock;

namespace {

// A node that has lost its power says nothing: for a second, then it counts as gone.
constexpr Duration kSilence = std::chrono::seconds(1);
constexpr std::uint32_t kGroupMost = 4;

}  // namespace

class User {
 public:
  User(asio::io_context& context, const UserContext& shared, std::string name)
      : context_(context),
        shared_(shared),
        name_(std::move(name)),
        random_(shared.simulation.stream("user", name_)),
        draws_(shared.simulation.stream("retry jitter", name_)),
        client_(context.get_executor(), client_config()),
        timer_(context) {}

  void start() {
    asio::co_spawn(context_, live(), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }

 private:
  plaza::ClientConfig client_config() {
    plaza::ClientConfig config;
    config.nodes = shared_.nodes;
    config.user = name_;
    config.idle_timeout = kSilence;
    config.attempt_timeout = kSilence;
    config.draw = [this] { return draws_.next(); };
    return config;
  }

  asio::awaitable<void> live() {
    co_await pause(random_.between(Duration::zero(), shared_.settings.arrive_within));
    const EventId step = shared_.simulation.step(name_, "arrives");
    const EventId invoke = shared_.ledger.arriving(name_, step);
    error_code error = co_await client_.connect(give_up());
    while (error) error = co_await client_.connect(give_up());
    shared_.ledger.arrived(invoke, name_);
    while (!done()) {
      if (!watching_) watch();
      co_await think();
      if (random_.chance(shared_.settings.look)) co_await look();
      if (!stock_) continue;
      if (stock_->counts.free > stock_->counts.waiting) {
        co_await try_for_a_ticket();
      } else if (!sold_out() && random_.chance(shared_.settings.wait)) {
        co_await wait_in_line();
      }
    }
    co_await look();  // once more, before they go
    shared_.done();
  }

  // An event that is not there yet cannot be watched: later, then.
  void watch() {
    shared_.simulation.step(name_, "watches the stock");
    watching_ = true;
    client_.watch(
        plaza::tickets::event_topic(kEvent), [this](const plaza::TopicPush& push) { on_push(push); },
        [this](const plaza::CallResult&) { watching_ = false; });
  }

  bool done() const {
    if (shared_.simulation.now().time_since_epoch() < shared_.settings.busy) return false;
    return satisfied_ || sold_out() || shared_.settings.go_without;
  }
  bool sold_out() const { return stock_ && stock_->counts.free == 0 && stock_->counts.held == 0; }

  std::uint32_t how_many() {
    if (!random_.chance(shared_.settings.group)) return 1;
    return 2 + static_cast<std::uint32_t>(random_.below(kGroupMost - 1));
  }

  asio::awaitable<void> try_for_a_ticket() {
    const std::uint32_t count = how_many();
    if (random_.chance(shared_.settings.buy_now)) {
      const plaza::Response bought = co_await ask(request(plaza::Operation::buy, count), "buys at once");
      satisfied_ |= bought.ok();
      co_return;
    }
    const plaza::Request wanted = request(plaza::Operation::hold, count);
    const plaza::Response held = co_await ask(wanted, "takes a hold");
    if (held.ok()) co_await decide_about(wanted.id);
  }

  asio::awaitable<void> decide_about(std::string hold) {
    co_await think();
    const std::uint64_t mood = random_.below(1'000'000);
    const std::uint64_t abandons = shared_.settings.abandon.ppm;
    const std::uint64_t gives_back = abandons + shared_.settings.give_back.ppm;
    if (mood < abandons) {
      shared_.simulation.step(name_, "forgets the hold");
    } else if (mood < gives_back) {
      co_await ask(about(plaza::Operation::release, hold), "gives the hold back");
    } else {
      const plaza::Response bought = co_await ask(about(plaza::Operation::purchase, hold), "pays for the hold");
      satisfied_ |= bought.ok();
    }
  }

  // Until there is an offer, or patience is over. The offer is a hold under the id of the wait.
  asio::awaitable<void> wait_in_line() {
    const plaza::Request wanted = request(plaza::Operation::wait, how_many());
    offered_.reset();
    client_.watch("user", [this](const plaza::TopicPush& push) { on_push(push); });
    const plaza::Response waits = co_await ask(wanted, "waits in line");
    if (waits.ok()) {
      const auto until = SteadyClock::now() + shared_.settings.patience;
      bool offered = !waits.hold.empty() || offered_ == wanted.id;
      while (!offered && SteadyClock::now() < until) {
        co_await pause(shared_.settings.think_min);
        offered = offered_ == wanted.id;
      }
      if (!offered) {
        const plaza::Response left = co_await ask(request(plaza::Operation::leave, 0), "loses patience");
        offered = left.error == plaza::Error::not_waiting;  // in the last moment
      }
      if (offered) co_await decide_about(wanted.id);
    }
    client_.unwatch("user");
  }

  asio::awaitable<void> look() { co_await ask(request(plaza::Operation::look, 0), "asks how many are left"); }

  plaza::Request request(plaza::Operation op, std::uint32_t count) {
    plaza::Request request;
    request.id = fmt::format("{}-{}", name_, ++requests_);
    request.op = op;
    request.event = kEvent;
    request.count = count;
    return request;
  }
  plaza::Request about(plaza::Operation op, const std::string& hold) {
    plaza::Request made = request(op, 0);
    made.hold = hold;
    return made;
  }

  // One operation, with its retries, from invocation to answer.
  asio::awaitable<plaza::Response> ask(plaza::Request request, std::string_view why) {
    const EventId step = shared_.simulation.step(name_, why);
    const EventId invoke = shared_.ledger.invoke(name_, request, step);
    const plaza::CallResult result = co_await client_.call(request, give_up());
    if (result.error) {
      shared_.ledger.unanswered(invoke, name_, request, result.error.message());
    } else {
      shared_.ledger.answered(invoke, name_, request, result.response);
    }
    co_return result.error ? refused() : result.response;
  }

  // What a user goes by who does not know what came of it: that it was nothing.
  static plaza::Response refused() {
    plaza::Response response;
    response.error = plaza::Error::unavailable;
    return response;
  }

  void on_push(const plaza::TopicPush& push) {
    if (const auto* stock = std::get_if<plaza::EventPush>(&push)) {
      shared_.ledger.saw(name_, stock_ ? stock_->version : 0, *stock);
      stock_ = *stock;
      return;
    }
    for (const plaza::UserPush::Item& offer : std::get<plaza::UserPush>(push).offers) offered_ = offer.id;
  }

  SteadyClock::time_point give_up() const { return SteadyClock::now() + shared_.settings.give_up_after; }

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
  stillpoint::RandomStream draws_;
  plaza::Client client_;
  asio::steady_timer timer_;
  std::optional<plaza::EventPush> stock_;  // as pushed last
  std::optional<std::string> offered_;     // the wait that was offered what it waited for
  bool watching_ = false;
  bool satisfied_ = false;
  std::uint64_t requests_ = 0;
};

std::shared_ptr<User> start_user(asio::io_context& context, const UserContext& shared, std::string name) {
  auto user = std::make_shared<User>(context, shared, std::move(name));
  user->start();
  return user;
}

}  // namespace last_ticket
