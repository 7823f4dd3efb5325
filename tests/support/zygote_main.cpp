// The main program of tests that start simulations: this executable is then its own zygote.
#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

#include "sim-core/supervise/zygote.hpp"

int main(int argc, char** argv) {
  stillpoint::supervise::serve_if_zygote(argc, argv);
  return Catch::Session().run(argc, argv);
}
