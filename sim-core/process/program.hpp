#pragma once
// A host that runs an ordinary program: an unmodified main(argc, argv), whose blocking calls put its threads to sleep.
//
// The process ends as on Linux: by returning from main, by exit (which runs what atexit registered), by _exit, by abort
// or an exception that nobody caught. That is the end of the host, not of the run: its descriptors are closed, its
// peers see it. Its objects are abandoned where they are, never destroyed. A fault may kill it as well, at any time.
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <stillpoint/simulation.hpp>

#include "sim-core/kernel/host.hpp"
#include "sim-core/process/asio_signals.hpp"
#include "sim-core/process/driven.hpp"
#include "sim-core/process/threads.hpp"

namespace stillpoint::process {

using Main = std::function<int(int argc, char** argv)>;

class Program final : public kernel::Process {
 public:
  // `args[0]` is the program's name. `ended` is called once, outside of the host.
  Program(kernel::Host& host, Main main, std::vector<std::string> args, std::function<void(const ProgramEnd&)> ended)
      : host_(host), main_(std::move(main)), args_(std::move(args)), ended_(std::move(ended)) {}

  bool step() override;
  void enter() override { asio_signals_.put(); }
  void leave() override;
  bool polls() const override { return false; }
  void park(kernel::Task& task) override { threads_.park(task); }
  Status start_thread(kernel::Task& task, std::function<void()> body, std::size_t stack_size) override {
    return threads_.start(task, std::move(body), stack_size);
  }
  void finish_thread(kernel::Task& task) override { Threads::finish(task); }
  void abandon() override;
  void killed() override;
  [[noreturn]] void exit(int status) override;
  [[noreturn]] void die(int status) override;
  [[noreturn]] void stand_still() override { threads_.park_for_ever(*host_.running_task()); }
  void at_exit(void (*function)(void*), void* argument) override { at_exit_.push_back({function, argument}); }

 private:
  struct AtExit {
    void (*function)(void*);
    void* argument;
  };

  void run_main();

  kernel::Host& host_;
  Threads threads_;
  AsioSignals asio_signals_;
  Main main_;
  std::vector<std::string> args_;
  std::function<void(const ProgramEnd&)> ended_;
  std::vector<AtExit> at_exit_;
  bool started_ = false;
  bool over_ = false;
  int wait_status_ = 0;
  ProgramEnd end_;
};

}  // namespace stillpoint::process
