#include "sim-core/record/record_cursor.hpp"

#include <cstring>

namespace stillpoint {

bool RecordCursor::next() {
  if (rest_.empty() || damaged_) return false;
  RecordHeader& header = record_.header;
  if (rest_.size() < sizeof header) {
    damaged_ = true;
    return false;
  }
  std::memcpy(&header, rest_.data(), sizeof header);
  const bool known = header.type >= RecordType::event && header.type <= RecordType::disk;
  if (!known || header.size > rest_.size() || header.size < sizeof header ||
      header.payload_size > header.size - sizeof header || header.size != record_size(header.payload_size)) {
    damaged_ = true;
    return false;
  }
  record_.payload = rest_.subspan(sizeof header, header.payload_size);
  rest_ = rest_.subspan(header.size);
  return true;
}

}  // namespace stillpoint
