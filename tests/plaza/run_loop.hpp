// What tests of servers and clients in one event loop share.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace plaza::test {

inline constexpr auto kPatience = std::chrono::seconds(20);

// Runs one coroutine to its end; whatever else is going on in the event loop goes on beside it.
void run(boost::asio::io_context& io, boost::asio::awaitable<void> test);

}  // namespace plaza::test
