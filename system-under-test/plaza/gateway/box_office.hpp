// The box office: turns requests into decisions of the inventory, in between which payments are awaited.
//
// It owns the inventory and is the only one to change it. Between two awaits nothing else runs, so what it does there
// is atomic; what it knew before an await it does not know after it. After every change it calls the `applied` hook,
// publishes the stock, and keeps a timer on the earliest deadline among the holds.
//
// With a journal it hands over every decision as it is made, and publishes the stock only once that is durable; whoever
// asked must wait for the same, by when_kept(). While the journal cannot write, nothing that is asked is decided.
//
// It knows no connections: a payment goes on, and its answer is remembered, if the one who asked is gone.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "system-under-test/plaza/gateway/config.hpp"
#include "system-under-test/plaza/gateway/hooks.hpp"
#include "system-under-test/plaza/gateway/stock_feed.hpp"
#include "system-under-test/plaza/store/journal.hpp"

namespace plaza {

class BoxOffice : public std::enable_shared_from_this<BoxOffice> {
 public:
  // `hooks` must outlive the box office; they may be emptied meanwhile.
  BoxOffice(boost::asio::any_io_executor executor, const ServerConfig& config, std::shared_ptr<const Hooks> hooks,
            std::shared_ptr<StockFeed> feed);

  // Goes on from what the store holds, and hands it what is decided from now on. Calls the `recovered` hook. `on_lost`
  // is called at the journal's end. Call first, if at all.
  void recover(std::unique_ptr<Store> store, const JournalConfig& config,
               std::function<void(const std::string& why)> on_lost);

  // Decided at once.
  Response hold(const Request& request);
  Response release(const Request& request);

  // Decided when the payment is. `office` is kept alive until then.
  static boost::asio::awaitable<Response> buy(std::shared_ptr<BoxOffice> office, Request request);
  static boost::asio::awaitable<Response> purchase(std::shared_ptr<BoxOffice> office, Request request);

  // Gives the response to `send` once all that was decided so far is durable: at once without a journal. If it is known
  // not to be, gives an `unavailable` instead. If the journal is at its end, never.
  template <class Send>
  void when_kept(Response response, Send send) {
    if (!journal_) return send(response);
    journal_->when_kept([this, response = std::move(response), send = std::move(send)](bool is_kept) {
      send(is_kept ? response : unavailable(response.id));
    });
  }

  // Holds expire no more by themselves, so that the event loop can run out of work. Pending payments go on.
  void stop();

  // As if the process had died: nothing more is written.
  void abandon();

  const Inventory& inventory() const { return inventory_; }

 private:
  std::optional<Response> why_not_now(const RequestKey& key) const;
  Response unavailable(const std::string& request_id) const;
  Response settle(const RequestKey& key, const Decision& decision, Version decided_on);
  void report(const RequestKey& key, const Decision& decision, Version decided_on);
  void report_freed(Change why, const Expiry& freed);
  void publish();
  void expire_due();
  void arm_expiry();

  boost::asio::any_io_executor executor_;
  PaymentConfig payments_;
  Duration hold_ttl_;
  Bugs bugs_;
  std::shared_ptr<const Hooks> hooks_;
  std::shared_ptr<StockFeed> feed_;
  Inventory inventory_;
  std::shared_ptr<Journal> journal_;  // null: everything lives in memory
  Version durable_version_ = 0;       // of what was published last
  std::set<RequestKey> paying_;       // requests whose payment is awaited

  boost::asio::steady_timer expiry_timer_;
  std::optional<TimePoint> expiry_armed_for_;
  bool stopped_ = false;
};

}  // namespace plaza
