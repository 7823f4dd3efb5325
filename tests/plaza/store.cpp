// The store by itself, on real files.
#include "system-under-test/plaza/store/store.hpp"

#include <sqlite3.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "tests/plaza/test_disk.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using plaza::test::TestDisk;

namespace {

constexpr TicketNumber kCapacity = 10;

Answered answer(Command command, TicketNumber asked, TicketNumber ticket, Version version,
                Refusal refusal = Refusal::none) {
  return {.command = command,
          .asked_ticket = asked,
          .decision = {.refusal = refusal, .ticket = ticket, .version = version, .change = std::nullopt}};
}

Record change(const std::string& user, const std::string& id, Change what, TicketNumber ticket, Version version) {
  return {.key = {user, id}, .change = what, .ticket = ticket, .version = version};
}

// Opens `folder`, and gives back what it says against it.
std::string complaint(const std::filesystem::path& folder, TicketNumber capacity = kCapacity) {
  try {
    const Store store(folder, capacity);
  } catch (const StoreError& error) {
    return error.what();
  }
  return "";
}

// Whether a database has a write-ahead log: the version of its format, https://www.sqlite.org/fileformat2.html.
bool has_log(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return in.seekg(18) && in.get() == 2;
}

void sql(const std::filesystem::path& file, const std::string& text) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(file.c_str(), &database) == SQLITE_OK);
  REQUIRE(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(database);
}

}  // namespace

TEST_CASE("a new store holds nothing, and an old one what was written to it", "[store]") {
  const ::test::Folder folder;
  {
    Store store(folder.path, kCapacity);
    const KeptState kept = store.take_kept();
    CHECK(kept.capacity == kCapacity);
    CHECK(kept.version == 0);
    CHECK(kept.holds.empty());
    store.write({change("ann", "1", Change::hold, 1, 1),
                 {.key = {"ann", "1"}, .version = 1, .answer = answer(Command::hold, 0, 1, 1)},
                 change("bob", "1", Change::hold, 2, 2)});
    Record now = change("cid", "1", Change::hold, 3, 3);
    now.buys_now = true;
    store.write({now});
    store.write({change("ann", "2", Change::sale, 1, 4),
                 {.key = {"ann", "2"}, .version = 4, .answer = answer(Command::purchase, 1, 1, 4)},
                 change("bob", "", Change::expire, 2, 5),
                 {.key = {"bob", "2"}, .version = 5, .answer = answer(Command::release, 2, 2, 5, Refusal::not_held)}});
  }
  Store store(folder.path, kCapacity);
  const KeptState kept = store.take_kept();
  CHECK(kept.version == 5);
  CHECK(kept.holds == std::vector<KeptHold>{{.ticket = 3, .user = "cid", .buys_now = true}});
  CHECK(kept.sales == std::vector<Sale>{{.ticket = 1, .user = "ann", .request_id = "2"}});
  REQUIRE(kept.answers.size() == 3);
  const Answered& refused = kept.answers.at({"bob", "2"});
  CHECK(refused.command == Command::release);
  CHECK(refused.asked_ticket == 2);
  CHECK(refused.decision == answer(Command::release, 2, 2, 5, Refusal::not_held).decision);
  CHECK(kept.answers.at({"ann", "1"}).decision.ticket == 1);
}

TEST_CASE("a batch is one wait for the disk, and an answer that is kept already is none", "[store]") {
  const ::test::Folder folder;
  TestDisk disk;
  Store store(folder.path, kCapacity);
  std::vector<Record> batch;
  for (TicketNumber ticket = 1; ticket <= kCapacity; ++ticket)
    batch.push_back(change("ann", std::to_string(ticket), Change::hold, ticket, ticket));
  batch.push_back({.key = {"ann", "1"}, .version = kCapacity, .answer = answer(Command::hold, 0, 1, 1)});
  const int new_log = disk.syncs;
  store.write(batch);
  const int before = disk.syncs;
  CHECK(before > new_log);
  store.write({change("ann", "11", Change::sale, 1, kCapacity + 1)});
  CHECK(disk.syncs == before + 1);
  store.write({{.key = {"ann", "1"}, .version = kCapacity + 1, .answer = answer(Command::hold, 0, 9, 9)}});
  CHECK(disk.syncs == before + 1);
}

TEST_CASE("what write() has returned from survives a power loss", "[store]") {
  const ::test::Folder folder;
  TestDisk disk;
  constexpr Version kSales = 600;
  Store store(folder.path, kSales);
  const int new_store = disk.syncs;
  for (Version version = 1; version <= kSales; ++version) {
    store.write({change("ann", std::to_string(version), Change::sale, static_cast<TicketNumber>(version), version)});
    if (version > 10 && version % 97 != 0) continue;
    const ::test::Folder after;
    disk.lose_power(folder.path, after.path);
    Store survivor(after.path, kSales);
    const KeptState kept = survivor.take_kept();
    REQUIRE(kept.version == version);
    REQUIRE(kept.sales.size() == version);
  }
  CHECK(disk.syncs > new_store + static_cast<int>(kSales));  // the log was full once, and went into the database
}

