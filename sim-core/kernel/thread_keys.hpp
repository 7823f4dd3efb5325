#pragma once
// Which keys of thread-specific data (pthread_key_create(3p)) have a destructor. Keys belong to the real process, which
// all hosts share, and so do these: code that runs on several hosts makes its key once.
#include <pthread.h>

#include <map>

namespace stillpoint::kernel {

inline std::map<pthread_key_t, void (*)(void*)> thread_keys;

}  // namespace stillpoint::kernel
