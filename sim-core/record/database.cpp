#include "sim-core/record/database.hpp"

#include <fmt/format.h>
#include <sqlite3.h>
#include <stillpoint/error.hpp>

#include <cstring>
#include <utility>

namespace stillpoint {
namespace {

int flags_of(Database::Access access) {
  // No mutexes: a database belongs to one thread. Symbolic links are followed.
  constexpr int kAlways = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (access) {
    case Database::Access::create:
      return kAlways | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case Database::Access::write:
      return kAlways | SQLITE_OPEN_READWRITE;
    case Database::Access::read:
      return kAlways | SQLITE_OPEN_READONLY;
  }
  return kAlways;
}

}  // namespace

std::string Database::explanation(int code) const {
  switch (code & 0xff) {
    case SQLITE_READONLY:
      if (code == SQLITE_READONLY_ROLLBACK) {
        return "its recorder was killed, and to undo what that left half-written takes the permission to write; copy "
               "it, together with "
               "its -journal file, to where you may write";
      }
      return "it cannot be written; choose another path";
    case SQLITE_FULL:
      return "the disk is full; make room, or use another disk";
    case SQLITE_NOTADB:
      return fmt::format("not an SQLite database, so not a Stillpoint {}; {}", words_.what, words_.remedy);
    case SQLITE_CORRUPT:
      return fmt::format("the file is damaged or cut off ({}); {}", sqlite3_errmsg(handle_), words_.remedy);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("another process is using it, perhaps {} that still runs; wait for it to end", words_.user);
    default: {
      const int system = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
      const char* words = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
      const std::string reason =
          system == 0 ? std::string(words) : fmt::format("{} ({})", words, std::strerror(system));
      return reason + "; choose a path that can be read and written";
    }
  }
}

Database::Database(const std::filesystem::path& file, Access access, Words words) : words_(std::move(words)) {
  // An absolute path is never taken for a URI, nor for ":memory:".
  const std::string path = std::filesystem::absolute(file).string();
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags_of(access), nullptr);
  if (code != SQLITE_OK) {
    const std::string line = fmt::format("cannot open the {} {}: {}", words_.what, words_.path, explanation(code));
    sqlite3_close(handle_);
    throw Error(line);
  }
}

Database::~Database() { sqlite3_close(handle_); }

void Database::run(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

void Database::roll_back() noexcept {
  if (sqlite3_get_autocommit(handle_) == 0) sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

std::uint64_t Database::changes() const { return static_cast<std::uint64_t>(sqlite3_changes64(handle_)); }

void Database::fail(int code) const {
  throw Error(fmt::format("the {} {}: {}", words_.what, words_.path, explanation(code)));
}

Statement::Statement(const Database& database, std::string_view sql) : database_(&database) {
  check(sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT,
                           &handle_, nullptr));
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    // The message belongs to the connection, and resetting keeps it.
    sqlite3_reset(handle_);
    database_->fail(code);
  }
  sqlite3_reset(handle_);
  return false;
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string Statement::text(int column) const {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  const int size = sqlite3_column_bytes(handle_, column);
  return data == nullptr ? std::string() : std::string(data, static_cast<std::size_t>(size));
}

bool Statement::is_null(int column) const { return sqlite3_column_type(handle_, column) == SQLITE_NULL; }

void Statement::check(int code) const {
  if (code != SQLITE_OK) database_->fail(code);
}

void Statement::bind_integer(int index, std::int64_t value) { check(sqlite3_bind_int64(handle_, index, value)); }

void Statement::bind_text(int index, std::string_view value) {
  const char* data = value.data() == nullptr ? "" : value.data();  // SQLite would take a null pointer for NULL
  check(sqlite3_bind_text64(handle_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::bind_null(int index) { check(sqlite3_bind_null(handle_, index)); }

}  // namespace stillpoint
