#include "sim-core/process/driven.hpp"

#include <exception>

namespace stillpoint::process {

bool Driven::step() {
  if (dead_) return false;
  try {
    if (context_ == nullptr) {
      // One thread runs a driven host, so Asio need not lock its descriptors; its queue keeps the lock that other
      // threads would need.
      context_ = std::make_unique<boost::asio::io_context>(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO);
      service_ = start_(*context_);
      return true;
    }
    // poll_one() returns at once, without polling, after the context once ran out of work; new work may have come
    // since.
    context_->restart();
    return context_->poll_one() > 0;
  } catch (const std::exception& error) {
    crashed_(error.what());
  } catch (...) {
    crashed_("an exception that is no std::exception");
  }
  dead_ = true;
  return false;
}

}  // namespace stillpoint::process
