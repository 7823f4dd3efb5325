// The box office: turns requests into decisions of the inventory, in between which payments are awaited.
//
// It owns the inventory and is the only one to change it. Between two awaits nothing else runs, so what it does there
// is atomic; what it knew before an await it does not know after it. After every change it calls the `applied` hook,
// publishes the stock, and keeps a timer on the earliest deadline among the holds.
//
// It knows no connections: a payment goes on, and its answer is remembered, if the one who asked is gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <set>

#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/gateway/stock_feed.hpp"

namespace plaza {

class BoxOffice : public std::enable_shared_from_this<BoxOffice> {
 public:
  // `hooks` must outlive the box office; they may be emptied meanwhile.
  BoxOffice(boost::asio::any_io_executor executor, const ServerConfig& config, std::shared_ptr<const Hooks> hooks,
            std::shared_ptr<StockFeed> feed);

  // Decided at once.
  Response hold(const Request& request);
  Response release(const Request& request);

  // Decided when the payment is. `office` is kept alive until then.
  static boost::asio::awaitable<Response> buy(std::shared_ptr<BoxOffice> office, Request request);
  static boost::asio::awaitable<Response> purchase(std::shared_ptr<BoxOffice> office, Request request);

  // Holds expire no more by themselves, so that the event loop can run out of work. Pending payments go on.
  void stop();

  const Inventory& inventory() const { return inventory_; }

 private:
  Response settle(const RequestKey& key, const Decision& decision, Version decided_on);
  Response still_in_progress(const RequestKey& key) const;
  void report(Change kind, const RequestKey& key, TicketNumber ticket, Version version, Version decided_on);
  void expire_due();
  void arm_expiry();

  boost::asio::any_io_executor executor_;
  PaymentConfig payments_;
  Bugs bugs_;
  std::shared_ptr<const Hooks> hooks_;
  std::shared_ptr<StockFeed> feed_;
  Inventory inventory_;
  std::set<RequestKey> paying_;  // requests whose payment is awaited

  boost::asio::steady_timer expiry_timer_;
  std::optional<TimePoint> expiry_armed_for_;
  bool stopped_ = false;
};

}  // namespace plaza
