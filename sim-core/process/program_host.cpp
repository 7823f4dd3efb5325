#include <fmt/format.h>

#include <stillpoint/error.hpp>
#include <stillpoint/program.hpp>

namespace stillpoint {

HostOptions program_host(const Settings& settings, const std::string& table) {
  const std::string key = table + ".";
  HostOptions host;
  host.name = table.substr(table.rfind('.') + 1);
  host.role = settings.text(key + "role", host.name);
  host.program = settings.required_text(key + "program");
  host.args = settings.texts(key + "args");
  host.slice_cost = settings.duration(key + "slice_cost", {.most = std::chrono::seconds(1)}, Duration::zero());
  host.starts_after = settings.duration(key + "starts_after", {}, Duration::zero());
  try {
    check_program(host.program);
  } catch (const Error& error) {
    settings.reject(key + "program", fmt::format("cannot be used: {}", error.what()));
  }
  return host;
}

}  // namespace stillpoint
