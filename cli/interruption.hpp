#pragma once
// Ctrl-C and SIGTERM: a wish that the command looks at when it can.
namespace stillpoint::cli {

// From now on these signals no longer end the process, but are remembered.
void catch_interruptions();
bool interrupted();

}  // namespace stillpoint::cli
