#pragma once
// How a libc symbol becomes a virtual system call.
//
//   SP_CALL(int, listen, (int fd, int backlog), (fd, backlog)) { … host … }
//
// defines the symbol `listen` for the whole executable. With no simulated host current it calls the real function; else
// it runs the body, which sees the current host as `host` and the call's own name and place as `call`. Bodies only
// translate: arguments to the kernel's types, results to -1 and errno. No exception leaves them. When the body is done,
// the handlers of signals that are due run, as they do where a system call returns.
//
// The C++ name differs from the symbol's (asm label), so that neither glibc's attributes nor its fortified inline
// definitions conflict. Variadic functions are defined with the fixed arguments that they are called with; on x86-64
// and AArch64 both forms agree.
#include <dlfcn.h>

#include <cerrno>
#include <string_view>
#include <type_traits>
#include <utility>

#include "sim-core/base/result.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"

namespace stillpoint::interpose {

// Which symbol was called, and from where.
struct Call {
  const char* name;
  const void* site;
};

// Ends the run, naming the call; `detail` says what about it is not served, where it is not the call as such.
[[noreturn]] void unsupported(kernel::Host& host, const Call& call, const char* detail = nullptr);

// Sets errno and returns -1; ends the run if the kernel said that it does not serve this.
template <typename T = int>
T fail(kernel::Host& host, const Call& call, int error) {
  if (error == kernel::kNotServed) unsupported(host, call);
  errno = error;
  return static_cast<T>(-1);
}

// The errno with which a fault of the plan makes this call fail; 0: it does not. Ends the run in observer mode.
int error_by_plan(kernel::Host& host, const Call& call);

// What a function gives back that fails so: the error itself, as pthread_create(3) does, or -1, null or MAP_FAILED,
// with errno.
bool gives_error_back(std::string_view symbol);
template <typename T>
T failed(std::string_view symbol, int error) {
  if constexpr (std::is_void_v<T>) {
    return;
  } else if constexpr (std::is_pointer_v<T>) {
    errno = error;
    return symbol.starts_with("mmap") || symbol == "mremap" ? reinterpret_cast<T>(-1) : nullptr;
  } else {
    if (gives_error_back(symbol)) return static_cast<T>(error);
    errno = error;
    constexpr int kSystemError = -11;  // EAI_SYSTEM
    return static_cast<T>(symbol == "getaddrinfo" || symbol == "getnameinfo" ? kSystemError : -1);
  }
}

template <typename T, typename R>
T finish(kernel::Host& host, const Call& call, const Result<R>& result) {
  if (!result) return fail<T>(host, call, result.error());
  return static_cast<T>(result.value());
}

inline int finish(kernel::Host& host, const Call& call, const Status& status) {
  return status ? 0 : fail(host, call, status.error());
}

// What AddressSanitizer calls by its symbol, before any exception or long jump unwinds a stack: that is no call of the
// program's, and must neither be served nor deliver its signals.
consteval bool sanitizers_call(std::string_view symbol) { return symbol == "sigaltstack"; }
bool is_in_sanitizer(const void* site);

// What happens when a call returns to the program.
class ReturnToProgram {
 public:
  explicit ReturnToProgram(kernel::Host& host) : host_(host) {}
  ReturnToProgram(const ReturnToProgram&) = delete;
  ReturnToProgram& operator=(const ReturnToProgram&) = delete;
  ~ReturnToProgram() noexcept(false) {  // a handler of the program may throw
    if (host_.signals.any()) [[unlikely]]
      host_.handle_signals();
  }

