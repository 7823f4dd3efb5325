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

  // For a scope, Asio's state is that of this process.
  class InPlace {
   public:
    explicit InPlace(AsioSignals& signals) : signals_(signals) { signals_.put(); }
    InPlace(const InPlace&) = delete;
    InPlace& operator=(const InPlace&) = delete;
    ~InPlace() { signals_.take(); }

   private:
    AsioSignals& signals_;
  };

 private:
  void put();
  void take();

  std::unique_ptr<std::byte[]> own_;  // null as long as the process has used none
};

}  // namespace stillpoint::process
