// The main program of tests that start simulations: this executable is then its own zygote.
#include "sim-core/supervise/zygote.hpp"
#include "tests/support/runner.hpp"

int main(int argc, char** argv) {
  stillpoint::supervise::serve_if_zygote(argc, argv);
  return test::run_tests(argc, argv);
}
