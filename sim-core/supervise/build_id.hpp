#pragma once
// Which build this executable is: the linker's build id, as hexadecimal digits. Two runs are only promised to be equal
// for equal builds.
#include <string>

namespace stillpoint::supervise {

// Empty if the linker left none.
std::string build_id();

}  // namespace stillpoint::supervise
