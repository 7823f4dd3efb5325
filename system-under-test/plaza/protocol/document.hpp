// A parsed JSON object, for as long as it is being looked at: its members by name, of the type that is wanted.
//
// Messages are small: they fit into a buffer on the stack, so that looking at one costs no heap but for the strings
// that are taken from it. Depth is bounded (32), and so is memory: by the length of the text.
#pragma once

#include <array>
#include <boost/json.hpp>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace plaza {

class Document {
 public:
  explicit Document(std::string_view text) {
    boost::json::error_code error;
    boost::json::value value = boost::json::parse(as_json(text), error, &memory_);
    if (!error && value.is_object()) object_ = &root_.emplace(std::move(value)).get_object();
  }
  Document(const Document&) = delete;
  Document& operator=(const Document&) = delete;

  // Of nothing else may members be asked for.
  bool is_object() const { return object_ != nullptr; }
  const boost::json::object& object() const { return *object_; }

  static boost::json::string_view as_json(std::string_view text) { return {text.data(), text.size()}; }

  static const boost::json::value* member(const boost::json::object& object, std::string_view name) {
    return object.if_contains(as_json(name));
  }
  // Points into the document.
  static std::optional<std::string_view> string(const boost::json::value* value) {
    if (!value || !value->is_string()) return std::nullopt;
    const boost::json::string& text = value->get_string();
    return std::string_view(text.data(), text.size());
  }
  // An integer that fits; 1.0 is one, 1.5 is none.
  template <class Number>
  static std::optional<Number> number(const boost::json::value* value) {
    if (!value || !value->is_number()) return std::nullopt;
    boost::json::error_code error;
    const Number number = value->to_number<Number>(error);
    if (error) return std::nullopt;
    return number;
  }
  template <class Number>
  static std::optional<std::vector<Number>> numbers(const boost::json::value* value) {
    if (!value || !value->is_array()) return std::nullopt;
    std::vector<Number> all;
    all.reserve(value->get_array().size());
    for (const boost::json::value& element : value->get_array()) {
      const auto one = number<Number>(&element);
      if (!one) return std::nullopt;
      all.push_back(*one);
    }
    return all;
  }

  bool has(std::string_view name) const { return member(*object_, name) != nullptr; }
  std::optional<std::string_view> string(std::string_view name) const { return string(member(*object_, name)); }
  template <class Number>
  std::optional<Number> number(std::string_view name) const {
    return number<Number>(member(*object_, name));
  }
  std::optional<bool> boolean(std::string_view name) const {
    const boost::json::value* value = member(*object_, name);
    if (!value || !value->is_bool()) return std::nullopt;
    return value->get_bool();
  }

 private:
  std::array<unsigned char, 2048> buffer_;
  boost::json::monotonic_resource memory_{buffer_.data(), buffer_.size()};
  std::optional<boost::json::value> root_;
  const boost::json::object* object_ = nullptr;
};

}  // namespace plaza
