#pragma once
// What cases about signals share: handlers that remember, sets, and threads that send a moment from now.
//
// Dispositions and masks belong to the whole process, also on Linux: a case works on them through Handlers, which puts
// back what was. What would end the process, or reach others of its group, cannot be tried here.
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

// What handlers have seen, and what they do besides.
inline std::string seen;
inline std::function<void(int)> on_signal;

inline std::string name_of(int signal) {
  if (signal >= SIGRTMIN) return "RT" + std::to_string(signal - SIGRTMIN);
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? std::to_string(signal) : name;
}

inline void handle(int signal) {
  seen += (seen.empty() ? "" : " ") + name_of(signal);
  if (on_signal) on_signal(signal);
}

inline void handle_info(int signal, siginfo_t* info, void*) {
  const char* code = "?";
  if (info->si_code == SI_USER) code = "USER";
  if (info->si_code == SI_TKILL) code = "TKILL";
  if (info->si_code == SI_QUEUE) code = "QUEUE";
  handle(signal);
  seen += std::string(":") + code + (info->si_pid == getpid() ? ":self" : ":other");
  if (info->si_uid == getuid()) seen += ":mine";
  if (info->si_code == SI_QUEUE) seen += ":" + std::to_string(info->si_value.sival_int);
}

inline std::string take_seen() { return seen.empty() ? "none" : std::exchange(seen, {}); }

inline sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  return set;
}

inline std::string names_in(const sigset_t& set) {
  std::string names;
  for (int signal = 1; signal <= SIGRTMAX; ++signal) {
    if (sigismember(&set, signal) == 1) names += (names.empty() ? "" : " ") + name_of(signal);
  }
  return names.empty() ? "none" : names;
}

inline std::string blocked() {
  sigset_t set;
  sigemptyset(&set);
  pthread_sigmask(SIG_BLOCK, nullptr, &set);
  return names_in(set);
}

inline std::string pending() {
  sigset_t set;
  sigemptyset(&set);
  sigpending(&set);
  return names_in(set);
}

class Handlers {
 public:
  Handlers() {
    seen.clear();
    pthread_sigmask(SIG_BLOCK, nullptr, &mask_);
    const sigset_t none = set_of({});
    pthread_sigmask(SIG_SETMASK, &none, nullptr);
  }
  Handlers(const Handlers&) = delete;
  Handlers& operator=(const Handlers&) = delete;
  ~Handlers() {
    on_signal = nullptr;
    // To ignore a signal forgets those that are pending.
    for (const int signal : used_) ::signal(signal, SIG_IGN);
    for (const int signal : used_) ::signal(signal, SIG_DFL);
    pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
  }

  void on(int signal, int flags = 0, std::initializer_list<int> mask = {}) {
    used_.push_back(signal);
    struct sigaction action {};
    if ((flags & SA_SIGINFO) != 0) {
      action.sa_sigaction = handle_info;
    } else {
      action.sa_handler = handle;
    }
    action.sa_flags = flags;
    action.sa_mask = set_of(mask);
    sigaction(signal, &action, nullptr);
  }
  void use(int signal) { used_.push_back(signal); }
  void block(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  void unblock(std::initializer_list<int> signals) {
    const sigset_t set = set_of(signals);
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  }

 private:
  sigset_t mask_ = set_of({});
  std::vector<int> used_;
};

// Another thread that does something a moment from now, when this one waits.
class Soon {
 public:
  Soon(World& w, std::function<void()> what)
      : thread_([&w, what] {
          w.pass(30ms);
          what();
        }) {}
  Soon(const Soon&) = delete;
  Soon& operator=(const Soon&) = delete;
  ~Soon() { thread_.join(); }

 private:
  std::thread thread_;
};

}  // namespace stillpoint::test
