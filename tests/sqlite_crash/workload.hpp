#pragma once
// A fixed workload on SQLite: plain code that knows of no simulation, and that a crash may end anywhere.
#include <functional>
#include <string>

namespace test {

struct Pragmas {
  std::string journal_mode;
  std::string synchronous;
};

constexpr int kCommits = 12;

// Makes a database and commits kCommits transactions to it, each of several rows, pages and tables, some larger than
// the page cache. Calls back when COMMIT has returned: this commit was acknowledged. Returns SQLite's error, or
// nothing.
std::string write_database(const Pragmas& pragmas, const std::function<void(int commit)>& acknowledged);

// What somebody finds who opens the database again.
struct Found {
  int commits = 0;     // the last one whose number is there; 0 where there is no table yet
  bool whole = true;   // each of them is there with all its rows, and nothing is of a later one
  bool intact = true;  // it can be opened and read, and integrity_check is content
  std::string why;     // where it is not
};

Found look_at_database();

}  // namespace test
