// Who waits at a node: for the answer to a command, for a read, for an index to be applied; each until its deadline.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/domain/machine.hpp"

namespace plaza {

// Somebody's wait. It ends once.
class Waiter {
 public:
  Waiter(const boost::asio::any_io_executor& executor, std::chrono::steady_clock::time_point deadline)
      : timer_(executor, deadline) {}

  // Returns when end() was called, or at the deadline. One at a time.
  static boost::asio::awaitable<void> wait(std::shared_ptr<Waiter> self);
  void end() {
    ended_ = true;
    timer_.cancel();
  }
  bool ended() const { return ended_; }

 private:
  boost::asio::steady_timer timer_;
  bool ended_ = false;
};

// A command that waits for its answer.
struct WaitingCommand : Waiter {
  WaitingCommand(const boost::asio::any_io_executor& executor, std::chrono::steady_clock::time_point deadline,
                 Command what)
      : Waiter(executor, deadline), command(std::move(what)) {}
  Command command;
  std::optional<Answer> answer;
};

// The commands that wait, by their keys; and when each is to be sent again.
class WaitingCommands {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void add(const std::shared_ptr<WaitingCommand>& command);
  // It does not wait any more, whatever came of it.
  void remove(const std::shared_ptr<WaitingCommand>& command);
  // An entry was applied: whoever waits for this very command has his answer. Under the same key there may be others:
  // the beginning of a purchase and its settlement; or another request, which is refused because its id was used
  // before.
  void applied(const Machine::Applied& applied, std::string_view entry);
  // Those that were sent at `before` or earlier, which count as sent now.
  std::vector<std::shared_ptr<WaitingCommand>> overdue(Time before, Time now);
  void sent(const std::shared_ptr<WaitingCommand>& command, Time when) { sent_.emplace_back(when, command); }
  // All of them, without an answer.
  void end_all();
  std::size_t size() const { return size_; }

 private:
  std::map<RequestKey, std::vector<std::shared_ptr<WaitingCommand>>> by_key_;
  std::deque<std::pair<Time, std::weak_ptr<WaitingCommand>>> sent_;  // oldest first
  std::size_t size_ = 0;
};

// Those who wait for a number that grows: an index that is applied.
class WaitingIndexes {
 public:
  void add(std::uint64_t index, const std::shared_ptr<Waiter>& waiter) { by_index_.emplace(index, waiter); }
  void reached(std::uint64_t index);
  void end_all();
  std::size_t size() const { return by_index_.size(); }

 private:
  std::multimap<std::uint64_t, std::weak_ptr<Waiter>> by_index_;
};

}  // namespace plaza
