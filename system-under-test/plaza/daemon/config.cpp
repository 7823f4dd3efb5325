#include "system-under-test/plaza/daemon/config.hpp"

#include <boost/asio/ip/address_v4.hpp>
#include <filesystem>
#include <system_error>

namespace plaza {

Config::Config() {
  const auto here = boost::asio::ip::address_v4::loopback();
  node.gateway.listen_on = {here, 7117};
  node.replica.listen_on = {here, 7118};
}

void check_config(const Config& config) {
  const ReplicaConfig& replica = config.node.replica;
  if (const auto own = config.peer_places.find(replica.node); own != config.peer_places.end()) {
    throw ConfigError(own->second + ": " + std::to_string(replica.node) +
                      " is this node itself; peers are the other nodes");
  }
  if (!replica.peers.empty() && replica.listen_on.port() == 0) {
    throw ConfigError("the port where the other nodes connect is 0: they could not know which one that is");
  }
  if (replica.data_folder.empty()) throw ConfigError("no folder for the data: --data DIR, or `data` in [node]");
  std::error_code error;
  const auto status = std::filesystem::status(replica.data_folder, error);
  if (std::filesystem::is_directory(status)) return;
  const std::string folder = "the folder for the data, " + replica.data_folder.string() + ", ";
  if (std::filesystem::exists(status)) throw ConfigError(folder + "is no folder");
  if (status.type() == std::filesystem::file_type::not_found) throw ConfigError(folder + "is not there: create it");
  throw ConfigError(folder + "cannot be reached: " + error.message());
}

}  // namespace plaza
