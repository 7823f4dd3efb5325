#pragma once
// Runs a scenario under a plan, and reads its trace.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include <boost/json.hpp>
#include <fstream>
#include <string>
#include <vector>

#include "tests/support/shell.hpp"

namespace test {

inline std::string in_scratch(const std::string& name, const std::string& text) {
  const std::string path = scratch() + "/" + name;
  std::ofstream(path) << text;
  return path;
}

// `arguments` of `stillpoint run`; the run must end with this exit code.
inline boost::json::object run_json(const std::string& arguments, int exit_code = 0) {
  const Ran ran = shell(binary("stillpoint") + " run --json " + arguments);
  CAPTURE(arguments, ran.out, ran.err);
  REQUIRE(ran.exit_code == exit_code);
  return boost::json::parse(ran.out).as_object();
}

inline std::vector<std::vector<std::string>> rows(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) FAIL(sqlite3_errmsg(database));
  std::vector<std::vector<std::string>> result;
  while (sqlite3_step(statement) == SQLITE_ROW) {
    std::vector<std::string>& row = result.emplace_back();
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const auto* text = sqlite3_column_text(statement, column);
      row.emplace_back(text == nullptr ? "" : reinterpret_cast<const char*>(text));
    }
  }
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return result;
}

}  // namespace test