 private:
  kernel::Host& host_;
};

// The function that would have been called without us. A sanitizer's interceptor comes first, so that it still sees the
// call.
template <typename Function>
Function real_function(Function interceptor, const char* name) {
  if (interceptor != nullptr) return interceptor;
  // On x86-64 condition variables have two versions, and dlsym may give the one of glibc 2.2.5, which is another ABI.
  if (std::string_view(name).starts_with("pthread_cond_")) {
    if (void* current = dlvsym(RTLD_NEXT, name, "GLIBC_2.3.2")) return reinterpret_cast<Function>(current);
  }
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

}  // namespace stillpoint::interpose

// A body need not use all that its symbol is called with.
#pragma GCC diagnostic ignored "-Wunused-parameter"

// They lie together, so that a stack tells whether a call is being served (memory_limit.cpp).
#define SP_IN_CALLS __attribute__((section("sp_calls")))

#define SP_UNWRAP_AFTER_COMMA(...) __VA_OPT__(, ) __VA_ARGS__

#define SP_DECLARE(result, name, symbol, parameters)                                                         \
  extern "C" __attribute__((weak)) result sp_interceptor_##name parameters __asm__("__interceptor_" symbol); \
  extern "C" SP_IN_CALLS result sp_##name parameters __asm__(symbol);                                        \
  static result sp_serve_##name(::stillpoint::kernel::Host& host,                                            \
                                const ::stillpoint::interpose::Call& call SP_UNWRAP_AFTER_COMMA parameters)

#define SP_DISPATCH(result, name, symbol, site, arguments)                                                     \
  ::stillpoint::kernel::Host* current = ::stillpoint::kernel::current_host;                                    \
  if (current != nullptr &&                                                                                    \
      !(::stillpoint::interpose::sanitizers_call(symbol) && ::stillpoint::interpose::is_in_sanitizer(site))) { \
    if (!current->count_call()) [[unlikely]] {                                                                 \
      if (const int by_plan = ::stillpoint::interpose::error_by_plan(*current, {symbol, site}); by_plan != 0)  \
        return ::stillpoint::interpose::failed<result>(symbol, by_plan);                                       \
    }                                                                                                          \
    const ::stillpoint::interpose::ReturnToProgram handlers(*current);                                         \
    return sp_serve_##name(*current, {symbol, site} SP_UNWRAP_AFTER_COMMA arguments);                          \
  }                                                                                                            \
  static constinit decltype(&sp_##name) real = nullptr;                                                        \
  if (real == nullptr) real = ::stillpoint::interpose::real_function(&sp_interceptor_##name, symbol);          \
  if (::stillpoint::interpose::sanitizers_call(symbol)) {                                                      \
    const ::stillpoint::kernel::CurrentHost nobody(nullptr);                                                   \
    return real arguments;                                                                                     \
  }                                                                                                            \
  return real arguments

#define SP_SERVE(result, name, parameters)               \
  static result sp_serve_##name(                         \
      [[maybe_unused]] ::stillpoint::kernel::Host& host, \
      [[maybe_unused]] const ::stillpoint::interpose::Call& call SP_UNWRAP_AFTER_COMMA parameters)

#define SP_CALL_AS(result, name, symbol, parameters, arguments)                \
  SP_DECLARE(result, name, symbol, parameters);                                \
  extern "C" result sp_##name parameters {                                     \
    SP_DISPATCH(result, name, symbol, __builtin_return_address(0), arguments); \
  }                                                                            \
  SP_SERVE(result, name, parameters)

#define SP_CALL(result, name, parameters, arguments) SP_CALL_AS(result, name, #name, parameters, arguments)

// For a call that is made very often: `done`, a condition on `current`, the host, comes before everything else, and
// where it holds the call has been done, and returns zero. All else is a function of its own, so that the symbol need
// not save registers for it.
#define SP_CALL_UNLESS(done, result, name, parameters, arguments)                                                 \
  SP_DECLARE(result, name, #name, parameters);                                                                    \
  [[gnu::noinline]] SP_IN_CALLS static result sp_call_##name(const void* site SP_UNWRAP_AFTER_COMMA parameters) { \
    SP_DISPATCH(result, name, #name, site, arguments);                                                            \
  }                                                                                                               \
  extern "C" result sp_##name parameters {                                                                        \
    ::stillpoint::kernel::Host* current = ::stillpoint::kernel::current_host;                                     \
    if (current != nullptr && done) return 0;                                                                     \
    return sp_call_##name(__builtin_return_address(0) SP_UNWRAP_AFTER_COMMA arguments);                           \
  }                                                                                                               \
  SP_SERVE(result, name, parameters)

// A call that exists on Linux and that the virtual kernel does not serve: made by a simulated host, it stops the run by
// name.
#define SP_REFUSED(result, name, parameters, arguments) \
  SP_CALL(result, name, parameters, arguments) { ::stillpoint::interpose::unsupported(host, call); }
