#include "sim-core/check/verdict.hpp"

namespace stillpoint {

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return "pass";
    case Verdict::safety:
      return "safety";
    case Verdict::liveness:
      return "liveness";
    case Verdict::crash:
      return "crash";
    case Verdict::runaway:
      return "runaway";
    case Verdict::nondeterminism:
      return "nondeterminism";
    case Verdict::deadlock:
      return "deadlock";
    case Verdict::unsupported:
      return "unsupported";
    case Verdict::undecided:
      return "undecided";
    case Verdict::harness_bug:
      return "harness-bug";
    case Verdict::interrupted:
      return "interrupted";
  }
  return "unknown";
}

}  // namespace stillpoint
