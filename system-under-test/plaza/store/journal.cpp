#include "system-under-test/plaza/store/journal.hpp"

#include <utility>

#include <stillpoint/annotate.hpp>

namespace plaza {

Journal::Journal(const boost::asio::any_io_executor& executor, std::unique_ptr<Store> store,
                 const JournalConfig& config, const Bugs& bugs, Callbacks callbacks)
    : store_(std::move(store)), config_(config), bugs_(bugs), callbacks_(std::move(callbacks)), timer_(executor) {}

void Journal::append(Record record) {
  if (!store_) return;
  batch_.push_back(std::move(record));
  if (armed_) return;
  arm(STILLPOINT_BUGGIFY("a batch waits ten times as long") ? 10 * config_.commit_delay : config_.commit_delay);
}

void Journal::when_kept(Waiter waiter) {
  if (!store_) return;
  if (!available_) return waiter(false);
  if (batch_.empty() || bugs_.ack_before_fsync) return waiter(true);
  waiters_.push_back(std::move(waiter));
}

void Journal::stop() {
  stopped_ = true;
  timer_.cancel();
  armed_ = false;
  commit();
}

void Journal::abandon() {
  store_.reset();
  batch_.clear();
  waiters_.clear();
  timer_.cancel();
}

void Journal::arm(Duration delay) {
  armed_ = true;
  timer_.expires_after(delay);
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self || error) return;
    self->armed_ = false;
    self->commit();
  });
}

void Journal::commit() {
  if (!store_ || batch_.empty()) return;
  try {
    store_->write(batch_);
  } catch (const StoreError& error) {
    return on_failed(error);
  }
  const std::size_t records = batch_.size();
  STILLPOINT_SOMETIMES(records > 10, "more than ten decisions in one transaction");
  batch_.clear();
  available_ = true;
  if (callbacks_.on_committed) callbacks_.on_committed(records);
  tell_all(true);
}

void Journal::on_failed(const StoreError& error) {
  if (error.is_passing()) {
    STILLPOINT_REACHABLE("the store refuses for a while");
    available_ = false;
    if (!stopped_) arm(config_.retry_interval);
    return tell_all(false);
  }
  STILLPOINT_REACHABLE("the store is lost");
  abandon();
  if (callbacks_.on_lost) callbacks_.on_lost(error.what());
}

void Journal::tell_all(bool is_kept) {
  const std::vector<Waiter> waiters = std::exchange(waiters_, {});
  for (const Waiter& waiter : waiters) waiter(is_kept);
}

}  // namespace plaza
