// All users of plaza-load together: a run from the first arrival to the verdict, or only the verdict on a ledger.
#pragma once

#include <cstddef>

#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/load/tally.hpp"
#include "system-under-test/plaza/load/verify.hpp"

namespace plaza::load {

struct Result {
  Tally tally;
  Verdict verdict;
  // Something was asked for, and not a single operation acknowledged: a cluster without a majority, a wrong event.
  bool nothing_done() const {
    const KindTally total = tally.total();
    return total.all() > 0 && total.done == 0;
  }
  // Nothing contradicts what was said before.
  bool is_good() const { return verdict.is_good() && tally.regressions == 0 && tally.stale_looks == 0; }
};

// Both block until it is over. Throw BadInput: a file cannot be used, no node can be reached, or none takes the token.
Result make_load(const Options& options);
Verdict verify_ledger(const Options& options);

}  // namespace plaza::load
