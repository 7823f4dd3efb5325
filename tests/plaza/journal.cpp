#include "system-under-test/plaza/store/journal.hpp"

#include <sqlite3.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "tests/plaza/test_disk.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace std::chrono_literals;
using plaza::test::TestDisk;

namespace {

// A journal on a store of its own, and everything that it said, in order.
struct Fixture {
  explicit Fixture(const Bugs& bugs = {}) {
    journal = std::make_shared<Journal>(
        io.get_executor(), std::make_unique<Store>(folder.path, 100),
        JournalConfig{.commit_delay = 1ms, .retry_interval = 5ms}, bugs,
        Journal::Callbacks{
            .on_committed = [this](std::size_t records) { said.push_back("committed " + std::to_string(records)); },
            .on_lost = [this](const std::string& why) { said.push_back("lost: " + why); }});
  }

  // A sale, and somebody who waits to hear of it.
  void sell(TicketNumber ticket) {
    journal->append(
        {.key = {"ann", std::to_string(ticket)}, .change = Change::sale, .ticket = ticket, .version = ++version});
    wait(std::to_string(ticket));
  }
  void wait(const std::string& who) {
    journal->when_kept([this, who](bool is_kept) { said.push_back(who + (is_kept ? " is kept" : " is not")); });
  }
  void run(Duration length = 20ms) {
    io.restart();
    io.run_for(length);
  }
  std::size_t sales_on_disk() {
    const ::test::Folder after;
    disk.lose_power(folder.path, after.path);
    return Store(after.path, 100).take_kept().sales.size();
  }

  ::test::Folder folder;
  TestDisk disk;
  boost::asio::io_context io;
  Version version = 0;
  std::vector<std::string> said;
  std::shared_ptr<Journal> journal;
};

using Said = std::vector<std::string>;

}  // namespace

TEST_CASE("what comes together is one batch, and nobody hears of it before it is on the disk", "[journal]") {
  Fixture fixture;
  fixture.wait("nothing");
  CHECK(fixture.said == Said{"nothing is kept"});
  for (TicketNumber ticket = 1; ticket <= 3; ++ticket) fixture.sell(ticket);
  fixture.wait("a look");
  CHECK(fixture.said.size() == 1);
  CHECK(fixture.sales_on_disk() == 0);
  fixture.run();
  CHECK(fixture.said ==
        Said{"nothing is kept", "committed 3", "1 is kept", "2 is kept", "3 is kept", "a look is kept"});
  CHECK(fixture.sales_on_disk() == 3);
  fixture.sell(4);
  fixture.run();
  CHECK(fixture.sales_on_disk() == 4);
  CHECK(fixture.io.stopped());
}

TEST_CASE("a full disk: nobody is told that it is kept, until it is", "[journal]") {
  const int code = GENERATE(SQLITE_FULL, SQLITE_BUSY);
  Fixture fixture;
  bool is_full = true;
  fixture.disk.fail = [&](TestDisk::Operation, int) { return is_full ? std::optional<int>(code) : std::nullopt; };
  fixture.sell(1);
  fixture.run(3ms);
  CHECK(fixture.said == Said{"1 is not"});
  CHECK_FALSE(fixture.journal->is_available());
  fixture.sell(2);  // a payment that came through meanwhile
  CHECK(fixture.said == Said{"1 is not", "2 is not"});
  fixture.run(20ms);
  CHECK(fixture.said.size() == 2);

  is_full = false;
  fixture.run();
  CHECK(fixture.said == Said{"1 is not", "2 is not", "committed 2"});
  CHECK(fixture.journal->is_available());
  CHECK(fixture.sales_on_disk() == 2);
  fixture.wait("a look");
  CHECK(fixture.said.back() == "a look is kept");
}

TEST_CASE("a full disk does not keep a stopped journal from ending", "[journal]") {
  Fixture fixture;
  fixture.disk.fail = [&](TestDisk::Operation, int) { return std::optional<int>(SQLITE_FULL); };
  fixture.sell(1);
  fixture.journal->stop();
  CHECK(fixture.said == Said{"1 is not"});
  fixture.sell(2);
  fixture.io.run_for(10s);
  CHECK(fixture.io.stopped());
}

TEST_CASE("a journal that is stopped writes what it has at once", "[journal]") {
  Fixture fixture;
  fixture.sell(1);
  fixture.journal->stop();
  CHECK(fixture.said == Said{"committed 1", "1 is kept"});
  fixture.sell(2);
  fixture.run();
  CHECK(fixture.sales_on_disk() == 2);
}

TEST_CASE("after any other error nobody is told anything, and the store is closed", "[journal]") {
  const TestDisk::Operation where = GENERATE(TestDisk::Operation::write, TestDisk::Operation::sync);
  const bool is_sync = where == TestDisk::Operation::sync;
  Fixture fixture;
  fixture.sell(1);
  fixture.run();
  fixture.disk.fail = [&](TestDisk::Operation operation, int) {
    return operation == where ? std::optional<int>(is_sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE) : std::nullopt;
  };
  fixture.sell(2);
  fixture.sell(3);
  fixture.run();
  const std::string number = std::to_string(is_sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_WRITE);
  CHECK(fixture.said == Said{"committed 1", "1 is kept", "lost: disk I/O error (SQLite error " + number + ")"});
  fixture.disk.fail = nullptr;
  fixture.sell(4);
  fixture.run();
  CHECK(fixture.said.size() == 3);
  const Version kept = Store(fixture.folder.path, 100).take_kept().version;
  CHECK(kept >= 1);
  CHECK(kept <= 3);
}

TEST_CASE("an abandoned journal writes nothing more, and lets go of the file", "[journal]") {
  Fixture fixture;
  fixture.sell(1);
  fixture.journal->abandon();
  CHECK(Store(fixture.folder.path, 100).take_kept().version == 0);
  fixture.sell(2);
  fixture.run();
  CHECK(fixture.said.empty());
}

TEST_CASE("ack-before-fsync: users hear of what a power loss takes back", "[journal][bugs]") {
  Fixture fixture({.ack_before_fsync = true});
  fixture.sell(1);
  CHECK(fixture.said == Said{"1 is kept"});
  CHECK(fixture.sales_on_disk() == 0);
  fixture.run();
  CHECK(fixture.said == Said{"1 is kept", "committed 1"});
  CHECK(fixture.sales_on_disk() == 1);
}
