// Who waits at a node, and for what.
#include "system-under-test/plaza/replica/waiting.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

using namespace plaza;
using namespace std::chrono_literals;

namespace {

Command command(const std::string& id, const std::string& body) {
  return {.key = {.user = "ann", .id = id}, .domain = DomainId::tickets, .body = body};
}

struct Waiting {
  boost::asio::io_context io;
  WaitingCommands commands;
  std::shared_ptr<WaitingCommand> add(const std::string& id, const std::string& body) {
    auto waiting =
        std::make_shared<WaitingCommand>(io.get_executor(), std::chrono::steady_clock::now() + 1h, command(id, body));
    commands.add(waiting);
    return waiting;
  }
  void apply(const std::string& id, const std::string& body, std::uint64_t index) {
    Command applied = command(id, body);
    applied.time = 5s;  // the leader's
    commands.applied({.index = index, .key = applied.key, .answer = {.index = index}}, encode(applied));
  }
};

}  // namespace

TEST_CASE("an answer goes to all who wait for this very command, and to nobody else under its key") {
  Waiting w;
  const auto one = w.add("r-1", "begin");
  const auto same = w.add("r-1", "begin");
  const auto settle = w.add("r-1", "settle");
  const auto other = w.add("r-2", "begin");
  w.apply("r-1", "begin", 7);
  REQUIRE(one->answer);
  CHECK(one->answer->index == 7);
  CHECK(same->answer);
  CHECK_FALSE(settle->answer);
  CHECK_FALSE(other->answer);
  CHECK(w.commands.size() == 2);
  w.apply("r-1", "settle", 8);
  CHECK(settle->answer);
  w.apply("r-3", "begin", 9);  // nobody's
  CHECK(w.commands.size() == 1);
  w.commands.remove(other);
  w.commands.remove(other);
  CHECK(w.commands.size() == 0);
}

TEST_CASE("what was sent and has no answer is overdue, again and again, until it ends") {
  Waiting w;
  const WaitingCommands::Time start{};
  const auto one = w.add("r-1", "a");
  const auto two = w.add("r-2", "a");
  w.commands.sent(one, start);
  w.commands.sent(two, start + 1s);
  CHECK(w.commands.overdue(start - 1s, start).empty());
  CHECK(w.commands.overdue(start, start + 5s) == std::vector{one});
  CHECK(w.commands.overdue(start + 1s, start + 6s) == std::vector{two});
  CHECK(w.commands.overdue(start + 6s, start + 7s) == std::vector{one, two});
  w.apply("r-1", "a", 1);
  CHECK(w.commands.overdue(start + 9s, start + 9s) == std::vector{two});
  w.commands.end_all();
  CHECK(two->ended());
  CHECK_FALSE(two->answer);
  CHECK(w.commands.overdue(start + 1h, start + 1h).empty());
}

TEST_CASE("whoever waits for an index is told when it is reached") {
  boost::asio::io_context io;
  WaitingIndexes indexes;
  const auto until = std::chrono::steady_clock::now() + 1h;
  const auto five = std::make_shared<Waiter>(io.get_executor(), until);
  const auto six = std::make_shared<Waiter>(io.get_executor(), until);
  indexes.add(6, six);
  indexes.add(5, five);
  indexes.reached(4);
  CHECK(indexes.size() == 2);
  indexes.reached(5);
  CHECK(five->ended());
  CHECK_FALSE(six->ended());
  indexes.end_all();
  CHECK(six->ended());
  CHECK(indexes.size() == 0);
}
