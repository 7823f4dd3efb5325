// What a gateway counts, and the text in which Prometheus reads it (exposition format 0.0.4).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "system-under-test/plaza/gateway/inspection.hpp"
#include "system-under-test/plaza/protocol/names.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

class Metrics {
 public:
  // None: of a frame that was no request.
  void count_request(std::optional<Operation> op, std::optional<Error> outcome) {
    const std::size_t row = op ? static_cast<std::size_t>(*op) : kOperations;
    ++requests_[row][outcome ? 1 + static_cast<std::size_t>(*outcome) : 0];
  }
  void count_close(CloseCode code) { count_close(static_cast<unsigned>(code)); }
  // Also with a code that is WebSocket's own.
  void count_close(unsigned code) { ++closes_[code]; }
  void count_http(unsigned status) { ++http_[status]; }
  void count_push(std::size_t bytes) {
    ++pushes_;
    push_bytes_ += bytes;
  }
  void count_connection() { ++connections_; }
  void count_session() { ++sessions_; }
  void count_accept_error() { ++accept_errors_; }

  std::uint64_t requests(Operation op, std::optional<Error> outcome) const {
    return requests_[static_cast<std::size_t>(op)][outcome ? 1 + static_cast<std::size_t>(*outcome) : 0];
  }
  std::uint64_t closes(CloseCode code) const { return closes(static_cast<unsigned>(code)); }
  std::uint64_t closes(unsigned code) const {
    const auto found = closes_.find(code);
    return found == closes_.end() ? 0 : found->second;
  }
  std::uint64_t pushes() const { return pushes_; }

  std::string text(const GatewayView& gateway, const ReplicaView& replica) const;

 private:
  std::array<std::array<std::uint64_t, 1 + kErrors>, kOperations + 1> requests_{};
  std::map<unsigned, std::uint64_t> closes_;
  std::map<unsigned, std::uint64_t> http_;
  std::uint64_t pushes_ = 0;
  std::uint64_t push_bytes_ = 0;
  std::uint64_t connections_ = 0;
  std::uint64_t sessions_ = 0;
  std::uint64_t accept_errors_ = 0;
};

}  // namespace plaza
