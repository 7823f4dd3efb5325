#include "sim-core/process/standard_output.hpp"

#include <stdio_ext.h>

#include <cstdio>
#include <iostream>

namespace stillpoint::process {
namespace {

// A stream that is not synchronised with stdio (std::ios::sync_with_stdio(false)) has a buffer of its own.
void flush(std::ostream& stream, const std::streambuf* synchronised) {
  if (stream.rdbuf() != synchronised) stream.flush();
}

}  // namespace

void flush_standard_output() {
  static const std::streambuf* const out = std::cout.rdbuf();
  static const std::streambuf* const log = std::clog.rdbuf();
  flush(std::cout, out);
  flush(std::clog, log);
  if (__fpending(stdout) > 0) std::fflush(stdout);
  if (__fpending(stderr) > 0) std::fflush(stderr);
}

}  // namespace stillpoint::process
