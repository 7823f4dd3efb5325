// The store: what the box office decided, in an SQLite database in a folder of its own, so that it outlives the
// process.
//
// One file, `plaza.db`, of one process: it is locked for as long as the store is open. In WAL mode with
// synchronous=FULL, so that write() returns when what it wrote is on the disk, and that a crash at any moment leaves
// whole batches.
//
// Blocks: write() takes as long as the disk does. It knows neither event loop nor time.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "system-under-test/plaza/domain/inventory.hpp"
#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {

// One decision of the box office, as it is kept: what it changed, and what it answered for good.
struct Record {
  RequestKey key;  // the id is empty where nobody asked for it
  std::optional<Change> change = std::nullopt;
  TicketNumber ticket = 0;  // of the change
  bool buys_now = false;    // of a hold
  Version version = 0;      // of the inventory, after it
  std::optional<Answered> answer = std::nullopt;
};

class Store {
 public:
  // Opens or creates the database in `folder`, which must be there, and reads it. Throws StoreError with a line that
  // names the file: it cannot be opened, is in use by another process, is no database or none of plaza's, was written
  // by a newer plaza, is damaged, or holds another number of tickets.
  Store(const std::filesystem::path& folder, TicketNumber capacity);

  // What it held when it was opened. Gives it away: call once.
  KeptState take_kept() { return std::move(kept_); }

  // Writes all of them in one transaction, which is durable on return. Throws StoreError: then none of them is written,
  // if the error is a passing one; otherwise nobody knows, and the store must not be used any more.
  void write(const std::vector<Record>& batch);

 private:
  void prepare_file();
  void create(TicketNumber capacity);
  void load(TicketNumber capacity);
  void write_one(const Record& record);

  struct Statements {
    explicit Statements(Database& database);
    Statement begin, commit, version, hold, end_hold, sale, answer;
  };
  Database database_;
  std::optional<Statements> statements_;
  KeptState kept_;
};

}  // namespace plaza
