#pragma once
// Which simulated host the running thread acts for. Null outside a simulation: calls then go to the real kernel.
namespace stillpoint::kernel {

class Host;

inline constinit thread_local Host* current_host = nullptr;
// What Linux's Syscall User Dispatch looks at before each system call of this thread: not zero, and the call is handed
// to interpose/trap.cpp. It follows current_host.
inline constinit thread_local volatile unsigned char trap_selector = 0;

// Whether the dynamic linker loads something for the harness: its own system calls then pass.
inline constinit thread_local bool loader_passes = false;

inline void set_current_host(Host* host) {
  current_host = host;
  trap_selector = host != nullptr ? 1 : 0;
}

// Makes a host current for a scope.
class CurrentHost {
 public:
  explicit CurrentHost(Host* host) : previous_(current_host), previous_selector_(trap_selector) {
    set_current_host(host);
  }
  CurrentHost(const CurrentHost&) = delete;
  CurrentHost& operator=(const CurrentHost&) = delete;
  ~CurrentHost() {
    current_host = previous_;
    trap_selector = previous_selector_;
  }

 private:
  Host* previous_;
  unsigned char previous_selector_;
};

// Lets the dynamic linker read files for a scope, while a host stays current: a program's constructors run in it, and
// are seen as everything else of the program.
class LoaderPasses {
 public:
  LoaderPasses() : previous_(loader_passes) { loader_passes = true; }
  LoaderPasses(const LoaderPasses&) = delete;
  LoaderPasses& operator=(const LoaderPasses&) = delete;
  ~LoaderPasses() { loader_passes = previous_; }

 private:
  bool previous_;
};

// Lets system calls that do not come through libc's symbols pass for a scope, while a host stays current.
class TrapsOff {
 public:
  TrapsOff() : previous_(trap_selector) { trap_selector = 0; }
  TrapsOff(const TrapsOff&) = delete;
  TrapsOff& operator=(const TrapsOff&) = delete;
  ~TrapsOff() { trap_selector = previous_; }

 private:
  unsigned char previous_;
};

}  // namespace stillpoint::kernel
