#include "tests/conformance/random/generator.hpp"

#include <algorithm>

namespace stillpoint::test {

int Generator::add_slot(SlotKind kind) {
  slots_.push_back({.kind = kind});
  return static_cast<int>(slots_.size()) - 1;
}

int Generator::pick(const std::function<bool(const Slot&)>& fits) {
  int chosen = -1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (slots_[i].open && fits(slots_[i]) && one_in(++seen)) chosen = static_cast<int>(i);
  }
  return chosen;
}

int Generator::pick_mostly(const std::function<bool(const Slot&)>& fits) {
  if (one_in(40)) return slots_.empty() ? -1 : number(static_cast<int>(slots_.size()) + 1) - 1;
  return pick(fits);
}

Sequence Generator::sequence() {
  const std::size_t length = mixture_.shortest + below(mixture_.longest - mixture_.shortest + 1);
  std::vector<Kind> kinds;
  unsigned total = 0;
  for (const auto& some : {kMaking, kConnecting, kTransferring, kWaiting, kDescribing, kOptions}) {
    kinds.insert(kinds.end(), some.begin(), some.end());
  }
  if (hosts() > 0) kinds.insert(kinds.end(), kAmongHosts.begin(), kAmongHosts.end());
  for (const Kind& kind : kinds) total += kind.weight;
  if (hosts() > 0) {
    a_service(*this);
    a_service(*this);
  }
  while (steps_.size() < length) {
    auto drawn = static_cast<unsigned>(below(total));
    const auto chosen = std::ranges::find_if(kinds, [&](const Kind& kind) {
      const bool here = drawn < kind.weight;
      drawn -= here ? 0 : kind.weight;
      return here;
    });
    chosen->add(*this);
  }
  return std::move(steps_);
}

}  // namespace stillpoint::test
