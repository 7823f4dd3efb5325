// Bytes as plaza writes them to disks and between nodes: little-endian numbers, varints, texts with their length before
// them.
//
// A writer cannot fail. A reader never reads beyond its end: what is not there reads as zero or empty, and ok() is
// false from then on, so a decoder asks once, at its end. Lengths that are read are held against what is left, never
// believed: no input makes it allocate more than its own size.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace plaza {

class ByteWriter {
 public:
  ByteWriter() = default;
  // About so many bytes will be written.
  explicit ByteWriter(std::size_t expected) { bytes_.reserve(expected); }

  ByteWriter& u8(std::uint8_t value) {
    bytes_.push_back(static_cast<char>(value));
    return *this;
  }
  ByteWriter& u32(std::uint32_t value) { return fixed(value, 4); }
  ByteWriter& u64(std::uint64_t value) { return fixed(value, 8); }
  // 1 to 10 bytes, seven bits each (LEB128).
  ByteWriter& varint(std::uint64_t value) {
    while (value >= 0x80) {
      u8(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    return u8(static_cast<std::uint8_t>(value));
  }
  ByteWriter& text(std::string_view value) {
    varint(value.size());
    bytes_.append(value);
    return *this;
  }
  // Without a length: whoever reads it knows.
  ByteWriter& raw(std::string_view value) {
    bytes_.append(value);
    return *this;
  }

  std::size_t size() const { return bytes_.size(); }
  std::string take() { return std::move(bytes_); }
  const std::string& bytes() const { return bytes_; }

 private:
  ByteWriter& fixed(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) u8(static_cast<std::uint8_t>(value >> (8 * i)));
    return *this;
  }
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}

  std::uint8_t u8() {
    if (left_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(left_.front());
    left_.remove_prefix(1);
    return value;
  }
  std::uint32_t u32() { return static_cast<std::uint32_t>(fixed(4)); }
  std::uint64_t u64() { return fixed(8); }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const std::uint64_t byte = u8();
      if (shift == 63 && byte > 1) return fail();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return ok_ ? value : 0;
    }
    return fail();
  }
  // Points into what is read.
  std::string_view text() { return raw(varint()); }
  std::string_view raw(std::uint64_t bytes) {
    if (bytes > left_.size()) {
      fail();
      return {};
    }
    const std::string_view value = left_.substr(0, bytes);
    left_.remove_prefix(bytes);
    return value;
  }
  std::string_view rest() { return raw(left_.size()); }
  std::size_t left() const { return left_.size(); }

  // Whether all that was asked for was there.
  bool ok() const { return ok_; }
  // And nothing else.
  bool done() const { return ok_ && left_.empty(); }

 private:
  std::uint8_t fail() {
    ok_ = false;
    left_ = {};
    return 0;
  }
  std::uint64_t fixed(int bytes) {
    std::uint64_t value = 0;
    if (left_.size() < static_cast<std::size_t>(bytes)) return fail();
    for (int i = 0; i < bytes; ++i) value |= std::uint64_t{u8()} << (8 * i);
    return value;
  }
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace plaza
