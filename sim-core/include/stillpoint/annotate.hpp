#pragma once
// What a service may say of itself to whoever tests it: what must always hold, what should be seen to happen sometimes,
// which places are come to, and where it may be pushed off the usual way (buggify).
//
//   STILLPOINT_ALWAYS(sold <= capacity, "no oversale", "sold", sold, "of", capacity);   // broken: a safety violation
//   STILLPOINT_SOMETIMES(queue.full(), "queue full");          // a run, and a campaign, tell if this never held
//   STILLPOINT_REACHABLE("retry after timeout");               // likewise, if nobody ever came here
//   STILLPOINT_UNREACHABLE("two leaders");                     // a violation, if somebody does
//   const auto most = STILLPOINT_BUGGIFY("small batch") ? 1 : 256;   // true now and then, as the run's plan says
//
// This header stands alone and includes nothing of Stillpoint. Unless STILLPOINT_ANNOTATIONS is defined, all of it
// compiles to nothing (BUGGIFY to false), conditions are not evaluated, and ALWAYS is assert() where
// STILLPOINT_ALWAYS_ASSERTS is defined. With it the annotations call two functions that the simulator's executable has,
// and that are absent everywhere else: so one binary serves both worlds, and without the simulator an annotation costs
// a comparison with null.
//
// A name is a string literal and tells one annotation from another; several places may share one. The simulator knows
// all places that were linked in, also those that no run ever came to.
#if defined(STILLPOINT_ALWAYS_ASSERTS)
#include <cassert>
#endif

#if defined(STILLPOINT_ANNOTATIONS)

#include <cstddef>
#include <sstream>
#include <string>

extern "C" {
// The simulator has these. `sort` is one of stillpoint::annotations::Sort.
__attribute__((weak)) void stillpoint_add_annotation(int sort, const char* name, const char* file);
// A place was come to; `holds` is what its condition says. What it returns counts for a buggify place only.
__attribute__((weak)) int stillpoint_at_annotation(int sort, const char* name, int holds, const char* file, int line,
                                                   const char* details);
}

namespace stillpoint::annotations {

enum class Sort : int { always, sometimes, reachable, unreachable, buggify };

template <std::size_t kSize>
struct Name {
  char text[kSize]{};
  consteval Name(const char (&literal)[kSize]) {  // NOLINT(google-explicit-constructor)
    for (std::size_t i = 0; i < kSize; ++i) text[i] = literal[i];
  }
};

// One for each sort, name and file in the program, known before main() begins.
template <Sort kSort, Name kName, Name kFile>
struct Place {
  static bool add() {
    if (stillpoint_add_annotation != nullptr)
      stillpoint_add_annotation(static_cast<int>(kSort), kName.text, kFile.text);
    return true;
  }
  static inline const bool added = add();
};

template <Sort kSort, Name kName, Name kFile>
bool at(bool holds, int line, const char* details = "") {
  static_cast<void>(Place<kSort, kName, kFile>::added);
  return stillpoint_at_annotation != nullptr &&
         stillpoint_at_annotation(static_cast<int>(kSort), kName.text, holds ? 1 : 0, kFile.text, line, details) != 0;
}

template <typename... Details>
std::string text_of(const Details&... details) {
  std::ostringstream text;
  [[maybe_unused]] const char* separator = "";
  ((text << separator << details, separator = " "), ...);
  return text.str();
}

}  // namespace stillpoint::annotations

#define STILLPOINT_AT(sort, name, ...) \
  ::stillpoint::annotations::at<::stillpoint::annotations::Sort::sort, name, __FILE__>(__VA_ARGS__)

#define STILLPOINT_ALWAYS(condition, name, ...)                         \
  (static_cast<bool>(condition)                                         \
       ? static_cast<void>(STILLPOINT_AT(always, name, true, __LINE__)) \
       : static_cast<void>(                                             \
             STILLPOINT_AT(always, name, false, __LINE__, ::stillpoint::annotations::text_of(__VA_ARGS__).c_str())))
#define STILLPOINT_SOMETIMES(condition, name) \
  static_cast<void>(STILLPOINT_AT(sometimes, name, static_cast<bool>(condition), __LINE__))
#define STILLPOINT_REACHABLE(name) static_cast<void>(STILLPOINT_AT(reachable, name, true, __LINE__))
#define STILLPOINT_UNREACHABLE(name) static_cast<void>(STILLPOINT_AT(unreachable, name, true, __LINE__))
#define STILLPOINT_BUGGIFY(name) STILLPOINT_AT(buggify, name, true, __LINE__)

#else

#if defined(STILLPOINT_ALWAYS_ASSERTS)
#define STILLPOINT_ALWAYS(condition, name, ...) assert((condition) && name)
#else
#define STILLPOINT_ALWAYS(condition, name, ...) static_cast<void>(0)
#endif
#define STILLPOINT_SOMETIMES(condition, name) static_cast<void>(0)
#define STILLPOINT_REACHABLE(name) static_cast<void>(0)
#define STILLPOINT_UNREACHABLE(name) static_cast<void>(0)
#define STILLPOINT_BUGGIFY(name) false

#endif
