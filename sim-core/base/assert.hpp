#pragma once
// SP_ASSERT is always on. It states an argument, an invariant or an impossibility of the harness itself; one condition
// each, no side effects. A broken one is a bug in Stillpoint: the run ends with exit code 70, after the reporter (set
// by process/) has said which seed, at which virtual time, and how to replay it.
namespace stillpoint {

[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

// Called with the text of a broken assertion before the process ends. It must not return. One per process.
using AssertionReporter = void (*)(const char* text);
void set_assertion_reporter(AssertionReporter reporter);

}  // namespace stillpoint

#define SP_ASSERT(condition) \
  (static_cast<bool>(condition) ? void(0) : ::stillpoint::assertion_failed(#condition, __FILE__, __LINE__))
