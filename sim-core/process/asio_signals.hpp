#pragma once
// What Asio knows of signals, one for each simulated process.
//
// Asio keeps it in a static object (boost/asio/detail/impl/signal_set_service.ipp): the pipe that its handler writes
// to, and the services that wait for signals. In a real process there is one of each. Here all hosts share the object,
// so a process's own is put in place for its turns. A process that uses no signal_set pays for a look at one pointer.
#include <cstddef>
#include <memory>

namespace stillpoint::process {

class AsioSignals {
 public:
  AsioSignals() = default;
  AsioSignals(const AsioSignals&) = delete;
  AsioSignals& operator=(const AsioSignals&) = delete;

  // From put() to take(), Asio's state is that of this process.
  void put();
  void take();

 private:
  std::unique_ptr<std::byte[]> own_;  // null as long as the process has used none
};

}  // namespace stillpoint::process
