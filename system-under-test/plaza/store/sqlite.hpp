// A thin layer over SQLite's C interface: connections and statements that close themselves, and errors as exceptions.
//
// Knows no tickets. Uses the library's default VFS, and belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace plaza {

// What SQLite refused to do. `code` is its extended result code, or 0 where it was the caller who refused.
class StoreError : public std::runtime_error {
 public:
  StoreError(int code, const std::string& text) : std::runtime_error(text), code_(code) {}
  int code() const { return code_; }

 private:
  int code_;
};

class Database {
 public:
  // Creates the file if it is not there. Throws StoreError, as everything here does.
  explicit Database(const std::string& path);

  // Statements without a result, or whose result does not matter.
  void execute(const std::string& sql);
  // The first column of the first row; nothing: 0, or an empty text.
  std::int64_t number(const std::string& sql);
  std::string text(const std::string& sql);
  // Of a transaction that failed half-way. Never throws: what has failed badly enough is rolled back already.
  void roll_back() noexcept;

  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement, to be used again and again. Must not outlive its database.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);

  // Parameters are numbered from 1, columns from 0.
  Statement& bind(int parameter, std::uint64_t value);
  Statement& bind(int parameter, std::string_view value);
  // Bytes, which are not copied: they must stay where they are until run() has returned.
  Statement& bind_blob(int parameter, std::string_view bytes);
  // To the next row; false once there is none left, after which it may be bound anew.
  bool step();
  // For a statement without rows.
  void run();

  // Of the current row. A column of another type than the one asked for throws: nobody of ours has written it.
  std::uint64_t number(int column) const;
  std::string text(int column) const;
  std::string blob(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  [[noreturn]] void fail(int code) const;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

}  // namespace plaza
