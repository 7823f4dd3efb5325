#include "system-under-test/plaza/store/sqlite.hpp"

#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace plaza {
namespace {

// Why the system refused, or 0 where SQLite keeps nothing of that. It does so for these two only: after another error
// it would be the number of an earlier one.
int system_error_of(sqlite3* handle) {
  const int code = sqlite3_extended_errcode(handle) & 0xff;
  return code == SQLITE_CANTOPEN || code == SQLITE_IOERR ? sqlite3_system_errno(handle) : 0;
}

std::string message_of(sqlite3* handle, int system_error) {
  // sqlite3_errmsg says "disk I/O error" for a dozen of them: the number tells which.
  const std::string number = " (SQLite error " + std::to_string(sqlite3_extended_errcode(handle)) + ")";
  const std::string reason = system_error > 0 ? std::string(": ") + std::strerror(system_error) : "";
  return sqlite3_errmsg(handle) + reason + number;
}

std::string message_of(sqlite3* handle) { return message_of(handle, system_error_of(handle)); }

// A file that may not be written SQLite opens once more, to be read: where there is none, because its folder may not be
// written, the error that it keeps is that of the second time. access(2) looks with the real user's rights, which are
// those of a daemon.
int open_error_of(sqlite3* handle, const std::filesystem::path& file) {
  const int error = system_error_of(handle);
  if (error != ENOENT) return error;
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  return ::access(folder.c_str(), W_OK | X_OK) != 0 ? errno : error;
}

}  // namespace

void Database::Close::operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }

Database::Database(const std::string& path) {
  sqlite3* opened = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &opened, flags, nullptr);
  handle_.reset(opened);  // also of an open that failed
  if (code != SQLITE_OK)
    throw StoreError(code, opened == nullptr ? "out of memory" : message_of(opened, open_error_of(opened, path)));
}

void Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw StoreError(code, message_of(handle()));
}

// To the end: what a statement changes it commits after its last row. So "PRAGMA journal_mode = WAL" says "wal" first,
// and only then that it could not be.
std::int64_t Database::number(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.step()) return 0;
  const auto number = static_cast<std::int64_t>(statement.number(0));
  statement.run();
  return number;
}

std::string Database::text(const std::string& sql) {
  Statement statement(*this, sql);
  if (!statement.step()) return "";
  std::string text = statement.text(0);
  statement.run();
  return text;
}

void Database::roll_back() noexcept {
  if (sqlite3_get_autocommit(handle()) == 0) sqlite3_exec(handle(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Statement::Statement(Database& database, std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()), &prepared, nullptr);
  if (code != SQLITE_OK) throw StoreError(code, message_of(database.handle()));
  statement_.reset(prepared);
}

Statement& Statement::bind(int parameter, std::uint64_t value) {
  const int code = sqlite3_bind_int64(statement_.get(), parameter, static_cast<sqlite3_int64>(value));
  if (code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view value) {
  const int code =
      sqlite3_bind_text(statement_.get(), parameter, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::string_view bytes) {
  const char* at = bytes.empty() ? "" : bytes.data();  // a null pointer would be NULL, not an empty blob
  const int code = sqlite3_bind_blob64(statement_.get(), parameter, at, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) fail(code);
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) fail(code);
  sqlite3_reset(statement_.get());
  return false;
}

void Statement::run() {
  while (step()) continue;
}

std::uint64_t Statement::number(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) throw StoreError(0, "a number is missing");
  return static_cast<std::uint64_t>(sqlite3_column_int64(statement_.get(), column));
}

std::string Statement::text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) throw StoreError(0, "a text is missing");
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

std::string Statement::blob(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) throw StoreError(0, "a blob is missing");
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
  if (bytes == nullptr) return {};  // it is empty
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}

void Statement::fail(int code) const {
  const StoreError error(code, message_of(sqlite3_db_handle(statement_.get())));
  sqlite3_reset(statement_.get());  // which gives the same code once more
  throw error;
}

}  // namespace plaza
