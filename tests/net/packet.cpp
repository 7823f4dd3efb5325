#include "sim-core/net/packet.hpp"

#include <catch2/catch.hpp>
#include <cstring>
#include <set>

#include "tests/base/ends.hpp"

using namespace stillpoint;
using namespace stillpoint::net;

TEST_CASE("a packet has room for its payload, and returns to be used again") {
  PacketPool pool;
  for (const std::uint32_t size : {0u, 1u, 127u, 128u, 129u, 256u, 1'000u, 65'535u, 65'536u}) {
    Packet* packet = pool.take(size);
    if (size > 0) std::memset(packet->bytes(), 0x55, size);
    CHECK(packet->size == size);
    CHECK(packet->unread().size() == size);
    pool.give_back(packet);
    Packet* again = pool.take(size);
    CHECK(again == packet);
    CHECK(again->read == 0);
    CHECK(again->event == kNoEvent);
    pool.give_back(again);
  }
}

TEST_CASE("packets in use are distinct") {
  PacketPool pool;
  PacketQueue queue;
  std::set<Packet*> seen;
  for (int i = 0; i < 100; ++i) {
    Packet* packet = pool.take(100);
    seen.insert(packet);
    queue.push(packet);
  }
  CHECK(seen.size() == 100);
  pool.give_back_all(queue);
  CHECK(queue.empty());
}

TEST_CASE("a queue is first in, first out") {
  PacketPool pool;
  PacketQueue queue;
  for (std::uint32_t i = 1; i <= 5; ++i) queue.push(pool.take(i));
  for (std::uint32_t i = 1; i <= 5; ++i) {
    CHECK(queue.front()->size == i);
    pool.give_back(queue.pop());
  }
  CHECK(queue.empty());
}

TEST_CASE("too large a packet is a bug of the harness") {
  CHECK(test::ending_of([] { PacketPool().take(PacketPool::kLargestPayload + 1); }).exit_code ==
        test::kAssertionFailed);
}
