#include "sim-core/scenario/behaviours.hpp"

#include <map>

#include "sim-core/base/assert.hpp"

namespace stillpoint {
namespace {

// Filled by constructors of namespace-scope objects, in an order that the linker chooses: hence a map, made at first
// use.
std::map<std::string, Behaviour, std::less<>>& registry() {
  static std::map<std::string, Behaviour, std::less<>> behaviours;
  return behaviours;
}

}  // namespace

RegisterBehaviour::RegisterBehaviour(Behaviour behaviour) {
  const std::string name = behaviour.name;
  const bool added = registry().emplace(name, std::move(behaviour)).second;
  SP_ASSERT(added);
}

namespace scenario {

std::vector<const Behaviour*> behaviours() {
  std::vector<const Behaviour*> all;
  for (const auto& [name, behaviour] : registry()) all.push_back(&behaviour);
  return all;
}

const Behaviour* find_behaviour(std::string_view name) {
  const auto found = registry().find(name);
  return found == registry().end() ? nullptr : &found->second;
}

}  // namespace scenario
}  // namespace stillpoint
