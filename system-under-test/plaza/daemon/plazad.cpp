// plazad: a node of plaza as a process of its own. README.md beside this file has its exit codes and its log.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "system-under-test/plaza/daemon/command_line.hpp"
#include "system-under-test/plaza/daemon/service.hpp"
#include "system-under-test/plaza/one_line.hpp"

namespace {

using plaza::Ending;

// Whoever starts it without one of them would have its log written into whatever is opened first.
void open_standard_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF && ::open("/dev/null", O_RDWR) != fd) return;
  }
}

// Each client is a descriptor, and the limit that most shells set is far below what a node can serve.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

void complain(const std::string& what) { std::fprintf(stderr, "plazad: %s\n", plaza::in_one_line(what).c_str()); }

std::unique_ptr<plaza::Log> open_log(const plaza::Config& config) {
  const plaza::Log::Options options{.node = config.node.replica.node, .least = config.log_level};
  if (config.log_file.empty()) return std::make_unique<plaza::Log>(STDOUT_FILENO, options);
  try {
    return std::make_unique<plaza::Log>(config.log_file, options);
  } catch (const std::system_error& failure) {
    throw plaza::ConfigError("the log cannot be written to " + config.log_file + ": " + failure.code().message());
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_streams();
  std::signal(SIGPIPE, SIG_IGN);  // a log's reader that has gone away
  Ending ending = Ending::cannot_start;
  try {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const plaza::CommandLine asked = plaza::read_command_line(arguments);
    if (asked.shown) {
      std::fputs(asked.shown->c_str(), stdout);
      return 0;
    }
    raise_descriptor_limit();
    const auto log = open_log(asked.config);
    try {
      ending = plaza::serve(asked.config, *log);
    } catch (const plaza::ConfigError& error) {
      log->error("cannot_start", {{"why", error.what()}});
      throw;
    }
  } catch (const plaza::ConfigError& error) {
    complain(error.what());
  }
  if (ending == Ending::store_lost) complain("its disk has failed, or contradicts the other nodes; the log says more");
  return static_cast<int>(ending);
}
