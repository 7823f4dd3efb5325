#include "sim-core/interpose/call.hpp"

#include <cstdio>

namespace stillpoint::interpose {

void unsupported(kernel::Host& host, const Call& call, const char* detail) {
  static char text[256];
  if (detail == nullptr) {
    std::snprintf(text, sizeof text, "%s", call.name);
  } else {
    std::snprintf(text, sizeof text, "%s (%s)", call.name, detail);
  }
  kernel::Kernel& kernel = host.kernel();
  kernel.unsupported(host, text, call.site);
  __builtin_unreachable();
}

}  // namespace stillpoint::interpose
