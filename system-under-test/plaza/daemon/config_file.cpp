#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <vector>

#include "system-under-test/plaza/daemon/settings.hpp"
#include "system-under-test/plaza/daemon/values.hpp"

namespace plaza {

namespace {

// The TOML library recurses into what is nested: a file of this size cannot be nested so deeply that the stack ends.
constexpr std::uintmax_t kFileBytesMost = 32 * 1024;

// Where something is in the file: "node.toml:7: peers".
class Place {
 public:
  Place(std::string file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}
  Place within(std::string_view key) const {
    return {file_, name_.empty() ? std::string(key) : name_ + "." + std::string(key)};
  }

  std::string at(const toml::source_region& source) const {
    return file_ + ":" + std::to_string(source.begin.line) + (name_.empty() ? "" : ": " + name_);
  }
  [[noreturn]] void complain(const toml::source_region& source, const std::string& what) const {
    throw ConfigError(at(source) + ": " + what);
  }

 private:
  std::string file_;
  std::string name_;
};

std::string_view type_name(const toml::node& value) {
  switch (value.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "a list";
    case toml::node_type::string:
      return "a text";
    case toml::node_type::integer:
      return "a number";
    case toml::node_type::floating_point:
      return "a number with a fraction";
    case toml::node_type::boolean:
      return "true or false";
    default:
      return "a date or a time";
  }
}

std::string text_of(const toml::node& value, ValueKind kind) {
  if (kind == ValueKind::number) {
    if (const auto number = value.value_exact<std::int64_t>()) return std::to_string(*number);
    throw BadValue("is " + std::string(type_name(value)) + ", not a number");
  }
  if (kind == ValueKind::truth) {
    if (const auto truth = value.value_exact<bool>()) return *truth ? "true" : "false";
    throw BadValue("is " + std::string(type_name(value)) + ", not true or false");
  }
  if (auto text = value.value_exact<std::string>()) {
    refuse_control_characters(*text);
    return *text;
  }
  throw BadValue("is " + std::string(type_name(value)) + ", not a text");
}

// A key between quotes may have anything in it. It is not repeated: the complaint would end where it has a NUL.
void check_key(const toml::key& key, const Place& place) {
  try {
    refuse_control_characters(key.str());
  } catch (const BadValue& bad) {
    place.complain(key.source(), std::string("a key ") + bad.what());
  }
}

const toml::table& table_of(const toml::node& value, const Place& place) {
  if (const toml::table* const table = value.as_table()) return *table;
  place.complain(value.source(), "is " + std::string(type_name(value)) + ", not a table");
}

template <class Target>
void read_settings(Target& target, const toml::table& table, std::string_view name,
                   std::span<const Setting<Target>> settings, const Place& place) {
  for (const auto& [key, value] : table) {
    check_key(key, place);
    // Copied: clang 14 lets no lambda capture a binding.
    const auto setting = std::ranges::find_if(settings, [name, wanted = key.str()](const Setting<Target>& each) {
      return each.table == name && each.key == wanted;
    });
    if (setting == settings.end()) {
      std::vector<std::string_view> names;
      for (const Setting<Target>& each : settings) {
        if (each.table == name) names.push_back(each.key);
      }
      place.complain(key.source(), "there is no '" + std::string(key.str()) + "'." + did_you_mean(key.str(), names));
    }
    try {
      setting->set(target, text_of(value, setting->kind));
    } catch (const BadValue& bad) {
      place.within(key.str()).complain(value.source(), bad.what());
    }
  }
}

void read_peers(Config& config, const toml::table& table, const Place& place) {
  for (const auto& [key, value] : table) {
    check_key(key, place);
    try {
      const raft::NodeId node = parse_node(key.str());
      set_peer(config, node, parse_address(text_of(value, ValueKind::text)), place.at(key.source()));
    } catch (const BadValue& bad) {
      place.complain(key.source(), bad.what());
    }
  }
}

void read_events(Config& config, const toml::node& value, const Place& place) {
  const toml::array* const list = value.as_array();
  if (list == nullptr) place.complain(value.source(), "there may be several: one is written [[event]]");
  for (const toml::node& element : *list) {
    const toml::table& table = table_of(element, place);
    tickets::Open event;
    read_settings(event, table, "event", event_settings(), place);
    if (event.event.empty()) place.complain(table.source(), "it has no name");
    if (event.capacity == 0) place.complain(table.source(), "it has no capacity");
    if (std::ranges::find(config.node.events, event.event, &tickets::Open::event) != config.node.events.end()) {
      place.complain(table.source(), "there is another one of the name '" + event.event + "'");
    }
    set_event(config, std::move(event));
  }
}

std::vector<std::string_view> table_names() {
  std::vector<std::string_view> names{"peers", "event"};
  for (const Setting<Config>& setting : config_settings()) {
    if (std::ranges::find(names, setting.table) == names.end()) names.push_back(setting.table);
  }
  return names;
}

}  // namespace

void read_config(Config& config, std::string_view text, const std::string& file) {
  const Place root(file, "");
  if (text.size() > kFileBytesMost) {
    throw ConfigError(file + ": is larger than " + std::to_string(kFileBytesMost) + " bytes");
  }
  toml::table all;
  try {
    all = toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    root.complain(error.source(), std::string(error.description()));
  }
  const std::vector<std::string_view> names = table_names();
  for (const auto& [key, value] : all) {
    check_key(key, root);
    const Place place = root.within(key.str());
    if (std::ranges::find(names, key.str()) == names.end()) {
      root.complain(key.source(), "there is no '" + std::string(key.str()) + "'." + did_you_mean(key.str(), names));
    }
    if (key.str() == "event") {
      read_events(config, value, place);
    } else if (key.str() == "peers") {
      read_peers(config, table_of(value, place), place);
    } else {
      read_settings(config, table_of(value, place), key.str(), config_settings(), place);
    }
  }
}

void read_config_file(Config& config, const std::string& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) throw ConfigError(file + ": is a folder");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw ConfigError(file + ": cannot be read: " + std::strerror(errno));
  // One more than is allowed, whatever it is: it may have no end.
  std::string text(kFileBytesMost + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) throw ConfigError(file + ": cannot be read: " + std::strerror(errno));
  read_config(config, text, file);
}

}  // namespace plaza
