#include "system-under-test/plaza/load/user.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "system-under-test/plaza/load/clock.hpp"

namespace plaza::load {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::uint64_t kCountMost = 2;  // tickets of one request

asio::awaitable<void> sleep_until(Clock::time_point time) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor, time);
  error_code ignored;
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Operation draw_operation(const Mix& mix, std::uint64_t drawn) {
  const std::pair<Operation, unsigned> shares[] = {
      {Operation::hold, mix.hold}, {Operation::release, mix.release}, {Operation::purchase, mix.purchase},
      {Operation::buy, mix.buy},   {Operation::wait, mix.wait},       {Operation::leave, mix.leave},
      {Operation::look, mix.look},
  };
  for (const auto& [op, share] : shares) {
    if (drawn < share) return op;
    drawn -= share;
  }
  return Operation::look;
}

Outcome outcome_of(const CallResult& result) {
  if (!result.error) return result.response.ok() ? Outcome::done : Outcome::refused;
  return result.attempts > 0 ? Outcome::unknown : Outcome::unsent;
}

}  // namespace

User::User(const asio::any_io_executor& executor, ClientConfig config, std::string name, unsigned number, Run& run)
    : name_(std::move(name)),
      run_(run),
      client_(executor, std::move(config)),
      choices_(run.options.seed, "choices", number),
      pauses_(run.options.seed, "pauses", number) {}

asio::awaitable<void> User::live(Clock::time_point arrival) {
  co_await sleep_until(arrival);
  begin_watches();
  const std::chrono::microseconds mean = mean_pause(run_.options);
  // Whoever thinks begins to when the answer is there; a rate does not wait for answers.
  const bool thinks = run_.options.rate == 0;
  Clock::time_point since = Clock::now();
  for (;;) {
    const Clock::time_point next = since + pauses_.pause(mean);
    co_await sleep_until(std::min(run_.end, next));
    if (Clock::now() >= run_.end) break;
    co_await ask(choose());
    since = thinks ? Clock::now() : next;
  }
}

asio::awaitable<void> User::verify(Verdict& verdict) {
  const std::chrono::milliseconds patience(run_.options.patience_ms);
  co_await load::verify(client_, std::exchange(acknowledged_, {}), patience, verdict);
}

asio::awaitable<void> User::leave() {
  co_await client_.close();
  run_.tally.connections += client_.connections() > 0 ? 1 : 0;
  run_.tally.reconnects += client_.connections() > 0 ? client_.connections() - 1 : 0;
  run_.tally.regressions += client_.regressions();
}

void User::begin_watches() {
  client_.watch("event/" + run_.options.event, [this](const TopicPush&) { ++run_.tally.pushes; });
  client_.watch("user", [this](const TopicPush& push) {
    ++run_.tally.pushes;
    const UserPush& mine = std::get<UserPush>(push);
    const auto is_here = [this](const UserPush::Item& item) { return item.event == run_.options.event; };
    waits_ = std::any_of(mine.waits.begin(), mine.waits.end(), is_here);
    offers_.clear();
    for (const UserPush::Item& offer : mine.offers) {
      if (is_here(offer)) offers_.insert(offer.id);
    }
  });
}

Request User::choose() {
  Operation op = draw_operation(run_.options.mix, choices_.below(run_.options.mix.sum()));
  const std::uint64_t count = 1 + choices_.below(kCountMost);
  const bool needs_hold = op == Operation::release || op == Operation::purchase;
  if (needs_hold && holds_.empty() && offers_.empty()) op = Operation::hold;
  if (op == Operation::leave && !waits_) op = Operation::wait;

  Request request{.id = run_.tag + "-" + std::to_string(++asked_), .op = op, .event = run_.options.event};
  if (op == Operation::hold || op == Operation::buy || op == Operation::wait) {
    request.count = static_cast<std::uint32_t>(count);
  } else if (op == Operation::release || op == Operation::purchase) {
    request.hold = offers_.empty() ? holds_.front() : *offers_.begin();
  }
  return request;
}

asio::awaitable<void> User::ask(Request request) {
  Entry entry{.at_ms = unix_ms(), .user = name_, .request = request};
  const std::uint64_t acknowledged_before = run_.version_acknowledged;
  const Clock::time_point begun = Clock::now();
  const Clock::time_point deadline = begun + std::chrono::milliseconds(run_.options.patience_ms);
  const CallResult result = co_await client_.call(std::move(request), deadline);

  const auto took = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
  entry.took_us = static_cast<std::uint64_t>(took.count());
  entry.outcome = outcome_of(result);
  if (result.error) {
    entry.error = result.error.message();
  } else {
    entry.answer = result.response;
  }
  if (entry.outcome == Outcome::done) {
    // A look is linearizable: it shows at least what had been acknowledged when it was asked for.
    const bool is_look = entry.request.op == Operation::look;
    if (is_look && result.response.version < acknowledged_before) ++run_.tally.stale_looks;
    run_.version_acknowledged = std::max(run_.version_acknowledged, result.response.version);
  }
  learn(entry);
  run_.tally.add(entry, result.attempts);
  run_.ledger.write(entry);
  if (must_be_found(entry)) acknowledged_.push_back(std::move(entry));
}

void User::learn(const Entry& entry) {
  const Request& request = entry.request;
  if (request.op == Operation::release || request.op == Operation::purchase) {
    // Whatever came of it, another one is taken next time.
    std::erase(holds_, request.hold);
    offers_.erase(request.hold);
  } else if (entry.outcome == Outcome::done && !entry.answer->hold.empty()) {
    holds_.push_back(entry.answer->hold);
  }
}

}  // namespace plaza::load
