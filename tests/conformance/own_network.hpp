#pragma once
// A network of a case's own on Linux: a namespace in which all addresses lead to the loopback device, and those that
// are not its own vanish there: nothing forwards them.
#include <net/if.h>

#include <array>
#include <atomic>
#include <cstdint>

#include "tests/conformance/world.hpp"

namespace stillpoint::test {

class OwnNetwork {
 public:
  // False if the machine does not let this process make one. The process must have one thread.
  bool make();
  // The other host's address is no more.
  void cut();
  // Packets to an address go nowhere from now on, for this reason; they vanish in silence again. The address must be
  // none of the namespace's own (any more).
  void lose_way(std::uint32_t ip, NoWay why);
  void find_way(std::uint32_t ip);

 private:
  // What the router says of packets to an address: a code of ICMP's "destination unreachable", or kSilence.
  static constexpr int kSilence = -1;
  struct Answer {
    std::uint32_t ip = 0;
    std::atomic<int> code = kSilence;
  };

  bool raise(const char* name);
  bool add_address(const char* name, std::uint32_t ip);
  bool change_route(int request, std::uint32_t ip, unsigned char type);
  bool start_router();
  void route_packets(int tap, int icmp);

  int v4_ = -1;
  std::array<Answer, 2> answers_{};
};

}  // namespace stillpoint::test
