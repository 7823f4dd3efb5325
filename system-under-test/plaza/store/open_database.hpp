// Opening a database so that what it says can be relied upon: it is ours, nobody else has it open, it is sound, and
// what it held is on the disk before anybody is told of it.
//
// WAL mode with synchronous=FULL: a transaction is durable when its commit returns, and a crash at any moment leaves
// whole ones.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "system-under-test/plaza/store/sqlite.hpp"

namespace plaza {

// Whose database it is, and what is in it.
struct DatabaseFormat {
  std::int64_t application_id = 0;           // never 0
  std::int64_t schema_version = 0;           // from 1
  std::span<const std::string_view> tables;  // one CREATE TABLE each, exactly as it shall be found again
  std::function<void(Database&)> fill = {};  // gives new tables their first rows
};

// Opens `file`, or creates it with its tables, all or none of them. Locks it for as long as the database is open.
// Throws StoreError: see complaint().
Database open_database(const std::filesystem::path& file, const DatabaseFormat& format);

// "FILE: in use by another process", and so on: one line, whatever SQLite says. An error of code 0 has its own words.
std::string complaint(const std::filesystem::path& file, const StoreError& error);

}  // namespace plaza
