#pragma once
// For tests of what ends the process: it happens in a forked child.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace stillpoint::test {

struct Ending {
  int exit_code = -1;  // -1: a signal
  int signal = 0;
  std::string errors;  // what it wrote to stderr
};

// Runs `what` in a child. If it returns, the exit code is 0.
template <typename Function>
Ending ending_of(Function what) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    what();
    _exit(0);
  }
  ::close(ends[1]);
  Ending ending;
  char text[256];
  for (ssize_t got; (got = ::read(ends[0], text, sizeof text)) > 0;)
    ending.errors.append(text, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) ending.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ending.signal = WTERMSIG(status);
  return ending;
}

// The exit code of a broken SP_ASSERT: a bug in the harness.
constexpr int kAssertionFailed = 70;

}  // namespace stillpoint::test
