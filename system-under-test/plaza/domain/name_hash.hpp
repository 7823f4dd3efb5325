// Names and keys of requests found by hash. Only where nothing hangs on the order in which a container has them: that
// differs between libraries.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "system-under-test/plaza/domain/domain.hpp"

namespace plaza {

struct NameHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
};

struct RequestKeyHash {
  std::size_t operator()(const RequestKey& key) const {
    return NameHash{}(key.user) * 0x9e3779b97f4a7c15ULL ^ NameHash{}(key.id);
  }
};

}  // namespace plaza
