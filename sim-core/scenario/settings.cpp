#include <stillpoint/settings.hpp>

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include <stillpoint/error.hpp>

#include "sim-core/base/nearest.hpp"
#include "sim-core/base/toml_depth.hpp"
#include "sim-core/base/units.hpp"

namespace stillpoint {

struct Settings::Data {
  std::string file;
  toml::table table;
  std::map<std::string, std::string> overrides;  // by key: the override as it was written
  mutable std::set<std::string> read;

  const toml::node* find(std::string_view key) const {
    read.insert(std::string(key));
    return table.at_path(key).node();
  }

  // "mine.toml:14" or "--set users.count=-5"
  std::string place(std::string_view key) const {
    const auto override = overrides.find(std::string(key));
    if (override != overrides.end()) return "--set " + override->second;
    const toml::node* node = table.at_path(key).node();
    return node == nullptr ? file : fmt::format("{}:{}", file, node->source().begin.line);
  }

  [[noreturn]] void fail(std::string_view key, std::string_view what) const {
    throw Error(fmt::format("{}: {} {}", place(key), key, what));
  }
};

namespace {

std::string show(const toml::node& node) {
  if (const auto* text = node.as_string()) return "'" + text->get() + "'";
  if (const auto* number = node.as_integer()) return fmt::format("{}", number->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_table()) return "a table";
  if (node.is_array()) return "an array";
  return "a date";
}

// A value as TOML has it; a bare word such as 5ms, which TOML would want quoted, is a text.
void set(toml::table& root, std::string_view key, const std::string& value) {
  toml::table parsed;
  try {
    refuse_deep_toml(value, "--set");
    parsed = toml::parse("value = " + value + "\n");
    if (parsed.size() != 1) parsed = {};
  } catch (const toml::parse_error&) {
    parsed = {};
  }
  if (parsed.empty()) parsed.insert("value", value);

  if (static_cast<std::size_t>(std::count(key.begin(), key.end(), '.')) > kDeepestTomlKey) {
    throw Error(fmt::format("--set: a key has at most {} parts", kDeepestTomlKey));
  }
  toml::table* table = &root;
  while (true) {
    const std::size_t dot = key.find('.');
    const std::string_view part = key.substr(0, dot);
    if (part.empty()) throw Error(fmt::format("--set: '{}' is no dotted key", key));
    if (dot == std::string_view::npos) {
      parsed["value"].visit([&](auto& node) { table->insert_or_assign(part, std::move(node)); });
      return;
    }
    key.remove_prefix(dot + 1);
    toml::node* next = table->get(part);
    if (next == nullptr) next = &table->insert(part, toml::table{}).first->second;
    table = next->as_table();
    if (table == nullptr) throw Error(fmt::format("--set: '{}' is a value, not a table", part));
  }
}

void collect_keys(const toml::table& table, const std::string& prefix, std::vector<std::string>& keys) {
  for (const auto& [name, node] : table) {
    const std::string key = prefix + std::string(name.str());
    if (const toml::table* inner = node.as_table()) {
      collect_keys(*inner, key + ".", keys);
    } else {
      keys.push_back(key);
    }
  }
}

void collect_texts(const toml::table& table, std::string_view wanted, std::vector<std::string>& texts) {
  for (const auto& [name, node] : table) {
    if (const toml::table* inner = node.as_table()) collect_texts(*inner, wanted, texts);
    if (name.str() != wanted) continue;
    if (const auto* text = node.as_string()) texts.push_back(text->get());
    if (const toml::array* several = node.as_array()) {
      for (const toml::node& each : *several) {
        if (const auto* text = each.as_string()) texts.push_back(text->get());
      }
    }
  }
}

}  // namespace

Settings::Settings(std::string_view text, std::string file, const std::vector<std::string>& overrides)
    : data_(std::make_unique<Data>()) {
  data_->file = std::move(file);
  refuse_deep_toml(text, data_->file);
  try {
    data_->table = toml::parse(text);
  } catch (const toml::parse_error& error) {
    throw Error(fmt::format("{}:{}: {}", data_->file, error.source().begin.line, error.description()));
  }
  for (const std::string& override : overrides) {
    const std::size_t equals = override.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(fmt::format("--set {}: give it as key=value, for example users.count=50", override));
    }
    const std::string key = override.substr(0, equals);
    set(data_->table, key, override.substr(equals + 1));
    data_->overrides[key] = override;
  }
}

Settings::Settings(Settings&&) noexcept = default;
Settings& Settings::operator=(Settings&&) noexcept = default;
Settings::~Settings() = default;

