#include "system-under-test/plaza/store/store.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <set>

#include "system-under-test/plaza/store/rewrite.hpp"

namespace plaza {
namespace {

// "plza", where SQLite keeps whose file a database is; and the version of the tables below.
constexpr std::int64_t kApplicationId = 0x706c7a61;
constexpr std::int64_t kSchemaVersion = 1;

// Enumerations are kept as numbers: their order in inventory.hpp is a part of the schema.
constexpr const char* kSchema = R"(
  CREATE TABLE office (id INTEGER PRIMARY KEY CHECK (id = 1), capacity INTEGER NOT NULL, version INTEGER NOT NULL);
  CREATE TABLE hold (ticket INTEGER PRIMARY KEY, user TEXT NOT NULL, buys_now INTEGER NOT NULL);
  CREATE TABLE sale (position INTEGER PRIMARY KEY, ticket INTEGER NOT NULL, user TEXT NOT NULL, request TEXT NOT NULL);
  CREATE TABLE answer (user TEXT NOT NULL, request TEXT NOT NULL, command INTEGER NOT NULL, asked_ticket INTEGER NOT NULL,
                       refusal INTEGER NOT NULL, ticket INTEGER NOT NULL, version INTEGER NOT NULL,
                       PRIMARY KEY (user, request)) WITHOUT ROWID;
)";

template <class Enumeration>
Enumeration from_number(std::uint64_t number, Enumeration last) {
  if (number > static_cast<std::uint64_t>(last)) throw StoreError(0, "damaged: it has a code that means nothing");
  return static_cast<Enumeration>(number);
}

std::string words_for(const StoreError& error) {
  switch (error.code() & 0xff) {
    case SQLITE_BUSY:
      return "is in use by another process";
    case SQLITE_NOTADB:
      return "is not a database";
    case SQLITE_CORRUPT:
      return "is damaged: " + std::string(error.what());
    case SQLITE_OK:
      return error.what();  // our own words
    default:
      return "cannot be used: " + std::string(error.what());
  }
}

// What was made, removed and renamed in a folder is durable.
void sync_names(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!synced)
    throw StoreError(SQLITE_IOERR_DIR_FSYNC, "its folder cannot be synced: " + std::string(std::strerror(error)));
}

// Every ticket in at most one place, and none that is not there: what the inventory requires.
void require_sound(const KeptState& kept) {
  std::set<TicketNumber> taken;
  const auto take = [&](TicketNumber ticket) {
    if (ticket == 0 || ticket > kept.capacity)
      throw StoreError(0, "is damaged: it has a ticket " + std::to_string(ticket));
    if (!taken.insert(ticket).second)
      throw StoreError(0, "is damaged: ticket " + std::to_string(ticket) + " is in two places");
  };
  for (const KeptHold& hold : kept.holds) take(hold.ticket);
  for (const Sale& sale : kept.sales) take(sale.ticket);
}

}  // namespace

Store::Statements::Statements(Database& database)
    : begin(database, "BEGIN IMMEDIATE"),
      commit(database, "COMMIT"),
      version(database, "UPDATE office SET version = ?1 WHERE version <> ?1"),
      hold(database, "INSERT INTO hold VALUES (?1, ?2, ?3)"),
      end_hold(database, "DELETE FROM hold WHERE ticket = ?1"),
      sale(database, "INSERT INTO sale (ticket, user, request) VALUES (?1, ?2, ?3)"),
      // A repetition brings the answer that is there already.
      answer(database, "INSERT OR IGNORE INTO answer VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)") {}

Store::Store(const std::filesystem::path& folder, TicketNumber capacity) try
    : database_((folder / "plaza.db").string()) {
  prepare_file();
  // Now that nobody else writes to it, and before anybody is told of what it has.
  rewrite(folder / "plaza.db-wal");
  if (database_.number("PRAGMA user_version") == 0) create(capacity);
  // A log that was closed after a failure was removed, which a power loss could take back: with it would come what
  // could not be committed.
  sync_names(folder);
  load(capacity);
  statements_.emplace(database_);
} catch (const StoreError& error) {
  throw StoreError(error.code(), (folder / "plaza.db").string() + " " + words_for(error));
}

