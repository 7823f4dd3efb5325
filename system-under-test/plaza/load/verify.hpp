// Holds a cluster against a ledger: whatever it acknowledged, it still knows. Each acknowledged request is asked again
// under its id, and must get the very answer that it had, with the same version. If the cluster has lost it, it is done
// anew, and the answer is another one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/load/ledger.hpp"

namespace plaza::load {

struct Verdict {
  std::uint64_t acknowledged = 0;          // that were to be found
  std::uint64_t present = 0;               // that were: the same answer
  std::uint64_t contradicted = 0;          // another answer
  std::uint64_t unanswered = 0;            // none: nobody knows
  std::uint64_t too_old = 0;               // not asked again: the cluster may have forgotten its answer, and do it anew
  bool is_torn = false;                    // the ledger's last line is cut off, and was not held against anything
  std::vector<std::string> examples = {};  // of what was not present: a few, a line each

  bool is_good() const { return present == acknowledged; }
  // "ledger: 18231 acknowledged, all present"
  std::string line() const;
};

// Answers are remembered for ten minutes of the log's time, which is no faster than the clock on the wall; it takes a
// while to ask for all of them.
inline constexpr std::chrono::minutes kAskedAgainWithin{9};

// Whether this was acknowledged, and changed something: what has to be found.
bool must_be_found(const Entry& entry);

// Asks again for what one user was acknowledged, one after the other. `entries` are this user's.
boost::asio::awaitable<void> verify(Client& client, std::vector<Entry> entries, std::chrono::milliseconds patience,
                                    Verdict& verdict);

}  // namespace plaza::load
