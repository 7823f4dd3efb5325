#include "system-under-test/plaza/store/rows.hpp"

#include <sqlite3.h>

#include <new>

namespace plaza {

// A virtual table as https://www.sqlite.org/vtab.html has them: eponymous, so it is there without having been created.
// No exception may pass through SQLite: nothing here throws, and what is asked of Rows::At must not either.
struct RowsTable {
  struct Table : sqlite3_vtab {
    const Rows* rows = nullptr;
  };
  struct Cursor : sqlite3_vtab_cursor {
    std::size_t row = 0;
  };

  static const Rows& rows_of(const sqlite3_vtab_cursor* cursor) {
    return *static_cast<const Table*>(cursor->pVtab)->rows;
  }
  static Cursor& as_cursor(sqlite3_vtab_cursor* cursor) { return *static_cast<Cursor*>(cursor); }

  static int connect(sqlite3* database, void* rows, int, const char* const*, sqlite3_vtab** made, char**) {
    const int code = sqlite3_declare_vtab(database, "CREATE TABLE rows (a, b, c, d, e)");
    if (code != SQLITE_OK) return code;
    auto* const table = new (std::nothrow) Table();
    if (table == nullptr) return SQLITE_NOMEM;
    table->rows = static_cast<const Rows*>(rows);
    *made = table;
    return SQLITE_OK;
  }
  static int disconnect(sqlite3_vtab* table) {
    delete static_cast<Table*>(table);
    return SQLITE_OK;
  }
  static int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }  // all of it, from the first on
  static int open(sqlite3_vtab*, sqlite3_vtab_cursor** made) {
    *made = new (std::nothrow) Cursor();
    return *made == nullptr ? SQLITE_NOMEM : SQLITE_OK;
  }
  static int close(sqlite3_vtab_cursor* cursor) {
    delete static_cast<Cursor*>(cursor);
    return SQLITE_OK;
  }
  static int filter(sqlite3_vtab_cursor* cursor, int, const char*, int, sqlite3_value**) {
    as_cursor(cursor).row = 0;
    return SQLITE_OK;
  }
  static int next(sqlite3_vtab_cursor* cursor) {
    ++as_cursor(cursor).row;
    return SQLITE_OK;
  }
  static int eof(sqlite3_vtab_cursor* cursor) { return as_cursor(cursor).row >= rows_of(cursor).rows_ ? 1 : 0; }
  static int column(sqlite3_vtab_cursor* cursor, sqlite3_context* context, int column) {
    const Rows::Value value = (*rows_of(cursor).at_)(as_cursor(cursor).row, column);
    if (const std::uint64_t* number = std::get_if<std::uint64_t>(&value)) {
      sqlite3_result_int64(context, static_cast<sqlite3_int64>(*number));
      return SQLITE_OK;
    }
    const std::string_view bytes = std::get<std::string_view>(value);
    const char* at = bytes.empty() ? "" : bytes.data();  // a null pointer would be NULL, not an empty blob
    sqlite3_result_blob64(context, at, bytes.size(), SQLITE_STATIC);
    return SQLITE_OK;
  }
  static int rowid(sqlite3_vtab_cursor* cursor, sqlite3_int64* id) {
    *id = static_cast<sqlite3_int64>(as_cursor(cursor).row);
    return SQLITE_OK;
  }
  static const sqlite3_module& module() {
    static const sqlite3_module module = [] {
      sqlite3_module made{};
      made.xConnect = connect;
      made.xBestIndex = best_index;
      made.xDisconnect = disconnect;
      made.xOpen = open;
      made.xClose = close;
      made.xFilter = filter;
      made.xNext = next;
      made.xEof = eof;
      made.xColumn = column;
      made.xRowid = rowid;
      return made;
    }();
    return module;
  }
};

Rows::Rows(Database& database) {
  const int code = sqlite3_create_module_v2(database.handle(), "rows", &RowsTable::module(), this, nullptr);
  if (code != SQLITE_OK) throw StoreError(code, sqlite3_errmsg(database.handle()));
}

void Rows::run(Statement& statement, std::size_t rows, const At& at) {
  if (rows == 0) return;
  rows_ = rows;
  at_ = &at;
  statement.run();
  rows_ = 0;
  at_ = nullptr;
}

}  // namespace plaza
