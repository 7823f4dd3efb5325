#pragma once
// Which simulated host the running thread acts for. Null outside a simulation: calls then go to the real kernel.
namespace stillpoint::kernel {

class Host;

inline constinit thread_local Host* current_host = nullptr;

// Makes a host current for a scope.
class CurrentHost {
 public:
  explicit CurrentHost(Host* host) : previous_(current_host) { current_host = host; }
  CurrentHost(const CurrentHost&) = delete;
  CurrentHost& operator=(const CurrentHost&) = delete;
  ~CurrentHost() { current_host = previous_; }

 private:
  Host* previous_;
};

}  // namespace stillpoint::kernel
