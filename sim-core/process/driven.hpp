#pragma once
// A driven host: the harness hands the service an io_context and calls poll_one() for it, one handler a turn.
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/io_context.hpp>

#include "sim-core/kernel/host.hpp"

namespace stillpoint::process {

// An exception that a service let escape from a handler.
struct EscapedException {
  std::string type;  // readable: "std::runtime_error"
  std::string text;  // what()
};

class Driven final : public kernel::Process {
 public:
  using Start = std::function<std::shared_ptr<void>(boost::asio::io_context&)>;
  // What is called when the service let an exception escape: it has crashed.
  using Crashed = std::function<void(const EscapedException&)>;

  Driven(Start start, Crashed crashed) : start_(std::move(start)), crashed_(std::move(crashed)) {}

  bool step() override;

 private:
  Start start_;
  Crashed crashed_;
  std::unique_ptr<boost::asio::io_context> context_;
  bool dead_ = false;              // it crashed
  std::shared_ptr<void> service_;  // before the context: it holds the context's I/O objects
};

}  // namespace stillpoint::process
