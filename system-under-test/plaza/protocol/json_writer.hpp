// Writes one JSON object as text, member by member, in the order in which it is told them.
//
// Messages are written often and have few members: this spares the tree that Boost.JSON would make of each. Texts must
// be UTF-8, as all are that came in messages; what JSON must not have as it stands is escaped.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace plaza {

inline void append_json_text(std::string& out, std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[static_cast<unsigned char>(c) & 0xf];
    } else {
      out += c;
    }
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
