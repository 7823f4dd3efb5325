#pragma once
// The names of system calls, for reports.
namespace stillpoint::interpose {

// "openat"; "an unnamed system call" for numbers that this project has not heard of.
const char* name_of_system_call(long number);

}  // namespace stillpoint::interpose
