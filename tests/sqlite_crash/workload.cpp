#include "tests/sqlite_crash/workload.hpp"

#include <sqlite3.h>

#include <memory>
#include <vector>

namespace test {
namespace {

constexpr const char* kPath = "/srv/work.db";

class Connection {
 public:
  explicit Connection(int flags) {
    if (sqlite3_open_v2(kPath, &database_, flags, nullptr) != SQLITE_OK) fail();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() { sqlite3_close(database_); }

  // The rows of a statement, their columns with bars between them; nothing more once something has failed.
  std::vector<std::string> ask(const std::string& sql) {
    std::vector<std::string> rows;
    if (!error_.empty()) return rows;
    const auto add = [](void* to, int columns, char** values, char**) {
      std::string row;
      for (int i = 0; i < columns; ++i) row += std::string(i > 0 ? "|" : "") + (values[i] != nullptr ? values[i] : "");
      static_cast<std::vector<std::string>*>(to)->push_back(row);
      return 0;
    };
    if (sqlite3_exec(database_, sql.c_str(), add, &rows, nullptr) != SQLITE_OK) fail();
    return rows;
  }
  const std::string& error() const { return error_; }

 private:
  void fail() { error_ = sqlite3_errmsg(database_); }

  sqlite3* database_ = nullptr;
  std::string error_;
};

// How many rows a commit adds. Some do not fit into the cache.
int rows_of(int commit) { return commit % 4 == 3 ? 40 : 3; }

std::string transaction(int commit) {
  const std::string number = std::to_string(commit);
  std::string sql = "BEGIN IMMEDIATE; UPDATE first SET last = " + number + ";";
  for (int row = 0; row < rows_of(commit); ++row) {
    sql += "INSERT INTO entries(of_commit, content) VALUES(" + number + ", zeroblob(" +
           std::to_string(200 + 731 * ((commit * 7 + row) % 5)) + "));";
  }
  // What older rows hold grows and shrinks, and their pages move.
  sql += "UPDATE entries SET content = zeroblob(" + std::to_string(100 + commit * 150) +
         ") WHERE of_commit = " + std::to_string(commit / 2) + ";";
  sql += "DELETE FROM fillers WHERE of_commit = " + std::to_string(commit - 2) + ";";
  sql += "INSERT INTO fillers VALUES(" + number + ", zeroblob(9000));";
  return sql + "UPDATE second SET last = " + number + "; COMMIT;";
}

}  // namespace

std::string write_database(const Pragmas& pragmas, const std::function<void(int commit)>& acknowledged) {
  Connection database(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  database.ask("PRAGMA journal_mode = " + pragmas.journal_mode + "; PRAGMA synchronous = " + pragmas.synchronous +
               "; PRAGMA cache_size = 10; PRAGMA wal_autocheckpoint = 20");
  database.ask(
      "BEGIN; CREATE TABLE first(last INTEGER); CREATE TABLE entries(id INTEGER PRIMARY KEY, of_commit, content);"
      "CREATE INDEX by_commit ON entries(of_commit); CREATE TABLE fillers(of_commit, content);"
      "CREATE TABLE second(last INTEGER); INSERT INTO first VALUES(0); INSERT INTO second VALUES(0); COMMIT");
  for (int commit = 1; commit <= kCommits; ++commit) {
    database.ask(transaction(commit));
    if (!database.error().empty()) return database.error();
    acknowledged(commit);
  }
  return database.error();
}

Found look_at_database() {
  Found found;
  Connection database(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
  const std::vector<std::string> integrity = database.ask("PRAGMA integrity_check");
  const std::vector<std::string> tables = database.ask("SELECT name FROM sqlite_master WHERE name = 'second'");
  const auto broken = [&](const std::string& why) {
    found.intact = false;
    found.why = why;
    return found;
  };
  if (!database.error().empty()) return broken(database.error());
  if (integrity != std::vector<std::string>{"ok"}) return broken(integrity.empty() ? "no answer" : integrity.front());
  if (tables.empty()) return found;
  const std::vector<std::string> last = database.ask("SELECT first.last, second.last FROM first, second");
  const std::vector<std::string> counts =
      database.ask("SELECT of_commit, count(*) FROM entries GROUP BY of_commit ORDER BY of_commit");
  const std::vector<std::string> fillers = database.ask("SELECT of_commit FROM fillers ORDER BY of_commit");
  if (!database.error().empty()) return broken(database.error());
  if (last.size() != 1) return broken("a table of one row has " + std::to_string(last.size()));
  found.commits = std::stoi(last.front());
  std::vector<std::string> expected;
  std::vector<std::string> expected_fillers;
  for (int commit = 1; commit <= found.commits; ++commit) {
    expected.push_back(std::to_string(commit) + "|" + std::to_string(rows_of(commit)));
    if (commit + 1 >= found.commits) expected_fillers.push_back(std::to_string(commit));
  }
  const std::string number = std::to_string(found.commits);
  found.whole = last.front() == number + "|" + number && counts == expected && fillers == expected_fillers;
  return found;
}

}  // namespace test
