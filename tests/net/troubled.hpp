#pragma once
// Two hosts with TCP between them, and faults that trouble what the user sends to plaza.
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "tests/net/blame.hpp"
#include "tests/net/network.hpp"

namespace stillpoint::test {

using Faults = std::set<EventId>;

class TroubledNetwork : public Network {
 public:
  using Network::Network;

  // Begins a fault of that name that does this.
  EventId trouble(net::Trouble what, std::string name = "fault 1") {
    what.fault = begin_fault(trace, now(), name);
    what.name = std::move(name);
    fabric.add_trouble(kUser, kPlaza, what);
    return what.fault;
  }
  void heal(EventId fault) { fabric.remove_trouble(kUser, kPlaza, fault); }
  bool is_plain() { return fabric.link(kUser, kPlaza)->plain; }

  // Since `start`, when `bytes` bytes had arrived at plaza; nothing if they have not after a second.
  std::optional<Duration> arrival(net::TcpSide& at_plaza, std::size_t bytes, VirtualTime start) {
    while (now() < start + 1s) {
      if (at_plaza.unread() >= bytes) return now() - start;
      if (queue.empty()) break;
      queue.pop().fire();
    }
    return std::nullopt;
  }
  std::vector<Faults> faults_of(EventKind kind, Segment segment) const { return test::faults_of(trace, kind, segment); }
};

}  // namespace stillpoint::test
