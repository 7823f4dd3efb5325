#include "system-under-test/workloads/fail.hpp"

#include <string>
#include <system_error>

namespace workloads {

void fail(std::string_view owner, std::string_view operation, const boost::system::error_code& error) {
  throw std::system_error(error, std::string(owner) + ": " + std::string(operation));
}

}  // namespace workloads
