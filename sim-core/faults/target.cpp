#include "sim-core/faults/target.hpp"

#include <algorithm>

namespace stillpoint::faults {

Target parse_target(std::string_view words) {
  using Which = Target::Which;
  if (words == "*") return {Which::every, ""};
  constexpr std::pair<std::string_view, Which> kWords[] = {
      {"any ", Which::any}, {"every ", Which::every}, {"busiest ", Which::busiest}};
  for (const auto& [word, which] : kWords) {
    if (words.starts_with(word)) return {which, std::string(words.substr(word.size()))};
  }
  return {Which::named, std::string(words)};
}

bool Topology::has_host(std::string_view name) const {
  return std::ranges::any_of(hosts, [&](const Host& host) { return host.name == name; });
}

bool Topology::has_role(std::string_view role) const {
  return std::ranges::any_of(hosts, [&](const Host& host) { return host.role == role; });
}

bool Topology::has_label(std::string_view label) const { return std::ranges::find(labels, label) != labels.end(); }

std::vector<std::string> Topology::names() const {
  std::vector<std::string> names = labels;
  for (const Host& host : hosts) {
    names.push_back(host.name);
    names.push_back(host.role);
  }
  return names;
}

std::vector<std::string> Topology::possible(const Target& target) const {
  std::vector<std::string> possible;
  const bool everybody = target.what.empty() || (has_label(target.what) && !has_role(target.what));
  const bool one = target.which == Target::Which::named && has_host(target.what);
  for (const Host& host : hosts) {
    if (one ? host.name == target.what : everybody || host.role == target.what) possible.push_back(host.name);
  }
  return possible;
}

}  // namespace stillpoint::faults
