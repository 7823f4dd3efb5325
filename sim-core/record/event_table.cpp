#include "sim-core/record/event_table.hpp"

#include <sqlite3.h>

#include <new>

#include "sim-core/record/record_cursor.hpp"

// The callbacks follow https://www.sqlite.org/vtab.html. SQLite hands back the structures that it was given by their
// first member.
namespace stillpoint {
namespace {

struct Table {
  sqlite3_vtab base{};
  const EventTable* events = nullptr;
};

struct Cursor {
  sqlite3_vtab_cursor base{};
  RecordCursor records{{}};
  sqlite3_int64 row = 0;
  bool at_end = true;
};

Cursor& cursor_of(sqlite3_vtab_cursor* base) { return *reinterpret_cast<Cursor*>(base); }

int connect(sqlite3* database, void* events, int, const char* const*, sqlite3_vtab** result, char**) {
  const int code = sqlite3_declare_vtab(
      database, "CREATE TABLE stream_event(at_ns, host, boot, kind, subject, a, b, cause, cause_kind, payload)");
  if (code != SQLITE_OK) return code;
  auto* table = new (std::nothrow) Table;
  if (table == nullptr) return SQLITE_NOMEM;
  table->events = static_cast<const EventTable*>(events);
  *result = &table->base;
  return SQLITE_OK;
}

int disconnect(sqlite3_vtab* table) {
  delete reinterpret_cast<Table*>(table);
  return SQLITE_OK;
}

int best_index(sqlite3_vtab*, sqlite3_index_info*) { return SQLITE_OK; }

int open(sqlite3_vtab*, sqlite3_vtab_cursor** result) {
  auto* cursor = new (std::nothrow) Cursor;
  if (cursor == nullptr) return SQLITE_NOMEM;
  *result = &cursor->base;
  return SQLITE_OK;
}

int close(sqlite3_vtab_cursor* base) {
  delete &cursor_of(base);
  return SQLITE_OK;
}

int next(sqlite3_vtab_cursor* base) {
  Cursor& cursor = cursor_of(base);
  do {
    cursor.at_end = !cursor.records.next();
  } while (!cursor.at_end && cursor.records.record().header.type != RecordType::event);
  ++cursor.row;
  return SQLITE_OK;
}

int filter(sqlite3_vtab_cursor* base, int, const char*, int, sqlite3_value**) {
  Cursor& cursor = cursor_of(base);
  const EventTable& events = *reinterpret_cast<Table*>(base->pVtab)->events;
  cursor.records = RecordCursor(events.records());
  cursor.row = 0;
  return next(base);
}

int eof(sqlite3_vtab_cursor* base) { return cursor_of(base).at_end ? 1 : 0; }

// An unset result is NULL.
int column(sqlite3_vtab_cursor* base, sqlite3_context* result, int index) {
  const Cursor& cursor = cursor_of(base);
  const RecordHeader& event = cursor.records.record().header;
  const auto integer = [result](auto value) { sqlite3_result_int64(result, static_cast<sqlite3_int64>(value)); };
  switch (index) {
    case 0:
      integer(event.time_ns);
      break;
    case 1:
      integer(event.host);
      break;
    case 2:
      integer(event.boot);
      break;
    case 3:
      integer(event.kind);
      break;
    case 4:
      integer(event.subject);
      break;
    case 5:
      integer(event.a);
      break;
    case 6:
      integer(event.b);
      break;
    case 7:
      if (event.cause != kNoEvent) integer(event.cause);
      break;
    case 8:
      if (event.cause != kNoEvent) integer(event.cause_kind);
      break;
    case 9:
      if (event.payload_size > 0) {
        sqlite3_result_blob(result, cursor.records.record().payload.data(), static_cast<int>(event.payload_size),
                            SQLITE_STATIC);
      }
      break;
  }
  return SQLITE_OK;
}

int rowid(sqlite3_vtab_cursor* base, sqlite3_int64* result) {
  *result = cursor_of(base).row;
  return SQLITE_OK;
}

// Without xCreate the table exists under its module's name alone, in every schema, and cannot be created in the file.
constexpr sqlite3_module module_of_callbacks() {
  sqlite3_module module{};
  module.xConnect = connect;
  module.xBestIndex = best_index;
  module.xDisconnect = disconnect;
  module.xOpen = open;
  module.xClose = close;
  module.xFilter = filter;
  module.xNext = next;
  module.xEof = eof;
  module.xColumn = column;
  module.xRowid = rowid;
  return module;
}
constexpr sqlite3_module kModule = module_of_callbacks();

}  // namespace

EventTable::EventTable(Database& database) {
  const int code = sqlite3_create_module(database.handle(), "stream_event", &kModule, this);
  if (code != SQLITE_OK) database.fail(code);
}

}  // namespace stillpoint
