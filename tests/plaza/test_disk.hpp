// A disk under SQLite that can fail and lose power: the default VFS, with every write and sync of a file looked at on
// its way. One at a time; it is the default VFS for as long as it lives.
//
// Models no reordering: what was synced is there after a power loss, and nothing else is.
#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>

namespace plaza::test {

class TestDisk {
 public:
  TestDisk();
  ~TestDisk();
  TestDisk(const TestDisk&) = delete;
  TestDisk& operator=(const TestDisk&) = delete;

  enum class Operation { write, sync };

  // Asked before each operation, with its number from 1 on: an SQLite error code instead of doing it, or nothing.
  std::function<std::optional<int>(Operation, int number)> fail;
  int operations = 0;
  int syncs = 0;

  // Puts into `into` what a power loss now would leave of the files in `folder`.
  void lose_power(const std::filesystem::path& folder, const std::filesystem::path& into) const;

 private:
  friend struct TestFile;
  std::optional<int> ask(Operation operation);

  sqlite3_vfs vfs_{};
  sqlite3_vfs* real_ = nullptr;
  std::map<std::string, std::string> synced_;  // contents by file name
};

}  // namespace plaza::test
