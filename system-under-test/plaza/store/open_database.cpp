#include "system-under-test/plaza/store/open_database.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "system-under-test/plaza/one_line.hpp"
#include "system-under-test/plaza/store/rewrite.hpp"

namespace plaza {
namespace {

// To which a log that has grown beyond it, by one large transaction, is cut back.
constexpr std::int64_t kLogBytesKept = 8 * 1024 * 1024;

// Looks at whose file it is before it writes a byte. Whether it is a new one.
bool require_ours(Database& database, const DatabaseFormat& format) {
  const std::int64_t application = database.number("PRAGMA application_id");
  const std::int64_t version = database.number("PRAGMA user_version");
  if (application == 0 && version == 0 && database.number("SELECT count(*) FROM sqlite_schema") == 0) return true;
  if (application != format.application_id) throw StoreError(0, "a database, but none of plaza's");
  if (version > format.schema_version)
    throw StoreError(0, "written by a newer plaza: its schema is " + std::to_string(version) + ", this one knows " +
                            std::to_string(format.schema_version));
  if (version < 1)
    throw StoreError(0, "damaged: its schema is " + std::to_string(version) + ", which no plaza has written");
  if (version < format.schema_version)
    throw StoreError(0, "written by an older plaza: its schema is " + std::to_string(version) + ", this one knows " +
                            std::to_string(format.schema_version) + " only");
  return false;
}

void begin_write_ahead_log(Database& database) {
  if (const std::string mode = database.text("PRAGMA journal_mode = WAL"); mode != "wal")
    throw StoreError(0, "cannot have a write-ahead log: its journal mode stays " + mode);
  database.execute("PRAGMA synchronous = FULL");
  database.execute("PRAGMA journal_size_limit = " + std::to_string(kLogBytesKept));
  // In pages: a quarter of SQLite's own bound, so that no commit waits long for it, and the file stays small.
  database.execute("PRAGMA wal_autocheckpoint = 250");
}

// In one transaction with the marks that say whose it is: a crash leaves a new file, or one that is ready.
void create(Database& database, const DatabaseFormat& format) {
  database.execute("BEGIN IMMEDIATE");
  for (const std::string_view table : format.tables) database.execute(std::string(table));
  if (format.fill) format.fill(database);
  database.execute("PRAGMA application_id = " + std::to_string(format.application_id));
  database.execute("PRAGMA user_version = " + std::to_string(format.schema_version));
  database.execute("COMMIT");
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

// Every page in its place, and the tables those that were made.
void require_sound(Database& database, const DatabaseFormat& format) {
  if (const std::string check = database.text("PRAGMA quick_check(1)"); check != "ok")
    throw StoreError(SQLITE_CORRUPT, check);
  Statement tables(database, "SELECT sql FROM sqlite_schema ORDER BY rowid");
  std::size_t found = 0;
  while (tables.step()) {
    if (found == format.tables.size() || tables.text(0) != format.tables[found])
      throw StoreError(0, "damaged: its tables are not those that plaza makes");
    ++found;
  }
  if (found != format.tables.size()) throw StoreError(0, "damaged: a table is missing");
}

// A check's result has a headline, and a damaged schema is quoted: all of it in one line.
std::string words_of(const StoreError& error) {
  std::string text = error.what();
  if (text.starts_with("*** ")) text.erase(0, text.find('\n') + 1);
  return in_one_line(std::move(text));
}

}  // namespace

Database open_database(const std::filesystem::path& file, const DatabaseFormat& format) {
  Database database(file.string());
  // From the first read on nobody else gets in: two processes with one log would be the end of both. It also makes
  // SQLite keep the index of the WAL in its own memory instead of in a file shared with nobody.
  database.execute("PRAGMA locking_mode = EXCLUSIVE");
  const bool is_new = require_ours(database, format);
  begin_write_ahead_log(database);
  // Now that nobody else writes to it, and before anybody is told of what it has. (Not the database itself: to close
  // any other descriptor of that would give up SQLite's lock.)
  rewrite(file.string() + "-wal");
  if (is_new) create(database, format);
  // A log that was closed after a failure was removed, which a power loss could take back: with it would come what
  // could not be committed.
  sync_names(file.parent_path());
  require_sound(database, format);
  return database;
}

std::string complaint(const std::filesystem::path& file, const StoreError& error) {
  const std::string text = words_of(error);
  const auto words = [&]() -> std::string {
    switch (error.code() & 0xff) {
      case SQLITE_OK:
        return text;
      case SQLITE_BUSY:
        return "in use by another process";
      case SQLITE_NOTADB:
        return "not a database";
      case SQLITE_CORRUPT:
        return "damaged: " + text;
      default:
        return "cannot be used: " + text;
    }
  };
  return file.string() + ": " + words();
}

}  // namespace plaza
