#include "sim-core/base/assert.hpp"

#include <unistd.h>

#include <cstdio>
#include <cstring>

namespace stillpoint {
namespace {
AssertionReporter reporter_in_use = nullptr;
constexpr int kHarnessBug = 70;
}  // namespace

void set_assertion_reporter(AssertionReporter reporter) { reporter_in_use = reporter; }

void assertion_failed(const char* condition, const char* file, int line) {
  // A fixed buffer: the heap may be what is broken.
  static char text[512];
  const char* name = std::strrchr(file, '/');
  std::snprintf(text, sizeof text, "assertion failed: %s (%s:%d)", condition, name ? name + 1 : file, line);
  if (reporter_in_use != nullptr) reporter_in_use(text);
  std::fprintf(stderr, "stillpoint: %s\n", text);
  _exit(kHarnessBug);
}

}  // namespace stillpoint
