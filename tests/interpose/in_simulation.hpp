#pragma once
// Runs Asio programs on hosts of the virtual kernel within a test: a scenario made of one function.
#include <functional>

#include "sim-core/process/run.hpp"

namespace test {

struct Outcome {
  stillpoint::Report report;
  std::uint64_t hash = 0;
  std::uint64_t events = 0;
  stillpoint::Duration virtual_time{};
};

// Builds, runs and tears down one simulation in this process. An unsupported call ends the test program.
Outcome simulate(std::uint64_t seed, stillpoint::Duration duration, std::function<void(stillpoint::Simulation&)> build);

}  // namespace test
