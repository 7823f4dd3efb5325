#include "cli/interruption.hpp"

#include <signal.h>

namespace stillpoint::cli {
namespace {

volatile sig_atomic_t was_interrupted = 0;

void on_signal(int) { was_interrupted = 1; }

}  // namespace

void catch_interruptions() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return was_interrupted != 0; }

}  // namespace stillpoint::cli
