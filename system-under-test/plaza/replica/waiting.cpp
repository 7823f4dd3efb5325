#include "system-under-test/plaza/replica/waiting.hpp"

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace plaza {

namespace asio = boost::asio;

asio::awaitable<void> Waiter::wait(std::shared_ptr<Waiter> self) {
  if (self->ended_) co_return;
  boost::system::error_code woken;
  co_await self->timer_.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

void WaitingCommands::add(const std::shared_ptr<WaitingCommand>& command) {
  by_key_[command->command.key].push_back(command);
  ++size_;
}

void WaitingCommands::remove(const std::shared_ptr<WaitingCommand>& command) {
  const auto found = by_key_.find(command->command.key);
  if (found == by_key_.end()) return;
  const auto removed = std::erase(found->second, command);
  size_ -= removed;
  if (found->second.empty()) by_key_.erase(found);
}

void WaitingCommands::applied(const Machine::Applied& applied, std::string_view entry) {
  const auto found = by_key_.find(applied.key);
  if (found == by_key_.end()) return;
  const std::optional<Command> command = decode_command(entry);
  if (!command) return;
  auto& all = found->second;
  const auto decided = std::stable_partition(all.begin(), all.end(), [&](const auto& waiting) {
    return waiting->command.body != command->body || waiting->command.domain != command->domain;
  });
  for (auto it = decided; it != all.end(); ++it) {
    (*it)->answer = applied.answer;
    (*it)->end();
    --size_;
  }
  all.erase(decided, all.end());
  if (all.empty()) by_key_.erase(found);
}

std::vector<std::shared_ptr<WaitingCommand>> WaitingCommands::overdue(Time before, Time now) {
  std::vector<std::shared_ptr<WaitingCommand>> found;
  while (!sent_.empty() && sent_.front().first <= before) {
    const std::shared_ptr<WaitingCommand> waiting = sent_.front().second.lock();
    sent_.pop_front();
    if (waiting && !waiting->ended()) found.push_back(waiting);
  }
  for (const auto& waiting : found) sent(waiting, now);
  return found;
}

void WaitingCommands::end_all() {
  for (const auto& [key, all] : std::exchange(by_key_, {})) {
    for (const auto& waiting : all) waiting->end();
  }
  sent_.clear();
  size_ = 0;
}

void WaitingIndexes::reached(std::uint64_t index) {
  const auto end = by_index_.upper_bound(index);
  for (auto it = by_index_.begin(); it != end; ++it) {
    if (const auto waiter = it->second.lock()) waiter->end();
  }
  by_index_.erase(by_index_.begin(), end);
}

void WaitingIndexes::end_all() {
  for (const auto& [index, weak] : std::exchange(by_index_, {})) {
    if (const auto waiter = weak.lock()) waiter->end();
  }
}

}  // namespace plaza