std::uint64_t Settings::count(std::string_view key, CountRange range, std::uint64_t otherwise) const {
  const toml::node* node = data_->find(key);
  if (node == nullptr) return otherwise;
  const auto* number = node->as_integer();
  const std::string allowed = fmt::format("a count is {} to {}", grouped(range.least), grouped(range.most));
  if (number == nullptr) data_->fail(key, fmt::format("is {}; {}", show(*node), allowed));
  const std::int64_t value = number->get();
  if (value < 0 || static_cast<std::uint64_t>(value) < range.least || static_cast<std::uint64_t>(value) > range.most) {
    data_->fail(key, fmt::format("is {}; {}", value, allowed));
  }
  return static_cast<std::uint64_t>(value);
}

Duration Settings::duration(std::string_view key, DurationRange range, Duration otherwise) const {
  const toml::node* node = data_->find(key);
  if (node == nullptr) return otherwise;
  const auto* text = node->as_string();
  const std::optional<Duration> value = text == nullptr ? std::nullopt : parse_duration(text->get());
  if (!value)
    data_->fail(key, fmt::format("is {}; a duration is a number with a unit: 250us, 5ms, 1.5s, 10m, 2h", show(*node)));
  if (*value < range.least || *value > range.most) {
    data_->fail(key, fmt::format("is {}; it may be {} to {}", text->get(), exact_duration(range.least),
                                 exact_duration(range.most)));
  }
  if (value->count() % 1'000 != 0)
    data_->fail(key, fmt::format("is {}; durations are whole microseconds", text->get()));
  return *value;
}

Ratio Settings::ratio(std::string_view key, Ratio otherwise) const {
  const toml::node* node = data_->find(key);
  if (node == nullptr) return otherwise;
  const auto* text = node->as_string();
  const std::string_view value = text == nullptr ? std::string_view() : std::string_view(text->get());
  // A percentage is a decimal number in front of a percent sign: the units of durations read the same way, with s
  // for 1.
  std::optional<Duration> percent;
  if (value.ends_with('%')) percent = parse_duration(std::string(value.substr(0, value.size() - 1)) + "s");
  if (!percent || percent->count() < 0 || *percent > std::chrono::seconds(100)) {
    data_->fail(key, fmt::format("is {}; a ratio is 0% to 100%, as in \"2.5%\"", show(*node)));
  }
  return Ratio{static_cast<std::uint32_t>(percent->count() / 100'000)};
}

std::string Settings::text(std::string_view key, std::string_view otherwise) const {
  const toml::node* node = data_->find(key);
  if (node == nullptr) return std::string(otherwise);
  if (const auto* text = node->as_string()) return text->get();
  data_->fail(key, fmt::format("is {}; a text in quotes is wanted", show(*node)));
}

std::string Settings::required_text(std::string_view key) const {
  if (data_->find(key) == nullptr) throw Error(fmt::format("{}: the key '{}' is missing", data_->file, key));
  return text(key, "");
}

std::vector<std::string> Settings::texts(std::string_view key) const {
  const toml::node* node = data_->find(key);
  std::vector<std::string> texts;
  if (node == nullptr) return texts;
  const toml::array* array = node->as_array();
  if (array == nullptr) data_->fail(key, fmt::format("is {}; an array of texts is wanted", show(*node)));
  for (const toml::node& each : *array) {
    const auto* text = each.as_string();
    if (text == nullptr) data_->fail(key, fmt::format("has {} in it; an array of texts is wanted", show(each)));
    texts.push_back(text->get());
  }
  return texts;
}

bool Settings::flag(std::string_view key, bool otherwise) const {
  const toml::node* node = data_->find(key);
  if (node == nullptr) return otherwise;
  if (const auto* flag = node->as_boolean()) return flag->get();
  data_->fail(key, fmt::format("is {}; true or false is wanted", show(*node)));
}

std::vector<std::string> Settings::keys_of(std::string_view table) const {
  std::vector<std::string> keys;
  const toml::table* found = data_->table.at_path(table).as_table();
  if (found == nullptr) return keys;
  for (const auto& [name, node] : *found) keys.emplace_back(name.str());
  return keys;
}

std::vector<std::string> Settings::texts_called(std::string_view name) const {
  std::vector<std::string> texts;
  collect_texts(data_->table, name, texts);
  return texts;
}

void Settings::reject(std::string_view key, std::string_view what) const { data_->fail(key, what); }

void Settings::reject_unread() const {
  std::vector<std::string> keys;
  collect_keys(data_->table, "", keys);
  const std::vector<std::string> known(data_->read.begin(), data_->read.end());
  for (const std::string& key : keys) {
    if (data_->read.contains(key)) continue;
    throw Error(fmt::format("{}: no setting is called '{}'.{}", data_->place(key), key, did_you_mean(key, known)));
  }
}

}  // namespace stillpoint
