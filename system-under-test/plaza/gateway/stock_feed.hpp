// The stock feed: tells the watchers how many tickets there are, without telling them everything.
//
// However fast the stock changes, one push goes out per interval, with the latest state; none goes out if nothing
// changed. The text of a push is made once and shared by all watchers. Versions never go back: a watcher sees a growing
// sequence.
//
// Belongs to one server and is used on its executor only. It keeps plain pointers to the watchers: whoever subscribes
// must unsubscribe before it dies.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "system-under-test/plaza/domain/inventory.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

using SharedText = std::shared_ptr<const std::string>;

class StockWatcher {
 public:
  virtual void push_stock(Version version, const SharedText& text) = 0;

 protected:
  ~StockWatcher() = default;
};

class StockFeed : public std::enable_shared_from_this<StockFeed> {
 public:
  StockFeed(const boost::asio::any_io_executor& executor, Duration interval);

  // The stock is now this. Versions must not go back.
  void publish(const StockPush& stock);

  // Pushes the current stock to the watcher at once, and from then on what changes. Watchers are served in the order of
  // their ids, of which each may have one subscription.
  void subscribe(std::uint64_t watcher_id, StockWatcher& watcher);
  void unsubscribe(std::uint64_t watcher_id);

  // Forgets the watchers and the timer.
  void stop();

 private:
  void arm();
  void broadcast();
  const SharedText& latest_text();

  boost::asio::steady_timer timer_;
  Duration interval_;
  bool armed_ = false;
  StockPush latest_;
  Version broadcast_version_ = 0;
  TimePoint next_broadcast_{};  // not before
  SharedText text_;             // of text_version_
  Version text_version_ = 0;
  std::map<std::uint64_t, StockWatcher*> watchers_;
};

}  // namespace plaza
