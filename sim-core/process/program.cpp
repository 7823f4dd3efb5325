#include "sim-core/process/program.hpp"

#include <cstdio>

#include "sim-core/kernel/current.hpp"

namespace stillpoint::process {

bool Program::step() {
  if (end_) return false;
  if (!started_) {
    started_ = true;
    const auto thread = threads_.start(*host_.running_task(), [this] { run_main(); });
    SP_ASSERT(static_cast<bool>(thread));
  }
  kernel::Task* task = host_.next_runnable();
  if (task == nullptr) return false;
  {
    const AsioSignals::InPlace signals(asio_signals_);
    threads_.run(*task);
  }
  if (!end_) return host_.any_runnable();
  host_.halt(end_->status);
  const kernel::CurrentHost none(nullptr);
  ended_(*end_);
  return false;
}

void Program::run_main() {
  std::vector<char*> argv;
  for (std::string& argument : args_) argv.push_back(argument.data());
  argv.push_back(nullptr);
  exit(main_(static_cast<int>(args_.size()), argv.data()));
}

// exit(3): handlers in the reverse order of their registration; they may register further ones.
void Program::exit(int status) {
  host_.running_task()->run_at_exit();
  while (!at_exit_.empty()) {
    const AtExit last = at_exit_.back();
    at_exit_.pop_back();
    last.function(last.argument);
  }
  std::fflush(nullptr);
  die((status & 0xFF) << 8);
}

void Program::die(int status) {
  end_ = {status, escaped_exception()};
  threads_.park_for_ever();
}

}  // namespace stillpoint::process
