#pragma once
// Addresses of a dead simulation as names of functions, from the symbols of the files on disk.
#include <cstdint>
#include <string>
#include <vector>

#include "sim-core/supervise/death_note.hpp"

namespace stillpoint::supervise {

struct Frame {
  std::string function;  // readable, without arguments and template arguments: "plaza::Session::close"; may be empty
  std::string module;    // the file's name, and the place in it: "stillpoint+0x1234"
  std::string source;    // "server.cpp:42" where the file has line numbers; may be empty
  bool of_system;        // in libc, the C++ library and the like
};

// The note's frames, innermost first, without those of the signal handler itself. Any thread may ask.
std::vector<Frame> frames_of(const DeathNote& note);

// "plaza::Session<Stream>::close(int)" to "plaza::Session::close".
std::string short_function_name(std::string name);

}  // namespace stillpoint::supervise
