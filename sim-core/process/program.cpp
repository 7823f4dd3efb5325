#include "sim-core/process/program.hpp"

#include <csignal>

#include "sim-core/interpose/libc_files.hpp"
#include "sim-core/interpose/memory_faults.hpp"
#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/process/standard_output.hpp"

namespace stillpoint::process {

bool Program::step() {
  if (over_) return false;
  if (!started_) {
    started_ = true;
    interpose::catch_memory_faults();
    const auto thread = threads_.start(host_.main_task(), [this] { run_main(); });
    if (!thread && host_.kernel().exceeded != nullptr) host_.kernel().exceeded(host_, kernel::Excess::threads);
    SP_ASSERT(static_cast<bool>(thread));
  }
  kernel::Task* task = host_.next_runnable();
  if (task == nullptr) return false;
  threads_.run(*task);
  if (!over_) return host_.any_runnable();
  flush_standard_output();
  host_.halt(wait_status_);
  const kernel::CurrentHost none(nullptr);
  ended_(end_);
  flush_standard_output();
  return false;
}

void Program::leave() {
  asio_signals_.take();
  flush_standard_output();
}

void Program::abandon() {
  Threads::abandon(host_);
  interpose::forget_files(host_);
}

void Program::killed() {
  over_ = true;
  end_ = {.by_signal = true, .status = SIGKILL};
  const kernel::CurrentHost none(nullptr);
  ended_(end_);
  flush_standard_output();
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
  flush_standard_output();
  interpose::flush_files(host_);
  die((status & 0xFF) << 8);
}

void Program::die(int status) {
  over_ = true;
  wait_status_ = status;
  end_.by_signal = (status & 0x7F) != 0;
  end_.status = end_.by_signal ? status & 0x7F : (status >> 8) & 0xFF;
  if (const auto escaped = escaped_exception(); end_.by_signal && escaped)
    end_.exception = escaped->type + ": " + escaped->text;
  threads_.park_for_ever(*host_.running_task());
}

}  // namespace stillpoint::process
