// The ledger: what every user asked for, and what became of it, a JSON object a line. Whoever has it can hold a cluster
// against it later: verify.hpp.
//
//   {"at_ms":1767225600123,"user":"load-0007","outcome":"done","took_us":1840,
//    "request":{"id":"r-12","op":"hold","event":"concert","count":1},"answer":{"id":"r-12","ok":true,"version":310,…}}
#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza::load {

enum class Outcome : std::uint8_t {
  done,     // acknowledged
  refused,  // finally
  unknown,  // sent, and not answered: done or not
  unsent,   // for want of a connection
};
std::string_view to_string(Outcome outcome);

struct Entry {
  std::int64_t at_ms = 0;  // Unix time at which the user began to ask
  std::string user;
  Outcome outcome = Outcome::unsent;
  std::uint64_t took_us = 0;
  Request request;
  std::optional<Response> answer = {};  // of done and refused
  std::string error = {};               // of the others: why
  bool operator==(const Entry&) const = default;
};

std::string encode(const Entry& entry);
// None if the line is no such entry.
std::optional<Entry> decode_entry(std::string_view line);

struct Ledger {
  std::vector<Entry> entries;
  bool is_torn = false;  // its last line is cut off, and not among the entries: whoever wrote it was killed
};

// Throws BadInput: it cannot be read, or one of its lines is none of a ledger's.
Ledger read_ledger(const std::filesystem::path& path);

class LedgerFile {
 public:
  // Replaces what is there. An empty path: writes nothing. Throws BadInput if it cannot be written.
  explicit LedgerFile(std::filesystem::path path);
  void write(const Entry& entry);
  // Throws BadInput if something could not be written until now.
  void flush();

 private:
  std::filesystem::path path_;
  std::ofstream out_;
};

}  // namespace plaza::load
