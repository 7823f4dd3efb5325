// The server of W1 and W2: answers every message with the same bytes, on each of a known number of connections, and
// closes a connection when its client does.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <deque>
#include <string_view>

#include "system-under-test/workloads/connection.hpp"
#include "system-under-test/workloads/listener.hpp"
#include "system-under-test/workloads/workload.hpp"

namespace workloads {

class EchoServer final : public Side {
 public:
  EchoServer(boost::asio::io_context& io, const Parameters& parameters, std::string_view owner);

  void start() override;
  bool done() const override { return open_ == 0; }
  std::uint64_t count() const override { return answered_; }  // requests answered

 private:
  void answer_next(Connection& connection);

  const Parameters parameters_;
  const std::string_view owner_;
  Listener listener_;
  std::deque<Connection> connections_;  // a deque: pending handlers refer to its elements
  std::uint32_t open_;                  // connections not yet closed, those still to be accepted included
  std::uint64_t answered_ = 0;
};

}  // namespace workloads
