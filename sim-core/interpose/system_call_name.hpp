#pragma once
// The names of system calls, for reports.
namespace stillpoint::interpose {

// "openat"; "system call 1000", until the next call, for numbers that this project has not heard of.
const char* name_of_system_call(long number);

}  // namespace stillpoint::interpose
