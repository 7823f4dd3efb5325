#include "system-under-test/plaza/gateway/stock_feed.hpp"

#include <algorithm>

namespace plaza {

StockFeed::StockFeed(const boost::asio::any_io_executor& executor, Duration interval)
    : timer_(executor), interval_(interval) {}

void StockFeed::publish(const StockPush& stock) {
  latest_ = stock;
  arm();
}

void StockFeed::subscribe(std::uint64_t watcher_id, StockWatcher& watcher) {
  watchers_[watcher_id] = &watcher;
  watcher.push_stock(latest_.version, latest_text());
}

void StockFeed::unsubscribe(std::uint64_t watcher_id) { watchers_.erase(watcher_id); }

void StockFeed::stop() {
  watchers_.clear();
  timer_.cancel();
}

// Even after a long silence the push waits for the next turn of the event loop, so that all that one turn changes goes
// into one push.
void StockFeed::arm() {
  if (armed_ || watchers_.empty()) return;
  armed_ = true;
  const TimePoint now = std::chrono::steady_clock::now();
  timer_.expires_at(std::max(now, next_broadcast_));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
    const auto self = weak.lock();
    if (!self) return;
    self->armed_ = false;
    if (!error) self->broadcast();
  });
}

void StockFeed::broadcast() {
  if (latest_.version == broadcast_version_ || watchers_.empty()) return;
  broadcast_version_ = latest_.version;
  next_broadcast_ = std::chrono::steady_clock::now() + interval_;
  const SharedText text = latest_text();
  for (const auto& [id, watcher] : watchers_) watcher->push_stock(latest_.version, text);
}

const SharedText& StockFeed::latest_text() {
  if (!text_ || text_version_ != latest_.version) {
    text_ = std::make_shared<const std::string>(encode(latest_));
    text_version_ = latest_.version;
  }
  return text_;
}

}  // namespace plaza
