#pragma once
// stdout, stderr and std::cout are one object each for the whole process, so whatever a host left in their buffers must
// be written while it is still current: at the end of each of its turns.
namespace stillpoint::process {

// Writes what the host that is current has left in the buffers.
void flush_standard_output();

}  // namespace stillpoint::process
