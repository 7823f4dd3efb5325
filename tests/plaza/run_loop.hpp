// What tests of servers and clients in one event loop share.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace plaza::test {

inline constexpr auto kPatience = std::chrono::seconds(20);

// Runs one coroutine to its end; whatever else is going on in the event loop goes on beside it.
inline void run(boost::asio::io_context& io, boost::asio::awaitable<void> test) {
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
