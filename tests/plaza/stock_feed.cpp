#include "system-under-test/plaza/gateway/stock_feed.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <vector>

using namespace plaza;
using namespace std::chrono_literals;

namespace {

struct Watcher final : StockWatcher {
  void push_stock(Version version, const SharedText& text) override {
    versions.push_back(version);
    texts.push_back(text);
    times.push_back(std::chrono::steady_clock::now());
  }
  std::vector<Version> versions;
  std::vector<SharedText> texts;
  std::vector<TimePoint> times;
};

StockPush stock(Version version) { return StockPush{.version = version, .free = 1, .held = 0, .sold = 0}; }

}  // namespace

TEST_CASE("pushes are coalesced, shared, and not repeated", "[feed]") {
  boost::asio::io_context io;
  const auto feed = std::make_shared<StockFeed>(io.get_executor(), 20ms);
  Watcher first;
  Watcher second;

  feed->publish(stock(1));
  io.run();  // nobody watches: nothing to do
  feed->subscribe(1, first);
  feed->subscribe(2, second);
  CHECK(first.versions == std::vector<Version>{1});
  CHECK(first.texts[0] == second.texts[0]);

  for (Version version = 2; version <= 10; ++version) feed->publish(stock(version));
  io.restart();
  io.run();
  CHECK(first.versions == std::vector<Version>{1, 10});
  CHECK(first.texts[1] == second.texts[1]);

  feed->publish(stock(11));
  feed->unsubscribe(2);
  io.restart();
  io.run();
  CHECK(first.versions == std::vector<Version>{1, 10, 11});
  CHECK(second.versions == std::vector<Version>{1, 10});
  CHECK(first.times[2] - first.times[1] >= 20ms);

  feed->publish(stock(11));  // no news
  io.restart();
  io.run();
  CHECK(first.versions.size() == 3);
}
