#include "sim-core/base/assert.hpp"

#include <catch2/catch.hpp>

#include "tests/base/ends.hpp"

using namespace stillpoint;

TEST_CASE("a broken assertion ends the process with 70 and says which") {
  const auto ending = test::ending_of([] { SP_ASSERT(2 + 2 == 5); });
  CHECK(ending.exit_code == test::kAssertionFailed);
  CHECK_THAT(ending.errors, Catch::Contains("assertion failed: 2 + 2 == 5 (assert.cpp:"));
}

TEST_CASE("an assertion that holds does nothing") {
  const auto ending = test::ending_of([] { SP_ASSERT(2 + 2 == 4); });
  CHECK(ending.exit_code == 0);
  CHECK(ending.errors.empty());
}

TEST_CASE("the reporter hears of a broken assertion first, and may end the process its own way") {
  const auto ending = test::ending_of([] {
    set_assertion_reporter(
        [](const char* text) { _exit(std::string(text).find("false") == std::string::npos ? 1 : 33); });
    SP_ASSERT(false);
  });
  CHECK(ending.exit_code == 33);
}
