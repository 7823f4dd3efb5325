// The main program of tests that start no simulations.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
