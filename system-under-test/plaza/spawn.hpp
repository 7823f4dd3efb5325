// How plaza starts a coroutine that nobody waits for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace plaza {

// An exception that leaves the coroutine leaves the event loop's run(), too: with boost::asio::detached it would
// vanish.
inline void spawn(const boost::asio::any_io_executor& executor, boost::asio::awaitable<void> coroutine) {
  boost::asio::co_spawn(executor, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

}  // namespace plaza
