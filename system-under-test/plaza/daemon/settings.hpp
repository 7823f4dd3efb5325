// Everything that can be set with a single value: its name in the file, its flag, and what becomes of it. The file and
// the command line are read by the same list, and so is the help.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "system-under-test/plaza/daemon/config.hpp"

namespace plaza {

// How TOML writes it. On a command line all are texts.
enum class ValueKind : std::uint8_t { text, number, truth };

template <class Target>
struct Setting {
  std::string_view table;  // of the file
  std::string_view key;
  std::string_view flag;  // empty: only in the file
  std::string_view type;  // in the help
  std::string_view about;
  ValueKind kind = ValueKind::text;
  void (*set)(Target& target, std::string_view text) = nullptr;  // throws BadValue
};

std::span<const Setting<Config>> config_settings();
// Of one [[event]].
std::span<const Setting<tickets::Open>> event_settings();

// A node of the same number, an event of the same name: the later one is what counts.
void set_event(Config& config, tickets::Open event);
void set_peer(Config& config, raft::NodeId node, peer::MeshConfig::Address address, const std::string& place);

}  // namespace plaza
