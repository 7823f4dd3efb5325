#pragma once
// A trace in the memory of this process, for tests of what writes one. Its records can be read as long as the ring has
// not wrapped.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim-core/trace/stream.hpp"
#include "sim-core/trace/writer.hpp"

namespace stillpoint::test {

// A record as tests like to look at it.
struct Entry {
  RecordHeader header;
  std::string payload;
  EventKind kind() const { return static_cast<EventKind>(header.kind); }
  Segment segment() const { return static_cast<Segment>(header.a); }
};

// A ring whose pages are mapped twice in a row, as the stream wants it.
class Ring {
 public:
  explicit Ring(std::size_t capacity) : capacity_(capacity) {
    const int file = memfd_create("trace", 0);
    if (file < 0 || ftruncate(file, static_cast<off_t>(capacity)) != 0) std::abort();
    void* place = mmap(nullptr, capacity * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (place == MAP_FAILED) std::abort();
    bytes_ = static_cast<std::byte*>(place);
    for (std::byte* half : {bytes_, bytes_ + capacity}) {
      if (mmap(half, capacity, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0) != half) std::abort();
    }
    ::close(file);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  ~Ring() { munmap(bytes_, capacity_ * 2); }
  std::byte* bytes() const { return bytes_; }

 private:
  std::size_t capacity_;
  std::byte* bytes_;
};

class MemoryTrace {
 public:
  explicit MemoryTrace(std::size_t capacity = 1 << 20) : ring_(capacity) { initialize(*control_, capacity); }
  StreamControl& control() { return *control_; }
  std::byte* ring() { return ring_.bytes(); }
  std::uint64_t hash() const { return event_digest(*control_, ring_.bytes()); }

  std::vector<Entry> records() const {
    std::vector<Entry> entries;
    for (std::span<const std::byte> left = StreamReader(*control_, ring_.bytes()).available(); !left.empty();) {
      Entry& entry = entries.emplace_back();
      std::memcpy(&entry.header, left.data(), sizeof entry.header);
      entry.payload.assign(reinterpret_cast<const char*>(left.data()) + sizeof entry.header, entry.header.payload_size);
      left = left.subspan(entry.header.size);
    }
    return entries;
  }
  // Events of one kind, in their order.
  std::vector<Entry> events(EventKind kind) const {
    std::vector<Entry> found;
    for (const Entry& entry : records()) {
      if (entry.header.type == RecordType::event && entry.kind() == kind) found.push_back(entry);
    }
    return found;
  }

 private:
  std::unique_ptr<StreamControl> control_ = std::make_unique<StreamControl>();
  Ring ring_;

 public:
  TraceWriter writer{*control_, ring_.bytes(), [] {}};
};

}  // namespace stillpoint::test
