#include "sim-core/interpose/call.hpp"

#include <dlfcn.h>

#include <cstdio>

extern "C" __attribute__((weak)) void __asan_init();

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

namespace {

// A program that was compiled with _FORTIFY_SOURCE calls a function by another symbol: read by __read_chk, open by
// __open_2. It is the same function.
std::string_view function_of(std::string_view symbol) {
  for (const std::string_view suffix : {"_chk", "_2"}) {
    if (symbol.starts_with("__") && symbol.ends_with(suffix))
      return symbol.substr(2, symbol.size() - 2 - suffix.size());
  }
  return symbol;
}

}  // namespace

int error_by_plan(kernel::Host& host, const Call& call) {
  if (host.observed()) unsupported(host, call, "in observer mode");
  return host.due_failure(function_of(call.name));
}

bool gives_error_back(std::string_view symbol) {
  return symbol.starts_with("pthread_") || symbol.starts_with("posix_") || symbol == "clock_nanosleep";
}

bool is_in_sanitizer(const void* site) {
  if (&__asan_init == nullptr) return false;
  Dl_info sanitizer{};
  Dl_info caller{};
  return dladdr(reinterpret_cast<const void*>(&__asan_init), &sanitizer) != 0 && dladdr(site, &caller) != 0 &&
         sanitizer.dli_fbase == caller.dli_fbase;
}

}  // namespace stillpoint::interpose

// What a sanitizer does once it reports is the report's business, not the host's: it opens files and writes for real.
extern "C" void __asan_on_error() { stillpoint::kernel::set_current_host(nullptr); }
extern "C" void __ubsan_on_report() { stillpoint::kernel::set_current_host(nullptr); }
