// What plaza-load prints: a line of progress while it runs, and its result.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "system-under-test/plaza/load/options.hpp"
#include "system-under-test/plaza/load/tally.hpp"
#include "system-under-test/plaza/load/verify.hpp"

namespace plaza::load {

// "1.84 ms": three digits that count, at most.
std::string duration_text(std::uint64_t us);
// "18,231"
std::string count_text(std::uint64_t count);

// One line, without its end.
std::string progress(const Tally& tally, std::chrono::seconds elapsed, std::uint64_t connected,
                     std::uint64_t last_second);

// Several lines. Says nothing of the ledger.
std::string report(const Options& options, std::size_t nodes, const Tally& tally);

// One line, without its end: why a run is worth nothing of which nothing was acknowledged.
std::string nothing_done(const KindTally& total);

// The ledger's verdict, with examples of what is wrong.
std::string report(const Verdict& verdict);

}  // namespace plaza::load
