// Writes one JSON object as text, member by member, in the order in which it is told them.
//
// Messages and views are written often and have few members: this spares the tree that Boost.JSON would make of each.
// What JSON must not have as it stands is escaped.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace plaza {

// How many bytes the character at the front has, if it is one (RFC 3629, section 4); 0 if it is none.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [text](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0U; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates, and what is beyond U+10FFFF.
  const unsigned second = byte(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return length;
}

// With its quotes. What is no UTF-8 becomes U+FFFD: JSON has no other bytes.
inline void append_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text.front();
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 0xf];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

class JsonWriter {
 public:
  JsonWriter() { text_.reserve(128); }

  JsonWriter& text(std::string_view name, std::string_view value) {
    begin(name);
    append_json_text(text_, value);
    return *this;
  }
  JsonWriter& number(std::string_view name, std::integral auto value) {
    begin(name);
    append(value);
    return *this;
  }
  JsonWriter& boolean(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  JsonWriter& numbers(std::string_view name, const std::vector<std::uint32_t>& values) {
    begin(name);
    char separator = '[';
    for (const std::uint32_t value : values) {
      text_ += separator;
      append(value);
      separator = ',';
    }
    if (values.empty()) text_ += '[';
    text_ += ']';
    return *this;
  }
  // The value is JSON already.
  JsonWriter& raw(std::string_view name, std::string_view value) {
    begin(name);
    text_ += value;
    return *this;
  }
  // The members of another object, by its text.
  JsonWriter& members(std::string_view object) {
    const std::string_view inside = object.substr(1, object.size() - 2);
    if (!inside.empty()) {
      text_ += first_ ? '{' : ',';
      first_ = false;
      text_ += inside;
    }
    return *this;
  }

  std::string take() {
    if (first_) text_ += '{';
    text_ += '}';
    return std::move(text_);
  }

 private:
  void begin(std::string_view name) {
    text_ += first_ ? '{' : ',';
    first_ = false;
    text_ += '"';
    text_ += name;
    text_ += "\":";
  }
  void append(std::integral auto value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
    text_.append(digits, end);
  }

  std::string text_;
  bool first_ = true;
};

}  // namespace plaza
