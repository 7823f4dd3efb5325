// Names and keys found by hash. Only where nothing hangs on the order in which a container has them: that differs
// between libraries.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace plaza {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

}  // namespace plaza
