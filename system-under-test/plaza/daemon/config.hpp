// What a daemon is told: by its file, and by flags, which have the last word.
#pragma once

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/daemon/log.hpp"
#include "system-under-test/plaza/node/node.hpp"

namespace plaza {

// What cannot be done as it was asked for, in one line that says where that was: "node.toml:7: peers: …", "--peer: …".
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Config {
  Config();  // as a node of its own on the loopback interface; the folder for its data is missing

  NodeConfig node;
  std::string log_file;  // empty: standard output
  LogLevel log_level = LogLevel::info;
  std::chrono::steady_clock::duration drain_timeout = std::chrono::seconds(10);

  std::map<raft::NodeId, std::string> peer_places;  // where each peer was named, for complaints
};

// Takes over what the text of a TOML file says; `file` is its name in complaints. Throws ConfigError.
void read_config(Config& config, std::string_view text, const std::string& file);
// Throws ConfigError if it cannot be read, too.
void read_config_file(Config& config, const std::string& file);

// What only shows when all is known. Throws ConfigError.
void check_config(const Config& config);

}  // namespace plaza
