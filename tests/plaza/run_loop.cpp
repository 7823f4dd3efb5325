#include "tests/plaza/run_loop.hpp"

#include <boost/asio/co_spawn.hpp>
#include <catch2/catch.hpp>
#include <exception>
#include <utility>

namespace plaza::test {

void run(boost::asio::io_context& io, boost::asio::awaitable<void> test) {
  bool finished = false;
  boost::asio::co_spawn(io, std::move(test), [&finished](std::exception_ptr failure) {
    finished = true;
    if (failure) std::rethrow_exception(failure);
  });
  const auto give_up = std::chrono::steady_clock::now() + kPatience;
  while (!finished && std::chrono::steady_clock::now() < give_up) io.run_one_for(std::chrono::milliseconds(100));
  REQUIRE(finished);
}

}  // namespace plaza::test
