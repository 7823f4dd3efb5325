// The outbox and the feed, without sockets.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "system-under-test/plaza/gateway/feed.hpp"
#include "system-under-test/plaza/gateway/outbox.hpp"
#include "tests/plaza/gateway/fake_replica.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;

namespace {

SharedText text_of(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

struct FakeWatcher final : Watcher {
  explicit FakeWatcher(std::vector<int>& its_log, int its_number) : log(its_log), number(its_number) {}
  void topic_changed(const std::shared_ptr<Topic>&) override {
    log.push_back(number);
    if (when_told) when_told();
  }
  std::vector<int>& log;
  int number;
  std::function<void()> when_told;
};

}  // namespace

TEST_CASE("the outbox bounds texts, and keeps one place for a topic", "[gateway]") {
  Outbox outbox({.messages_most = 3, .bytes_most = 10});
  const auto topic = std::make_shared<Topic>();
  const auto other = std::make_shared<Topic>();
  CHECK(outbox.put(topic));
  CHECK(outbox.put(text_of("aaaa")));
  CHECK_FALSE(outbox.put(topic));
  CHECK(outbox.put(text_of("bbbb")));
  CHECK_FALSE(outbox.put(text_of("ccc")));
  CHECK(outbox.put(text_of("d")));
  CHECK_FALSE(outbox.put(text_of("")));
  CHECK(outbox.put(other));
  CHECK(outbox.size() == 5);
  CHECK(outbox.bytes() == 9);
  CHECK(outbox.take()->topic == topic);
  CHECK(outbox.put(topic));
  CHECK(*outbox.take()->text == "aaaa");
  CHECK(outbox.put(text_of("ccccc")));
  outbox.remove(other);
  CHECK(*outbox.take()->text == "bbbb");
  CHECK(*outbox.take()->text == "d");
  CHECK(outbox.take()->topic == topic);
  CHECK(*outbox.take()->text == "ccccc");
  CHECK_FALSE(outbox.take());
  CHECK(outbox.bytes() == 0);
}

TEST_CASE("the feed tells watchers in the order of their ids, some in each turn of the event loop", "[gateway]") {
  asio::io_context io;
  const auto replica = std::make_shared<FakeReplica>(io.get_executor());
  replica->open("fair", 100, false);
  const auto feed = std::make_shared<Feed>(io.get_executor(), replica, Feed::Options{.interval = 1ms, .portion = 2});
  replica->on_applied([&feed](const Machine::Applied* applied) { feed->on_applied(applied); });
  std::vector<int> told;
  std::vector<std::unique_ptr<FakeWatcher>> watchers;
  std::shared_ptr<Topic> topic;
  for (int i = 1; i <= 5; ++i) {
    watchers.push_back(std::make_unique<FakeWatcher>(told, i));
    topic = feed->watch(static_cast<std::uint64_t>(i), *watchers.back(), "event/fair", "event/fair");
    REQUIRE(topic);
  }
  CHECK_FALSE(feed->watch(9, *watchers[0], "event/opera", "event/opera"));
  // One that leaves as soon as it is told, and takes its neighbour along.
  watchers[2]->when_told = [&] {
    feed->unwatch(3, topic);
    feed->unwatch(4, topic);
  };
  const auto hold = [&](const std::string& id) {
    replica->apply({.user = "bob", .id = id}, tickets::Hold{.event = "fair", .wanted = {.count = 1}});
  };
  hold("1");
  CHECK(told.empty());
  while (told.empty()) io.run_one();
  CHECK(told == std::vector<int>{1, 2});
  hold("2");  // during the round: told in the next
  io.run_one();
  CHECK(told == std::vector<int>{1, 2, 3, 5});
  io.restart();
  io.run();
  CHECK(told == std::vector<int>{1, 2, 3, 5, 1, 2, 5});

  SECTION("a text is made once for a state, and never shows less than was told") {
    const Feed::Push push = feed->push_of(*topic, 0);
    CHECK(push.version == 3);
    CHECK(feed->push_of(*topic, 3).text == push.text);
    replica->pass(1ms);
    CHECK(feed->push_of(*topic, 3).text == push.text);
    const Feed::Push later = feed->push_of(*topic, 4);
    CHECK(later.version == 4);
    CHECK(feed->push_of(*topic, 0).text == later.text);
    hold("3");
    CHECK(feed->push_of(*topic, 0).version == 5);
  }
  feed->stop();
}
