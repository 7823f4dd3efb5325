// How a workload ends when something goes wrong: with an exception out of io_context::run() that says where.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

namespace workloads {

/// Throws std::system_error. `owner` names workload and side: "W1 client: receive: Connection reset by peer".
[[noreturn]] void fail(std::string_view owner, std::string_view operation, const boost::system::error_code& error);

}  // namespace workloads
