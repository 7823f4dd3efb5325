#pragma once
// Whom a fault means: the words of its `on`, `from` and `to`.
//
//   plaza-1            the host of this name; or, of a role or label, any one ("leader")
//   any plaza          one host of this role or label, drawn when the fault begins
//   every plaza        all of them
//   busiest users      the one with most connections, when the fault begins
//   *                  every host
//
// A role is what the scenario made a host for; a label is what it says of hosts as it runs, such as "leader"
// (Simulation::label).
#include <string>
#include <string_view>
#include <vector>

namespace stillpoint::faults {

struct Target {
  enum class Which : unsigned char { named, any, every, busiest };
  Which which = Which::named;
  std::string what;  // a name, a role or a label; empty, of `every`: all hosts
};
Target parse_target(std::string_view words);

// What there is to aim at.
struct Topology {
  struct Host {
    std::string name;
    std::string role;
  };
  std::vector<Host> hosts = {};
  std::vector<std::string> labels = {};

  bool has_host(std::string_view name) const;
  bool has_role(std::string_view role) const;
  bool has_label(std::string_view label) const;
  // All words that name somebody, for "did you mean".
  std::vector<std::string> names() const;
  // Those whom a target may come to mean: of a label any host.
  std::vector<std::string> possible(const Target& target) const;
};

}  // namespace stillpoint::faults
