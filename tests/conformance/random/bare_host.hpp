#pragma once
// A host of the virtual kernel on which random sequences run: no process of its own, and whatever is not served ends
// the test, by name.
#include <cstdio>
#include <cstdlib>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"
#include "tests/conformance/random/compare.hpp"

namespace stillpoint::test {

[[noreturn]] inline void refuse(kernel::Host&, const char* call, const void*) {
  kernel::set_current_host(nullptr);
  std::fprintf(stderr, "%s called %s, which the virtual kernel does not serve\n",
               under_way.calls[under_way.call].c_str(), call);
  std::abort();
}

// The calls are made on the harness's stack: none of them waits for another.
class NoProcess final : public kernel::Process {
 public:
  bool step() override { return false; }
};

}  // namespace stillpoint::test