// Looks at whose file it is before it writes a byte.
void Store::prepare_file() {
  // From the first read on nobody else gets in: two processes that sell the same tickets would be the end of both. It
  // also makes SQLite keep the index of the WAL in its own memory instead of in a file shared with nobody.
  database_.execute("PRAGMA locking_mode = EXCLUSIVE");
  const std::int64_t application = database_.number("PRAGMA application_id");
  const std::int64_t version = database_.number("PRAGMA user_version");
  const bool is_new = application == 0 && version == 0 && database_.number("SELECT count(*) FROM sqlite_schema") == 0;
  if (!is_new && application != kApplicationId) throw StoreError(0, "is a database, but none of plaza's");
  if (version > kSchemaVersion)
    throw StoreError(0, "was written by a newer plaza: its schema is " + std::to_string(version) + ", this one knows " +
                            std::to_string(kSchemaVersion));
  if (const std::string mode = database_.text("PRAGMA journal_mode = WAL"); mode != "wal")
    throw StoreError(0, "cannot have a write-ahead log: its journal mode stays " + mode);
  database_.execute("PRAGMA synchronous = FULL");
}

void Store::create(TicketNumber capacity) {
  // In one transaction with the marks that say whose it is: a crash leaves a new file, or one that is ready.
  database_.execute("BEGIN IMMEDIATE");
  database_.execute(kSchema);
  database_.execute("INSERT INTO office VALUES (1, " + std::to_string(capacity) + ", 0)");
  database_.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
  database_.execute("PRAGMA user_version = " + std::to_string(kSchemaVersion));
  database_.execute("COMMIT");
}

void Store::load(TicketNumber capacity) {
  if (const std::string check = database_.text("PRAGMA quick_check(1)"); check != "ok")
    throw StoreError(SQLITE_CORRUPT, check);
  Statement office(database_, "SELECT capacity, version FROM office");
  if (!office.step()) throw StoreError(0, "is damaged: it does not say how many tickets there are");
  kept_.capacity = static_cast<TicketNumber>(office.number(0));
  kept_.version = office.number(1);
  office.run();
  if (kept_.capacity != capacity)
    throw StoreError(0, "has " + std::to_string(kept_.capacity) + " tickets, not " + std::to_string(capacity));

  Statement holds(database_, "SELECT ticket, user, buys_now FROM hold ORDER BY ticket");
  while (holds.step())
    kept_.holds.push_back({.ticket = static_cast<TicketNumber>(holds.number(0)),
                           .user = holds.text(1),
                           .buys_now = holds.number(2) != 0});
  Statement sales(database_, "SELECT ticket, user, request FROM sale ORDER BY position");
  while (sales.step())
    kept_.sales.push_back(
        {.ticket = static_cast<TicketNumber>(sales.number(0)), .user = sales.text(1), .request_id = sales.text(2)});
  Statement answers(database_, "SELECT user, request, command, asked_ticket, refusal, ticket, version FROM answer");
  while (answers.step()) {
    Answered answered{.command = from_number(answers.number(2), Command::release),
                      .asked_ticket = static_cast<TicketNumber>(answers.number(3)),
                      .decision = {.refusal = from_number(answers.number(4), Refusal::id_reused),
                                   .ticket = static_cast<TicketNumber>(answers.number(5)),
                                   .version = answers.number(6),
                                   .change = std::nullopt}};
    kept_.answers.emplace(RequestKey{.user = answers.text(0), .request_id = answers.text(1)}, answered);
  }
  require_sound(kept_);
}

void Store::write(const std::vector<Record>& batch) {
  if (batch.empty()) return;
  try {
    statements_->begin.run();
    for (const Record& record : batch) write_one(record);
    statements_->version.bind(1, batch.back().version).run();
    statements_->commit.run();
  } catch (const StoreError&) {
    database_.roll_back();
    throw;
  }
}

void Store::write_one(const Record& record) {
  if (record.change) {
    switch (*record.change) {
      case Change::hold:
        statements_->hold.bind(1, std::uint64_t{record.ticket})
            .bind(2, record.key.user)
            .bind(3, std::uint64_t{record.buys_now})
            .run();
        break;
      case Change::sale:
        statements_->end_hold.bind(1, std::uint64_t{record.ticket}).run();
        statements_->sale.bind(1, std::uint64_t{record.ticket})
            .bind(2, record.key.user)
            .bind(3, record.key.request_id)
            .run();
        break;
      case Change::release:
      case Change::expire:
        statements_->end_hold.bind(1, std::uint64_t{record.ticket}).run();
        break;
    }
  }
  if (!record.answer) return;
  const Decision& decision = record.answer->decision;
  statements_->answer.bind(1, record.key.user)
      .bind(2, record.key.request_id)
      .bind(3, static_cast<std::uint64_t>(record.answer->command))
      .bind(4, std::uint64_t{record.answer->asked_ticket})
      .bind(5, static_cast<std::uint64_t>(decision.refusal))
      .bind(6, std::uint64_t{decision.ticket})
      .bind(7, std::uint64_t{decision.version})
      .run();
}

}  // namespace plaza
