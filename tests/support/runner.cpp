#include "tests/support/runner.hpp"

#define CATCH_CONFIG_RUNNER
#include <catch2/catch.hpp>

int test::run_tests(int argc, char** argv) { return Catch::Session().run(argc, argv); }
