#pragma once
// A segment on its way, and the pool that packets come from and return to: in steady state nothing is allocated per
// message.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include <stillpoint/time.hpp>

#include <stillpoint/ids.hpp>
#include "sim-core/trace/record.hpp"

namespace stillpoint::net {

struct Packet {
  Packet* next = nullptr;
  VirtualTime arrival{};
  EventId event = kNoEvent;  // its send while it flies, its delivery once it has arrived
  std::uint32_t rank = 0;    // its place among what arrives at the same instant
  std::uint32_t size = 0;
  std::uint32_t read = 0;  // bytes that the receiver has taken already
  Segment kind = Segment::data;
  std::uint8_t size_class = 0;
  bool lost = false;      // on its way, and to be sent again
  bool unrouted = false;  // there was no route whenever it was to be sent

  std::byte* bytes() { return reinterpret_cast<std::byte*>(this + 1); }
  std::span<const std::byte> unread() { return {bytes() + read, size - read}; }
};

// An intrusive FIFO of packets.
class PacketQueue {
 public:
  bool empty() const { return head_ == nullptr; }
  Packet* front() const { return head_; }
  // Requires !empty().
  Packet* back() const { return tail_; }
  void push(Packet* packet) {
    packet->next = nullptr;
    if (head_ == nullptr) {
      head_ = packet;
    } else {
      tail_->next = packet;
    }
    tail_ = packet;
  }
  Packet* pop() {
    Packet* packet = head_;
    head_ = packet->next;
    return packet;
  }

 private:
  Packet* head_ = nullptr;
  Packet* tail_ = nullptr;
};

class PacketPool {
 public:
  static constexpr std::uint32_t kLargestPayload = 64 * 1024;

  PacketPool() = default;
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;
  ~PacketPool();

  // A packet with room for `payload` bytes, at most kLargestPayload.
  Packet* take(std::uint32_t payload);
  void give_back(Packet* packet);
  void give_back_all(PacketQueue& queue) {
    while (!queue.empty()) give_back(queue.pop());
  }

 private:
  static constexpr std::uint32_t kSmallestClass = 128;  // bytes of payload; each further class doubles
  static constexpr std::size_t kClasses = 10;           // up to 64 KiB
  std::array<Packet*, kClasses> free_{};
};

}  // namespace stillpoint::net
