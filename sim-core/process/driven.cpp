#include "sim-core/process/driven.hpp"

#include <cxxabi.h>
#include <signal.h>

#include <cstdlib>
#include <exception>
#include <typeinfo>

#include "sim-core/interpose/libc_files.hpp"
#include "sim-core/kernel/current.hpp"
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

Driven::~Driven() {
  asio_signals_.put();
  service_.reset();  // it holds the context's I/O objects
  context_.reset();
  asio_signals_.take();
}

// A turn of one of the service's own threads (Asio's resolver has one), and one of its event loop.
bool Driven::step() {
  if (dead_) return false;
  if (host_.signals.any() && !handle_signals()) return false;
  bool more = false;
  if (host_.any_runnable()) {
    threads_.run(*host_.next_runnable());
    if (host_.ending()) return false;
    more = host_.any_runnable();
  }
  return poll() || more;
}

void Driven::leave() {
  asio_signals_.take();
  flush_standard_output();
}

bool Driven::handle_signals() {
  const int deadly = host_.signals.deliver(host_.main_task()).deadly;
  if (deadly == 0) return true;
  dead_ = true;
  crashed_(DeadlySignal{kernel::signal_name(deadly)});
  return false;
}

void Driven::abandon() {
  Threads::abandon(host_);
  interpose::forget_files(host_);
}

void Driven::die(int status) {
  kernel::set_current_host(nullptr);
  signal(status, SIG_DFL);
  raise(status);
  std::abort();  // not reached, unless the signal is blocked for real
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
    if (context_->poll_one() > 0) return true;
    // Once the context ran out of work, or was stopped, it does nothing more until it is told to; new work may have
    // come since.
    if (!context_->stopped()) return false;
    context_->restart();
    return context_->poll_one() > 0;
  } catch (...) {
    crashed_(*escaped_exception());
  }
  dead_ = true;
  return false;
}

}  // namespace stillpoint::process
