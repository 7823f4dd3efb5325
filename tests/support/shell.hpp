#pragma once
// Runs commands as a user's shell would, for tests of whole programs.
#include <string>

namespace test {

struct Ran {
  int exit_code;  // 128 + the signal's number where one ended it, as shells have it
  std::string out;
  std::string err;
};

// Runs `command` with bash in an empty folder of its own.
Ran shell(const std::string& command);
// A folder for this process, removed at its end.
const std::string& scratch();
// Where the executables under test are.
std::string binary(const std::string& name);

}  // namespace test
