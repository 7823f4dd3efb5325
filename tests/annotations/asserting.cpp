// With STILLPOINT_ALWAYS_ASSERTS alone, ALWAYS is assert(), and all else is nothing.
#undef STILLPOINT_ANNOTATIONS
#define STILLPOINT_ALWAYS_ASSERTS
#undef NDEBUG
#include <stillpoint/annotate.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include <csignal>

namespace {

// How a process ends that does this.
int end_of(void (*what)()) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(SIGABRT, SIG_DFL);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(9);
    what();
    _exit(7);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

TEST_CASE("ALWAYS asserts where that is asked for") {
  CHECK(end_of([] { STILLPOINT_ALWAYS(1 + 1 == 2, "it adds up", "and", "more"); }) == 7);
  CHECK(end_of([] { STILLPOINT_ALWAYS(1 + 1 == 3, "it adds up", "and", "more"); }) == 128 + SIGABRT);
  CHECK(end_of([] { STILLPOINT_UNREACHABLE("nothing else does"); }) == 7);
  int evaluated = 0;
  STILLPOINT_SOMETIMES(++evaluated == 1, "sometimes");
  CHECK(evaluated == 0);
  static_assert(!STILLPOINT_BUGGIFY("buggify"));
}
