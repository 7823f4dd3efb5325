#pragma once
// A driven host: the harness hands the service an io_context and calls poll_one() for it, one handler a turn.
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include <boost/asio/io_context.hpp>

#include "sim-core/kernel/host.hpp"
#include "sim-core/process/asio_signals.hpp"
#include "sim-core/process/threads.hpp"

namespace stillpoint::process {

// An exception that a service let escape from a handler.
struct EscapedException {
  std::string type;  // readable: "std::runtime_error"
  std::string text;  // what()
};
// The signal whose default action ended a service: "SIGTERM".
struct DeadlySignal {
  std::string name;
};

// The exception that is being handled, or that std::terminate() was called for; none if there is no such.
std::optional<EscapedException> escaped_exception();

class Driven final : public kernel::Process {
 public:
  using Start = std::function<std::shared_ptr<void>(boost::asio::io_context&)>;
  // What is called when the service let an exception escape, or a signal ended it: it has crashed.
  using Crashed = std::function<void(const std::variant<EscapedException, DeadlySignal>&)>;

  Driven(kernel::Host& host, Start start, Crashed crashed)
      : host_(host), start_(std::move(start)), crashed_(std::move(crashed)) {}

  ~Driven() override;

  bool step() override;
  void enter() override { asio_signals_.put(); }
  void leave() override;
  bool polls() const override { return true; }
  void park(kernel::Task& task) override { threads_.park(task); }
  Status start_thread(kernel::Task& task, std::function<void()> body, std::size_t stack_size) override {
    return threads_.start(task, std::move(body), stack_size);
  }
  void finish_thread(kernel::Task& task) override { Threads::finish(task); }
  void abandon() override;
  // A signal ends the process in the midst of a handler, from which there is no way back to the harness: the whole
  // simulation dies of that signal, which its supervisor reports as the crash that it is.
  [[noreturn]] void die(int status) override;
  [[noreturn]] void stand_still() override { threads_.park_for_ever(*host_.running_task()); }

 private:
  bool poll();
  // Runs the handlers of signals that came since the last turn. False if one ends the process.
  bool handle_signals();

  kernel::Host& host_;
  Threads threads_;
  AsioSignals asio_signals_;
  Start start_;
  Crashed crashed_;
  std::unique_ptr<boost::asio::io_context> context_;
  bool dead_ = false;              // it crashed
  std::shared_ptr<void> service_;  // before the context: it holds the context's I/O objects
};

}  // namespace stillpoint::process
