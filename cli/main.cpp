#include "cli/command.hpp"
#include "sim-core/supervise/zygote.hpp"

int main(int argc, char** argv) {
  stillpoint::supervise::serve_if_zygote(argc, argv);
  return stillpoint::cli::main(argc, argv);
}
