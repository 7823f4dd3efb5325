// What this program has in memory as a table `rows` of SQLite, so that one statement writes all of it:
//
//   INSERT OR ROLLBACK INTO log SELECT a, b, c, d, e FROM rows
//
// A statement for each row costs more than the row. (OR ROLLBACK, since SQLite would otherwise keep a copy of every
// page until it knows that no row of the statement fails. Whoever writes here gives up the whole transaction anyway.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <variant>

#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {

class Rows {
 public:
  // A number, or a blob, which must stay where it is until the statement has run. Whoever is asked must not throw.
  using Value = std::variant<std::uint64_t, std::string_view>;
  using At = std::function<Value(std::size_t row, int column)>;

  // Makes the table known to this connection, which must not be used any more once this is gone.
  explicit Rows(Database& database);
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  // Runs a statement that reads the table, which has so many rows meanwhile, in this order, with columns a to e.
  void run(Statement& statement, std::size_t rows, const At& at);

 private:
  friend struct RowsTable;  // SQLite's side of it
  std::size_t rows_ = 0;
  const At* at_ = nullptr;
};

}  // namespace plaza
