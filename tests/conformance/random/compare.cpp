#include "tests/conformance/random/compare.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include "sim-core/base/assert.hpp"
#include "sim-core/kernel/current.hpp"

#include "tests/support/number_options.hpp"

namespace stillpoint::test {
namespace {

void tell() {
  kernel::set_current_host(nullptr);
  fmt::print("seed {}: the virtual kernel broke off in\n", under_way.seed);
  for (std::size_t i = 0; i <= under_way.call && i < under_way.calls.size(); ++i)
    fmt::print("{}{}\n", i == under_way.call ? "  > " : "    ", under_way.calls[i]);
  std::fflush(stdout);
}

}  // namespace

UnderWay under_way;

void tell_what_is_under_way_when_it_ends() {
  signal(SIGABRT, [](int) { tell(); });
  set_assertion_reporter([](const char*) { tell(); });
}

std::optional<CompareOptions> read_compare_options(int argc, char** argv) {
  CompareOptions options;
  const bool read = ::test::read_numbers(argc, argv,
                                         {{"--sequences", &options.sequences},
                                          {"--seed", &options.seed},
                                          {"--show", &options.show},
                                          {"--real-twice", &options.real_twice}});
  return read ? std::optional(options) : std::nullopt;
}

int first_free_descriptor() {
  int last = 2;
  DIR* const all = opendir("/proc/self/fd");
  while (const dirent* entry = readdir(all)) last = std::max(last, std::atoi(entry->d_name));
  closedir(all);
  int filler = open("/dev/null", O_RDONLY);
  while (filler < last) filler = dup(filler);
  return filler + 1;
}

}  // namespace stillpoint::test
