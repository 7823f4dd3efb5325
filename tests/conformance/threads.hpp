#pragma once
// What the cases about locks and about threads share: threads and time-outs in few words.
#include <pthread.h>

#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

inline std::string name_of(int error) { return error == 0 ? "0" : strerrorname_np(error); }
inline std::string outcome(int returned) { return result(returned); }

inline void nap(milliseconds duration) { std::this_thread::sleep_for(duration); }

inline timespec after(clockid_t clock, milliseconds duration) {
  timespec time{};
  clock_gettime(clock, &time);
  time.tv_nsec += std::chrono::nanoseconds(duration).count();
  time.tv_sec += time.tv_nsec / 1'000'000'000;
  time.tv_nsec %= 1'000'000'000;
  return time;
}

constexpr timespec kNoTime{0, 1'000'000'000};

class Thread {
 public:
  explicit Thread(std::function<void*()> body, const pthread_attr_t* attributes = nullptr) : body_(std::move(body)) {
    const auto start = [](void* self) { return static_cast<Thread*>(self)->body_(); };
    created = name_of(pthread_create(&id, attributes, start, this));
  }
  std::string join(void** value = nullptr) { return name_of(pthread_join(id, value)); }
  pthread_t id{};
  std::string created;

 private:
  std::function<void*()> body_;
};

// What another thread observes.
inline std::string elsewhere(const std::function<std::string()>& look) {
  std::string seen;
  std::thread([&] { seen = look(); }).join();
  return seen;
}

inline pthread_mutex_t mutex_of(int type) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_settype(&attributes, type);
  pthread_mutex_t mutex;
  pthread_mutex_init(&mutex, &attributes);
  pthread_mutexattr_destroy(&attributes);
  return mutex;
}

}  // namespace stillpoint::test
