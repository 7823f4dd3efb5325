#include "system-under-test/plaza/load/tally.hpp"

namespace plaza::load {

void KindTally::add(const KindTally& other) {
  done += other.done;
  refused += other.refused;
  unknown += other.unknown;
  unsent += other.unsent;
  latency_us.add(other.latency_us);
}

void Tally::add(const Entry& entry, unsigned sent) {
  KindTally& kind = kinds[static_cast<std::size_t>(entry.request.op)];
  attempts += sent;
  switch (entry.outcome) {
    case Outcome::done:
      ++kind.done;
      break;
    case Outcome::refused:
      ++kind.refused;
      ++refusals[std::string(plaza::to_string(*entry.answer->error))];
      break;
    case Outcome::unknown:
      ++kind.unknown;
      break;
    case Outcome::unsent:
      ++kind.unsent;
      break;
  }
  if (entry.answer) {
    kind.latency_us.add(entry.took_us);
  } else {
    ++failures[entry.error];
  }
}

KindTally Tally::total() const {
  KindTally total;
  for (const KindTally& kind : kinds) total.add(kind);
  return total;
}

}  // namespace plaza::load
