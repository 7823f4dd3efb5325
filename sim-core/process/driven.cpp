#include "sim-core/process/driven.hpp"

#include <exception>

namespace stillpoint::process {

bool Driven::step() {
  try {
    if (context_ == nullptr) {
      context_ = std::make_unique<boost::asio::io_context>(1);
      service_ = start_(*context_);
      return true;
    }
    // poll_one() returns at once, without polling, after the context once ran out of work; new work may have come since.
    context_->restart();
    return context_->poll_one() > 0;
  } catch (const std::exception& error) {
    crashed_(error.what());
  } catch (...) {
    crashed_("an exception that is no std::exception");
  }
  return false;
}

}  // namespace stillpoint::process
