#pragma once
// Bad input and failures of the machine under the tool: what, where, and what to do, in one line for a person. The CLI
// catches it once, prints it on stderr and exits with 2. A failure of the service under test is never an Error: it is
// data.
#include <stdexcept>
#include <string>

namespace stillpoint {

class Error : public std::runtime_error {
 public:
  explicit Error(const std::string& line) : std::runtime_error(line) {}
};

}  // namespace stillpoint
