// The main program of tests that start no simulations.
#include "tests/support/runner.hpp"

int main(int argc, char** argv) { return test::run_tests(argc, argv); }
