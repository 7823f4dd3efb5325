// sqlite: one database, rows inserted in transactions, each of which is on the disk before the next begins
// (write-ahead log, synchronous=FULL). A transaction a handler, as of a service that commits in batches.
#include <sqlite3.h>

#include <boost/asio/post.hpp>
#include <stdexcept>
#include <string>

#include "system-under-test/workloads/registry.hpp"

namespace workloads {
namespace {

constexpr std::uint64_t kRowsOfTransaction = 100;

class Inserter final : public Side {
 public:
  Inserter(boost::asio::io_context& context, const Parameters& parameters)
      : context_(context), parameters_(parameters), text_(parameters.message_bytes, 'x') {}
  ~Inserter() override {
    sqlite3_finalize(insert_);
    sqlite3_close(database_);
  }

  void start() override {
    // A database in memory takes no write-ahead log, and stays with a journal in memory.
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
    require(sqlite3_open_v2(parameters_.database.c_str(), &database_, flags, nullptr) == SQLITE_OK);
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    run("CREATE TABLE reading(id INTEGER PRIMARY KEY, sensor INTEGER, value REAL, remark TEXT)");
    const char* const sql = "INSERT INTO reading(sensor, value, remark) VALUES(?, ?, ?)";
    require(sqlite3_prepare_v2(database_, sql, -1, &insert_, nullptr) == SQLITE_OK);
    boost::asio::post(context_, [this] { commit_some(); });
  }
  bool done() const override { return transactions_ == parameters_.rounds; }
  std::uint64_t count() const override { return transactions_ * kRowsOfTransaction; }

 private:
  void commit_some() {
    run("BEGIN");
    for (std::uint64_t row = 0; row < kRowsOfTransaction; ++row) {
      const std::uint64_t number = count() + row;
      sqlite3_bind_int64(insert_, 1, static_cast<sqlite3_int64>(number * 2'654'435'761u % 1'000));
      sqlite3_bind_double(insert_, 2, static_cast<double>(number));
      sqlite3_bind_text(insert_, 3, text_.data(), static_cast<int>(text_.size()), SQLITE_STATIC);
      require(sqlite3_step(insert_) == SQLITE_DONE);
      sqlite3_reset(insert_);
    }
    run("COMMIT");
    ++transactions_;
    if (!done()) boost::asio::post(context_, [this] { commit_some(); });
  }

  void run(const char* sql) { require(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK); }
  void require(bool good) const {
    if (!good) throw std::runtime_error(std::string("sqlite: ") + sqlite3_errmsg(database_));
  }

  boost::asio::io_context& context_;
  const Parameters parameters_;
  const std::string text_;
  sqlite3* database_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  std::uint64_t transactions_ = 0;
};

Parameters defaults() {
  Parameters parameters;
  parameters.rounds = 5'000;
  parameters.message_bytes = 100;
  parameters.database = "file:bench.db";
  return parameters;
}

}  // namespace

constinit const Workload kInserts{
    .name = "sqlite",
    .about = "one SQLite database, 500,000 rows in transactions of 100, synchronous=FULL",
    .unit = "inserts",
    .defaults = defaults,
    .make_server = nullptr,
    .make_client = [](boost::asio::io_context& context, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<Inserter>(context, parameters);
    },
};

}  // namespace workloads
