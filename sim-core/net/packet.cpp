#include "sim-core/net/packet.hpp"

#include <bit>
#include <new>

#include "sim-core/base/assert.hpp"

namespace stillpoint::net {

PacketPool::~PacketPool() {
  for (Packet* packet : free_) {
    while (packet != nullptr) {
      Packet* next = packet->next;
      ::operator delete(packet);
      packet = next;
    }
  }
}

Packet* PacketPool::take(std::uint32_t payload) {
  SP_ASSERT(payload <= kLargestPayload);
  const std::uint32_t units = payload <= kSmallestClass ? 1 : (payload + kSmallestClass - 1) / kSmallestClass;
  const auto size_class = static_cast<std::size_t>(std::bit_width(units - 1));
  Packet* packet = free_[size_class];
  if (packet != nullptr) {
    free_[size_class] = packet->next;
  } else {
    packet = static_cast<Packet*>(::operator new(sizeof(Packet) + (std::size_t{kSmallestClass} << size_class)));
  }
  return new (packet) Packet{.size = payload, .size_class = static_cast<std::uint8_t>(size_class)};
}

void PacketPool::give_back(Packet* packet) {
  packet->next = free_[packet->size_class];
  free_[packet->size_class] = packet;
}

}  // namespace stillpoint::net
