#pragma once
// What came of a run. The exit codes are the interface to shells and CI; docs/cli.md tells them to users.
#include <string_view>

namespace stillpoint {

enum class Verdict {
  pass = 0,
  safety = 10,          // something happened that must never happen
  liveness = 11,        // something did not happen that must
  crash = 12,           // the service died: signal, abort, uncaught exception, exit, sanitizer report
  runaway = 13,         // an endless loop
  nondeterminism = 14,  // two runs of one seed differ
  deadlock = 15,        // nothing can run any more, and somebody waits
  unsupported = 16,     // the service made a call that the virtual kernel does not serve
  undecided = 17,       // a check could not decide
  harness_bug = 70,     // an assertion of Stillpoint is broken
  interrupted = 130,    // SIGINT or SIGTERM
};

constexpr int kBadInput = 2;

constexpr int exit_code(Verdict verdict) { return static_cast<int>(verdict); }
// "pass", "safety", …
std::string_view name_of(Verdict verdict);

}  // namespace stillpoint
