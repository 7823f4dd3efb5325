#pragma once
// What a simulation's process that left no report died of, from how it ended, what it wrote, and its death note.
#include <string>

#include "sim-core/check/report.hpp"
#include "sim-core/supervise/death_note.hpp"

namespace stillpoint::supervise {

// Why the supervisor ended a simulation.
enum class Stopped { no, interrupted, memory, output, stalled };

// What a sanitizer ends a process with, as the environment that the zygote is given asks it to.
constexpr int kSanitizerExit = 99;

struct Death {
  int status;           // as wait4(2) says
  std::string& output;  // the end of what it wrote to its real standard output and error
  const DeathNote& note;
  Stopped stopped;
};

Report post_mortem(const Death& death);

// "in Session::close (session.cpp:42), called by Session::on_timer (session.cpp:77)": the innermost frames that are not
// the system's; empty if there are none.
std::string readable_frames(const DeathNote& note);

// Adds to a report that the simulation itself left, with a note beside it, which code was running.
void add_frames(Report& report, const DeathNote& note);

}  // namespace stillpoint::supervise
