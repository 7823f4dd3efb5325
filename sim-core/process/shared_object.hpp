#pragma once
// A program as a shared object. Each host, and each boot of it, gets a private copy, so that its globals are its own.
//
// The copy is a file in memory. In it, symbols that GNU_UNIQUE would make one for the whole process (inline variables,
// statics of templates) are made ordinary globals. Libraries that the object needs stay shared between hosts.
#include <functional>
#include <string>

namespace stillpoint::process {

// Loads a copy of the object, on the host's own thread. What is returned runs its constructors and then its main. The
// constructors are not left to the loader, which would hold its lock meanwhile: one that ends the process, or waits,
// would keep every other host from loading anything. Throws Error: the file cannot be read, is no shared object for
// this machine, needs what is not there, has no main.
std::function<int(int, char**)> load_program(const std::string& path);
// Called after each load, on no host.
inline void (*program_loaded)() = nullptr;
// Whether check_program() lets a process of its own load the program, to see what is missing. Not in a simulation's
// process: its supervisor has done that.
inline bool trial_loads = true;

}  // namespace stillpoint::process
