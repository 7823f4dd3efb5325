#pragma once
// Walks through the records in a piece of a stream, and trusts none of them: the stream lives in memory that it shares
// with the service under test, which may have written over it. Every header is copied once, checked, and used from the
// copy.
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "sim-core/trace/record.hpp"

namespace stillpoint {

struct Record {
  RecordHeader header;
  std::span<const std::byte> payload;  // in the stream's memory

  std::string_view text() const { return {reinterpret_cast<const char*>(payload.data()), payload.size()}; }
};

class RecordCursor {
 public:
  explicit RecordCursor(std::span<const std::byte> records) : rest_(records) {}

  // Moves to the next record. False at the end, and at a record that cannot be one; damaged() tells which.
  bool next();
  const Record& record() const { return record_; }
  bool damaged() const { return damaged_; }
  // What follows the current record.
  std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
  Record record_{};
  bool damaged_ = false;
};

// The fields of a payload "one\0two\0three". The last takes the rest, zeros included; missing ones are empty.
template <std::size_t kCount>
std::array<std::string_view, kCount> fields(std::string_view payload) {
  std::array<std::string_view, kCount> result;
  for (std::size_t i = 0; i + 1 < kCount; ++i) {
    const std::size_t end = payload.find('\0');
    result[i] = payload.substr(0, end);
    payload = end == payload.npos ? std::string_view() : payload.substr(end + 1);
  }
  result[kCount - 1] = payload;
  return result;
}

}  // namespace stillpoint
