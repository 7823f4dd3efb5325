#pragma once
// The little of SQLite that traces and campaigns need, with its errors turned into stillpoint::Error: the path,
// SQLite's own words, what to do. A Database belongs to one thread, and outlives its Statements.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

struct sqlite3;
struct sqlite3_stmt;

namespace stillpoint {

class Database {
 public:
  enum class Access { create, write, read };

  // How messages speak of it.
  struct Words {
    std::string path;  // as the user knows it
    std::string what = "trace";
    std::string user = "a recording";  // what else may be using it
    std::string remedy = "record the run again";
  };

  // Opens `file`. With Access::create the file must not exist.
  Database(const std::filesystem::path& file, Access access, Words words);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // Runs any number of statements and ignores their rows.
  void run(const char* sql);
  // Opens a transaction that shuts everybody else out, or closes it. Without one, each statement is its own.
  void begin() { run("BEGIN EXCLUSIVE"); }
  void commit() { run("COMMIT"); }
  // Gives up an open transaction; quiet if there is none.
  void roll_back() noexcept;

  // Rows that the last INSERT, UPDATE or DELETE touched.
  std::uint64_t changes() const;

  // Throws the Error that belongs to SQLite's result `code`.
  [[noreturn]] void fail(int code) const;
  const std::string& shown_path() const { return words_.path; }
  sqlite3* handle() const { return handle_; }

 private:
  // What was wrong and what to do, by SQLite's result code.
  std::string explanation(int code) const;

  sqlite3* handle_ = nullptr;
  Words words_;
};

class Statement {
 public:
  Statement(const Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  // Binds all parameters, in order: integers, text, optionals of these (NULL for none). Text is not copied: it must
  // stay until run() or the last step().
  template <typename... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_value(++index, values), ...);
    return *this;
  }
  // Binds, runs to the end, and is ready for the next time.
  template <typename... Values>
  void run(const Values&... values) {
    bind(values...);
    while (step()) {
    }
  }
  // Moves to the next row of the result. False after the last one, and then the statement is ready for the next time.
  bool step();

  // The current row, columns from 0. A value of another type is converted as SQLite does; NULL is 0 or empty.
  std::int64_t integer(int column) const;
  std::string text(int column) const;
  bool is_null(int column) const;

 private:
  void check(int code) const;
  void bind_integer(int index, std::int64_t value);
  void bind_text(int index, std::string_view value);
  void bind_null(int index);

  template <typename Value>
  void bind_value(int index, const Value& value) {
    if constexpr (std::is_integral_v<Value>) {
      bind_integer(index, static_cast<std::int64_t>(value));
    } else if constexpr (std::is_same_v<Value, std::nullopt_t>) {
      bind_null(index);
    } else if constexpr (std::is_convertible_v<Value, std::string_view>) {
      bind_text(index, value);
    } else {
      value ? bind_value(index, *value) : bind_null(index);  // an optional
    }
  }

  const Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace stillpoint
