#pragma once
// A node's journal: records in a file, each with its number and a checksum, appended and synced one by one. Whatever
// the disk does to it, what is read back is a row of whole records from the first on, or nothing.
#include <cstdint>
#include <optional>
#include <string>

namespace tour {

class Journal {
 public:
  explicit Journal(std::string path) : path_(std::move(path)) {}
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;
  ~Journal() { close(); }

  // Reads what is there and cuts off what is damaged. The last record's number; 0 if there is none. nullopt: the file
  // cannot be opened, read or cut; try again later.
  std::optional<std::uint64_t> recover();
  bool is_open() const { return file_ >= 0; }
  // Adds a record and makes it durable. False: it failed, and nobody knows how much of it is there; recover() again.
  bool append(std::uint64_t number);

 private:
  void close();

  std::string path_;
  int file_ = -1;
};

}  // namespace tour
