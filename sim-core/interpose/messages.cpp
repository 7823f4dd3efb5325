// Messages that the C library writes in a program's name, and after some of which it ends the process: err(3) with its
// kin, error(3).
//
// Inside libc they end it by a way of their own, which would end the simulation; and the name there is that of the
// simulation's process. Here they end the host's process as exit(3) does, and begin with the host's name, like
// assert(3) in process.cpp.
#include <err.h>
#include <error.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cerrno>
#include <string>

#include "sim-core/interpose/call.hpp"

namespace {

using stillpoint::interpose::real_function;

// Null: the real function is meant.
stillpoint::kernel::Host* writer() {
  stillpoint::kernel::Host* host = stillpoint::kernel::current_host;
  return host != nullptr && !host->observed() ? host : nullptr;
}

std::string format_text(const char* format, va_list arguments) {
  char* text = nullptr;
  if (format == nullptr || vasprintf(&text, format, arguments) < 0) return {};
  std::string formatted(text);
  free(text);
  return formatted;
}

// "host: text: No such file or directory"; err(3): without a format there is no text, nor its colon.
void warn_of(const stillpoint::kernel::Host& host, const char* format, va_list arguments, const int* error) {
  std::string line = host.name() + ": " + format_text(format, arguments);
  if (error != nullptr) line.append(format == nullptr ? "" : ": ").append(strerror(*error));
  fprintf(stderr, "%s\n", line.c_str());
}

// error(3): what is in stdout comes first, and the message is counted. `place` stands between name and text.
void tell_error(const stillpoint::kernel::Host& host, int error, const std::string& place, const std::string& text) {
  fflush(stdout);
  if (error_print_progname != nullptr) {
    error_print_progname();
  } else {
    fprintf(stderr, "%s:", host.name().c_str());
  }
  fprintf(stderr, "%s%s", place.c_str(), text.c_str());
  ++error_message_count;
  if (error != 0) fprintf(stderr, ": %s", strerror(error));
  fputc('\n', stderr);
}

}  // namespace

extern "C" void sp_vwarn(const char* format, va_list arguments) __asm__("vwarn");
extern "C" void sp_vwarnx(const char* format, va_list arguments) __asm__("vwarnx");
extern "C" [[noreturn]] void sp_verr(int status, const char* format, va_list arguments) __asm__("verr");
extern "C" [[noreturn]] void sp_verrx(int status, const char* format, va_list arguments) __asm__("verrx");
extern "C" void sp_warn(const char* format, ...) __asm__("warn");
extern "C" void sp_warnx(const char* format, ...) __asm__("warnx");
extern "C" [[noreturn]] void sp_err(int status, const char* format, ...) __asm__("err");
extern "C" [[noreturn]] void sp_errx(int status, const char* format, ...) __asm__("errx");
extern "C" void sp_error(int status, int error, const char* format, ...) __asm__("error");
extern "C" void sp_error_at_line(int status, int error, const char* file, unsigned line, const char* format,
                                 ...) __asm__("error_at_line");

extern "C" void sp_vwarn(const char* format, va_list arguments) {
  const int error = errno;
  if (const auto* host = writer()) return warn_of(*host, format, arguments, &error);
  real_function<void (*)(const char*, va_list)>(nullptr, "vwarn")(format, arguments);
}

extern "C" void sp_vwarnx(const char* format, va_list arguments) {
  if (const auto* host = writer()) return warn_of(*host, format, arguments, nullptr);
  real_function<void (*)(const char*, va_list)>(nullptr, "vwarnx")(format, arguments);
}

extern "C" void sp_verr(int status, const char* format, va_list arguments) {
  sp_vwarn(format, arguments);
  exit(status);
}

extern "C" void sp_verrx(int status, const char* format, va_list arguments) {
  sp_vwarnx(format, arguments);
  exit(status);
}

extern "C" void sp_warn(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  sp_vwarn(format, arguments);
  va_end(arguments);
}

extern "C" void sp_warnx(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  sp_vwarnx(format, arguments);
  va_end(arguments);
}

extern "C" void sp_err(int status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  sp_verr(status, format, arguments);
}

extern "C" void sp_errx(int status, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  sp_verrx(status, format, arguments);
}

extern "C" void sp_error(int status, int error, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string text = format_text(format, arguments);
  va_end(arguments);
  if (const auto* host = writer()) {
    tell_error(*host, error, error_print_progname == nullptr ? " " : "", text);
  } else {
    real_function<void (*)(int, int, const char*, ...)>(nullptr, "error")(0, error, "%s", text.c_str());
  }
  if (status != 0) exit(status);
}

extern "C" void sp_error_at_line(int status, int error, const char* file, unsigned line, const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const std::string text = format_text(format, arguments);
  va_end(arguments);
  if (const auto* host = writer()) {
    const std::string place = file == nullptr ? " " : std::string(file) + ':' + std::to_string(line) + ": ";
    tell_error(*host, error, place, text);
  } else {
    real_function<void (*)(int, int, const char*, unsigned, const char*, ...)>(nullptr, "error_at_line")(
        0, error, file, line, "%s", text.c_str());
  }
  if (status != 0) exit(status);
}