TEST_CASE("a database that is not ours, or no more, is one clear line", "[store]") {
  const ::test::Folder folder;
  const std::filesystem::path file = folder / "plaza.db";
  const std::string name = file.string();

  SECTION("no folder") {
    CHECK(complaint(folder / "none") ==
          (folder / "none/plaza.db").string() + " cannot be used: unable to open database file (SQLite error 14)");
  }
  SECTION("in use") {
    const Store first(folder.path, kCapacity);
    CHECK(complaint(folder.path) == name + " is in use by another process");
  }
  SECTION("no database") {
    std::ofstream(file) << "To whom it may concern: this is a letter, and no database at all.\n"
                        << std::string(2000, '-');
    CHECK(complaint(folder.path) == name + " is not a database");
    CHECK_FALSE(std::filesystem::exists(folder / "plaza.db-wal"));
  }
  SECTION("somebody else's") {
    sql(file, "CREATE TABLE recipe (name)");
    const auto size = std::filesystem::file_size(file);
    CHECK(complaint(folder.path) == name + " is a database, but none of plaza's");
    CHECK(std::filesystem::file_size(file) == size);
  }
  SECTION("of a newer plaza") {
    { const Store made(folder.path, kCapacity); }
    sql(file, "PRAGMA user_version = 2");
    CHECK(complaint(folder.path) == name + " was written by a newer plaza: its schema is 2, this one knows 1");
  }
  SECTION("another hall") {
    { const Store made(folder.path, kCapacity); }
    CHECK(complaint(folder.path, 7) == name + " has 10 tickets, not 7");
  }
  SECTION("a ticket in two places") {
    {
      Store made(folder.path, kCapacity);
      made.write({change("ann", "1", Change::hold, 4, 1)});
    }
    sql(file, "INSERT INTO sale (ticket, user, request) VALUES (4, 'bob', '1')");
    CHECK(complaint(folder.path) == name + " is damaged: ticket 4 is in two places");
  }
  SECTION("a ticket that there is not") {
    { const Store made(folder.path, kCapacity); }
    sql(file, "INSERT INTO hold VALUES (11, 'bob', 0)");
    CHECK(complaint(folder.path) == name + " is damaged: it has a ticket 11");
  }
  SECTION("a page of noise") {
    {
      Store made(folder.path, kCapacity);
      made.write({change("ann", "1", Change::hold, 4, 1)});
    }
    std::fstream(file, std::ios::in | std::ios::out).seekp(4096) << std::string(4096, '\x5a');
    CHECK(complaint(folder.path).starts_with(name + " is damaged: "));
  }
  SECTION("none of this, and it opens") {
    { const Store made(folder.path, kCapacity); }
    CHECK(complaint(folder.path).empty());
  }
}

TEST_CASE("an operation of the disk fails, whichever: what was written before is there, and no half of a batch",
          "[store]") {
  const int kind = GENERATE(SQLITE_FULL, SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC);
  int failures = 0;
  for (int nth = 1;; ++nth) {
    const ::test::Folder folder;
    TestDisk disk;
    Version written = 0;
    bool failed = false;
    disk.fail = [&](TestDisk::Operation operation, int number) -> std::optional<int> {
      const bool is_sync = operation == TestDisk::Operation::sync;
      if (number != nth || is_sync != (kind == SQLITE_IOERR_FSYNC)) return std::nullopt;
      failed = true;
      return kind;
    };
    try {
      Store store(folder.path, kCapacity);
      REQUIRE(has_log(folder.path / "plaza.db"));  // it says so, but only if that was committed
      for (Version version = 2; version <= kCapacity; version += 2) {
        const auto ticket = static_cast<TicketNumber>(version);
        const std::vector<Record> pair{change("ann", std::to_string(ticket - 1), Change::sale, ticket - 1, version - 1),
                                       change("ann", std::to_string(ticket), Change::sale, ticket, version)};
        try {
          store.write(pair);
        } catch (const StoreError& error) {
          CHECK(error.is_passing() == (kind == SQLITE_FULL));
          if (!error.is_passing()) throw;
          store.write(pair);  // nothing of it was there
        }
        written = version;
      }
    } catch (const StoreError& error) {
      CHECK_FALSE(std::string(error.what()).empty());
    }
    disk.fail = nullptr;
    failures += failed;
    if (!failed && disk.operations < nth) break;

    Store survivor(folder.path, kCapacity);
    const KeptState kept = survivor.take_kept();
    REQUIRE(kept.version >= written);
    REQUIRE(kept.version <= written + 2);  // a commit that failed may have come through
    REQUIRE(kept.version % 2 == 0);
    REQUIRE(kept.sales.size() == kept.version);
  }
  CHECK(failures > 5);
}
