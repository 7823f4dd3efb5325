// Texts that were well-formed once: for tests that nothing which comes from outside does any harm.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "tests/plaza/split_mix.hpp"

namespace plaza::test {

using Random = SplitMix;

// One to four changes: bytes that are put in, taken out or replaced, pieces that are repeated, and what is likely to
// confuse somebody.
inline std::string mutated(std::string text, Random& random) {
  const std::size_t changes = 1 + random.below(4);
  for (std::size_t i = 0; i < changes; ++i) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(5)) {
      case 0:
        text.insert(at, 1, static_cast<char>(random.below(256)));
        break;
      case 1:
        if (at < text.size()) text.erase(at, 1 + random.below(8));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(16)));
        break;
      case 4:
        text.insert(at, random.below(2) == 0 ? "9e99\":[{" : "\r\n");
        break;
    }
  }
  return text;
}

}  // namespace plaza::test
