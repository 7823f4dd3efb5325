#pragma once
// What tests of losses of power share.
#include <string>

#include <stillpoint/error.hpp>
#include <stillpoint/simulation.hpp>

namespace test {

// The host loses its power at one time, and gets it back at another.
inline void crash_and_boot(stillpoint::Simulation& simulation, stillpoint::HostId host, stillpoint::Duration down,
                           stillpoint::Duration up) {
  simulation.at(stillpoint::VirtualTime(down), [&simulation, host] { simulation.crash(host); });
  simulation.at(stillpoint::VirtualTime(up), [&simulation, host] { simulation.boot(host); });
}

// What it threw.
template <typename Do>
std::string error_of(Do what) {
  try {
    what();
  } catch (const stillpoint::Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace test
