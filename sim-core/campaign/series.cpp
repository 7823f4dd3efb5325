#include "sim-core/campaign/series.hpp"

#include <algorithm>
#include <iterator>

namespace stillpoint::campaign {
namespace {

constexpr Verdict kByGravity[] = {Verdict::harness_bug, Verdict::nondeterminism, Verdict::safety,  Verdict::crash,
                                  Verdict::deadlock,    Verdict::liveness,       Verdict::runaway, Verdict::unsupported,
                                  Verdict::undecided,   Verdict::interrupted,    Verdict::pass};

}  // namespace

std::string_view name_of(Purpose purpose) {
  switch (purpose) {
    case Purpose::regression:
      return "regression";
    case Purpose::canary:
      return "canary";
    case Purpose::fuzz:
      return "fuzz";
  }
  return "unknown";
}

supervise::RunRequest Series::nth(std::uint64_t n) const {
  supervise::RunRequest one = request;
  one.seed += n;
  return one;
}

bool is_finding(Verdict verdict) {
  constexpr Verdict kFindings[] = {Verdict::safety, Verdict::liveness, Verdict::crash, Verdict::runaway,
                                   Verdict::deadlock};
  return std::find(std::begin(kFindings), std::end(kFindings), verdict) != std::end(kFindings);
}

Verdict gravest(Verdict one, Verdict other) {
  const auto place = [](Verdict verdict) { return std::find(std::begin(kByGravity), std::end(kByGravity), verdict); };
  return std::min(place(one), place(other)) == place(one) ? one : other;
}

Verdict verdict_of_exit_code(int code) {
  const auto* found = std::find_if(std::begin(kByGravity), std::end(kByGravity),
                                   [&](Verdict verdict) { return exit_code(verdict) == code; });
  return found == std::end(kByGravity) ? Verdict::harness_bug : *found;
}

}  // namespace stillpoint::campaign
