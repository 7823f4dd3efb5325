#include "sim-core/process/driven.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "sim-core/process/standard_output.hpp"

namespace stillpoint::process {

std::optional<EscapedException> escaped_exception() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return std::nullopt;
  int status = 0;
  char* readable = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  EscapedException escaped{status == 0 ? readable : type->name(), "it is no std::exception"};
  std::free(readable);
  try {
    std::rethrow_exception(std::current_exception());
  } catch (const std::exception& error) {
    escaped.text = error.what();
  } catch (...) {
  }
  return escaped;
}

// A turn of one of the service's own threads (Asio's resolver has one), and one of its event loop.
bool Driven::step() {
  if (dead_) return false;
  bool more = false;
  if (kernel::Task* task = host_.next_runnable()) {
    threads_.run(*task);
    more = host_.any_runnable();
  }
  more = poll() || more;
  flush_standard_output();
  return more;
}

bool Driven::poll() {
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
  } catch (...) {
    crashed_(*escaped_exception());
  }
  dead_ = true;
  return false;
}

}  // namespace stillpoint::process
