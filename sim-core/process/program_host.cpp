#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>

#include "sim-core/base/real_file.hpp"
#include "sim-core/kernel/storage.hpp"
#include "sim-core/net/names.hpp"

namespace stillpoint {
namespace {

namespace fs = std::filesystem;

// Of a real file that a host gets.
constexpr std::uintmax_t kLargestFile = 256 << 20;

// Why it cannot be a host's name; empty if it can.
std::string objection_to(const std::string& name) {
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
  if (name.empty() || name.size() > kLongestHostName || name.find_first_not_of(kLetters) != std::string::npos ||
      name.starts_with('-') || name.ends_with('-'))
    return fmt::format("a host's name is 1 to {} letters, digits and dashes, without a dash at its ends",
                       kLongestHostName);
  const std::string canonical = net::Zone::canonical(name);
  if (canonical == "localhost" || canonical == "ip6-localhost" || canonical == "ip6-loopback")
    return "that is every host's name for itself; choose another";
  // inet_aton(3): "10", "0x7f".
  in_addr address;
  if (inet_aton(name.c_str(), &address) != 0) return "that is read as an address; choose another";
  return {};
}

void add_real_file(std::map<std::string, std::string>& files, const HostFile& file) {
  if (!fs::is_regular_file(file.real))
    throw Error(fmt::format("'{}' is no file and no folder that is there", file.real));
  if (fs::file_size(file.real) > kLargestFile)
    throw Error(fmt::format("'{}' is larger than {} MiB", file.real, kLargestFile >> 20));
  std::optional<std::string> content = read_real_file(file.real);
  if (!content) throw Error(fmt::format("'{}' cannot be read", file.real));
  if (!files.emplace(file.path, std::move(*content)).second) throw Error(fmt::format("'{}' is there twice", file.path));
}

}  // namespace

std::vector<std::string> host_names(const Settings& settings, const std::string& table) {
  std::vector<std::string> names = settings.keys_of(table);
  std::map<std::string, std::string> known;  // by how names are compared
  for (const std::string& name : names) {
    const std::string objection = objection_to(name);
    // A key with a dot in it, or an empty one, has no dotted key to be found by.
    const bool has_key = !name.empty() && name.find_first_of(".[]") == std::string::npos;
    if (!objection.empty() && has_key) settings.reject(table + "." + name, fmt::format("cannot be: {}", objection));
    if (!objection.empty()) settings.reject(table, fmt::format("has the name '{}': {}", name, objection));
    const auto [other, is_new] = known.emplace(net::Zone::canonical(name), name);
    if (!is_new)
      settings.reject(table + "." + name, fmt::format("cannot be: it differs from {} in case only", other->second));
  }
  return names;
}

HostOptions program_host(const Settings& settings, const std::string& table, const DiskOptions& disk) {
  const std::string key = table + ".";
  HostOptions host;
  host.name = table.substr(table.rfind('.') + 1);
  host.role = settings.text(key + "role", host.name);
  host.program = settings.required_text(key + "program");
  host.args = settings.texts(key + "args");
  host.slice_cost = settings.duration(key + "slice_cost", {.most = std::chrono::seconds(1)}, Duration::zero());
  host.starts_after = settings.duration(key + "starts_after", {}, Duration::zero());
  host.disk = disk_options(settings, key + "disk", disk);
  try {
    for (const std::string& text : settings.texts(key + "files")) {
      for (const HostFile& file : host_files(text)) add_real_file(host.files, file);
    }
    kernel::check_files(host.files, host.disk);
  } catch (const Error& error) {
    settings.reject(key + "files", fmt::format("cannot be used: {}", error.what()));
  }
  try {
    check_program(host.program);
  } catch (const Error& error) {
    settings.reject(key + "program", fmt::format("cannot be used: {}", error.what()));
  }
  return host;
}

}  // namespace stillpoint
