#pragma once
// Catch's runner, for the main programs of tests.

namespace test {

int run_tests(int argc, char** argv);

}  // namespace test
