#include "sim-core/base/result.hpp"

#include <catch2/catch.hpp>

#include "tests/base/ends.hpp"

using namespace stillpoint;

TEST_CASE("a result is a value or an errno") {
  const Result<int> value = 7;
  CHECK(value);
  CHECK(value.value() == 7);
  CHECK(value.error() == 0);

  const Result<int> failure = Failure{EAGAIN};
  CHECK_FALSE(failure);
  CHECK(failure.error() == EAGAIN);
}

TEST_CASE("zero is a value like any other") {
  const Result<int> zero = 0;
  CHECK(zero);
  CHECK(zero.value() == 0);
}

TEST_CASE("a status is success without a value") {
  const Status done = Done{};
  CHECK(done);
  const Status failed = Failure{EBADF};
  CHECK(failed.error() == EBADF);
}

TEST_CASE("looking at the value of a failure, and failing with errno 0, are bugs of the harness") {
  CHECK(test::ending_of([] { static_cast<void>(Result<int>(Failure{EBADF}).value()); }).exit_code ==
        test::kAssertionFailed);
  CHECK(test::ending_of([] { static_cast<void>(Result<int>(Failure{0})); }).exit_code == test::kAssertionFailed);
}
