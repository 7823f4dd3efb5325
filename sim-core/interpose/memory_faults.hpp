#pragma once
// The handler of SIGSEGV and SIGBUS that lets touches of a program's memory fail (base/program_memory.hpp). Every other
// fault, and every such signal from elsewhere, goes to whatever was there before: the note of a crash's place, a
// sanitizer's report, the default action.
namespace stillpoint::interpose {

// Puts it before what is there now, if it is not there already. To be called before a simulation runs; a handler that
// is set later takes its place. Does nothing where there are no touches.
void catch_memory_faults();

}  // namespace stillpoint::interpose
