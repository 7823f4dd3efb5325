#include "sim-core/process/driven.hpp"

#include <cxxabi.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

namespace stillpoint::process {
namespace {

// The type of the exception that is being handled.
std::string current_type() {
  const std::type_info* type = abi::__cxa_current_exception_type();
  if (type == nullptr) return "an exception";
  int status = 0;
  char* readable = abi::__cxa_demangle(type->name(), nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : type->name();
  std::free(readable);
  return name;
}

}  // namespace

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
    crashed_({current_type(), error.what()});
  } catch (...) {
    crashed_({current_type(), "it is no std::exception"});
  }
  dead_ = true;
  return false;
}

}  // namespace stillpoint::process
