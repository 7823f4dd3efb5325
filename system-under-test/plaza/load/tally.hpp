// What a run of plaza-load counts.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "system-under-test/plaza/load/histogram.hpp"
#include "system-under-test/plaza/load/ledger.hpp"

namespace plaza::load {

// Of one kind of operation.
struct KindTally {
  std::uint64_t done = 0;
  std::uint64_t refused = 0;
  std::uint64_t unknown = 0;
  std::uint64_t unsent = 0;
  Histogram latency_us;  // of what was done or refused, all attempts together

  std::uint64_t all() const { return done + refused + unknown + unsent; }
  void add(const KindTally& other);
};

struct Tally {
  std::array<KindTally, kOperations> kinds = {};  // by Operation
  std::map<std::string, std::uint64_t> refusals;  // by the error's name
  std::map<std::string, std::uint64_t> failures;  // of what is unknown or unsent, by what the client said
  std::uint64_t attempts = 0;                     // requests that were sent
  std::uint64_t pushes = 0;
  std::uint64_t connections = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t regressions = 0;  // pushes that went back behind an earlier one of the same topic and user
  // Looks that showed less than had been acknowledged, to whichever user, before they were asked for.
  std::uint64_t stale_looks = 0;

  void add(const Entry& entry, unsigned sent);
  KindTally total() const;
};

}  // namespace plaza::load
