#include "system-under-test/plaza/load/crowd.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <iostream>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "system-under-test/plaza/load/clock.hpp"
#include "system-under-test/plaza/load/identity.hpp"
#include "system-under-test/plaza/load/ledger.hpp"
#include "system-under-test/plaza/load/report.hpp"
#include "system-under-test/plaza/load/user.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza::load {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::chrono::seconds kConnectPatience{5};
constexpr std::size_t kVerifiersMost = 200;  // users whose entries are verified at once

// Says what is wrong before a thousand users find out.
asio::awaitable<void> try_connection(asio::any_io_executor executor, ClientConfig config, std::string nodes) {
  Client client(executor, std::move(config));
  const error_code error = co_await client.connect(Clock::now() + kConnectPatience);
  if (error && error != asio::error::timed_out) {
    throw BadInput("the nodes let nobody in without a token that they know: see --token-seed");
  }
  if (error) throw BadInput("cannot connect to " + nodes + ": " + client.last_error().message());
  co_await client.close();
}

std::string in_hex(std::int64_t number) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (; number > 0; number /= 16) text.insert(text.begin(), kDigits[static_cast<std::size_t>(number % 16)]);
  return text;
}

// A line each second while users are there: on a terminal, where it is rewritten. The ledger is flushed as often.
class Progress {
 public:
  Progress(asio::io_context& io, Run& run, const std::vector<std::unique_ptr<User>>& users)
      : timer_(io), run_(run), users_(users) {
    next();
  }
  void end() {
    ended_ = true;  // the timer may have gone off already
    timer_.cancel();
    if (is_terminal_) std::cerr << "\r\033[K" << std::flush;
  }

 private:
  void next() {
    timer_.expires_at(begun_ + ++seconds_);
    timer_.async_wait([this](error_code error) {
      if (error || ended_) return;
      tell();
      next();
    });
  }
  void tell() {
    run_.ledger.flush();
    if (!is_terminal_) return;
    const KindTally total = run_.tally.total();
    std::uint64_t connected = 0;
    for (const auto& user : users_) connected += user->client().is_connected() ? 1 : 0;
    const std::uint64_t answered = total.done + total.refused;
    const std::uint64_t last_second = answered - std::exchange(answered_, answered);
    std::cerr << "\r\033[K" << progress(run_.tally, seconds_, connected, last_second) << std::flush;
  }

  asio::steady_timer timer_;
  Run& run_;
  const std::vector<std::unique_ptr<User>>& users_;
  const Clock::time_point begun_ = Clock::now();
  const bool is_terminal_ = isatty(STDERR_FILENO) != 0;
  std::chrono::seconds seconds_{0};
  std::uint64_t answered_ = 0;
  bool ended_ = false;
};

// Runs the event loop until there is nothing left to do, and so until all that was spawned is over.
void run_out(asio::io_context& io) {
  io.run();
  io.restart();
}

asio::awaitable<void> verify_user(asio::any_io_executor executor, ClientConfig config, std::vector<Entry> entries,
                                  std::chrono::milliseconds patience, Verdict& verdict) {
  Client client(executor, std::move(config));
  co_await verify(client, std::move(entries), patience, verdict);
  co_await client.close();
}

// Takes one user's entries after the other, until there are none left.
asio::awaitable<void> verify_some(asio::any_io_executor executor, const Identity& identity,
                                  std::map<std::string, std::vector<Entry>>& left, std::uint64_t& number,
                                  std::chrono::milliseconds patience, Verdict& verdict) {
  while (!left.empty()) {
    auto taken = left.extract(left.begin());
    ClientConfig config = identity.client_config(taken.key(), number++);
    co_await verify_user(executor, std::move(config), std::move(taken.mapped()), patience, verdict);
  }
}

}  // namespace

Result make_load(const Options& options) {
  const Identity identity(options);
  asio::io_context io;
  spawn(io.get_executor(), try_connection(io.get_executor(), identity.client_config(user_name(0), 0), options.nodes));
  run_out(io);

  Run run{.options = options, .tag = in_hex(unix_ms()), .ledger = LedgerFile(options.ledger), .tally = {}, .end = {}};
  const Clock::time_point begun = Clock::now();
  run.end = begun + std::chrono::seconds(options.seconds);
  const Clock::duration arrivals = std::chrono::seconds(options.seconds) / 10;
  std::vector<std::unique_ptr<User>> users;
  std::size_t living = options.users;
  for (unsigned i = 0; i < options.users; ++i) {
    const std::string name = user_name(i);
    users.push_back(std::make_unique<User>(io.get_executor(), identity.client_config(name, i), name, i, run));
  }
  Progress progress(io, run, users);
  for (unsigned i = 0; i < options.users; ++i) {
    const auto live = [](User& user, Clock::time_point arrival, std::size_t& left,
                         Progress& shown) -> asio::awaitable<void> {
      co_await user.live(arrival);
      if (--left == 0) shown.end();
    };
    // The clients keep their connections: the loop goes on until all of them have left.
    spawn(io.get_executor(), live(*users[i], begun + arrivals * i / options.users, living, progress));
  }
  while (living > 0) io.run_one();
  run.ledger.flush();

  Result result;
  for (const auto& user : users) {
    const auto end = [](User& ending, Verdict& verdict) -> asio::awaitable<void> {
      co_await ending.verify(verdict);
      co_await ending.leave();
    };
    spawn(io.get_executor(), end(*user, result.verdict));
  }
  run_out(io);
  result.tally = std::move(run.tally);
  return result;
}

Verdict verify_ledger(const Options& options) {
  const Identity identity(options);
  std::map<std::string, std::vector<Entry>> by_user;
  Ledger ledger = read_ledger(options.verify);
  for (Entry& entry : ledger.entries) {
    if (must_be_found(entry)) by_user[entry.user].push_back(std::move(entry));
  }
  asio::io_context io;
  spawn(io.get_executor(), try_connection(io.get_executor(), identity.client_config(user_name(0), 0), options.nodes));
  run_out(io);

  Verdict verdict;
  verdict.is_torn = ledger.is_torn;
  std::uint64_t number = 0;
  const std::chrono::milliseconds patience(options.patience_ms);
  for (std::size_t i = 0; i < kVerifiersMost; ++i) {
    spawn(io.get_executor(), verify_some(io.get_executor(), identity, by_user, number, patience, verdict));
  }
  run_out(io);
  return verdict;
}

}  // namespace plaza::load
