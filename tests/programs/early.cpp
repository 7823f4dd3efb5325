// An ordinary program that does in its constructor what its first argument says: before main.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

__attribute__((constructor)) static void before_main(int argc, char** argv) {
  std::puts("before main");
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "throw") throw std::runtime_error("too early");
  if (how == "exit") std::exit(5);
  if (how == "sleep") sleep(3600);
}

__attribute__((destructor)) static void after_main() { std::puts("after main"); }

int main() {
  std::atexit([] { std::puts("at exit"); });
  std::puts("main");
  return 0;
}
