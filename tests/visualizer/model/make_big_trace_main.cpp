// make_big_trace FILE EVENTS
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tests/visualizer/model/make_big_trace.hpp"

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: make_big_trace FILE EVENTS\n", stderr);
    return 2;
  }
  try {
    stillpoint::test::make_big_trace(argv[1], std::strtoull(argv[2], nullptr, 10));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
