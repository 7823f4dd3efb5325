#pragma once
// What the cases about bad pointers share: such pointers, and memory that ends.
//
// Where glibc itself follows the pointer (clock_gettime on the clocks of the vDSO, gethostname, sigaction, the
// time-outs of select and ppoll) the program crashes on both kernels, which no case can show.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "tests/conformance/world.hpp"

namespace stillpoint::test::bad_pointers {

// Addresses and numbers that the compiler knows nothing of.
inline void* volatile the_bad = reinterpret_cast<void*>(8);
inline void* volatile the_null = nullptr;
inline volatile int the_negative = -1;
inline void* volatile the_kernels = reinterpret_cast<void*>(-4096);
inline void* bad() { return the_bad; }
inline void* null() { return the_null; }
inline void* of_the_kernel() { return the_kernels; }
template <typename T>
T* bad() {
  return static_cast<T*>(the_bad);
}

// Whether lengths may be wrong too: not where AddressSanitizer's own functions follow them before Linux does.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool kBadLengths = false;
#else
constexpr bool kBadLengths = true;
#endif

constexpr std::size_t kPage = 4096;

// Pages of memory, and behind them one that is none.
class Memory {
 public:
  explicit Memory(std::size_t pages = 1) : size_(pages * kPage) {
    void* place = mmap(nullptr, size_ + kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    begin_ = static_cast<char*>(place);
    mprotect(begin_ + size_, kPage, PROT_NONE);
    std::memset(begin_, 'm', size_);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { munmap(begin_, size_ + kPage); }
  // The last so many bytes.
  char* last(std::size_t bytes) const { return begin_ + size_ - bytes; }
  template <typename T>
  T* last_as() const {
    return reinterpret_cast<T*>(last(sizeof(T)));
  }
  // It can be read, but not written, from now on.
  char* read_only() const {
    mprotect(begin_, size_, PROT_READ);
    return begin_;
  }

 private:
  std::size_t size_;
  char* begin_;
};

inline std::string read(int fd, std::size_t most = 100'000) {
  std::string bytes(most, '\0');
  const ssize_t got = ::read(fd, bytes.data(), most);
  if (got < 0) return result(got);
  bytes.resize(static_cast<std::size_t>(got));
  return bytes.size() > 40 ? std::to_string(bytes.size()) + " bytes" : '"' + bytes + '"';
}

inline std::string write(int fd, std::string_view bytes) { return result(::write(fd, bytes.data(), bytes.size())); }

// Whether the next descriptor is the same as before the calls between two looks at it: none was left open.
inline int next_descriptor() {
  const int fd = dup(0);
  ::close(fd);
  return fd;
}

// A pipe that does not block. Both ends are closed by the world.
struct Pipe {
  explicit Pipe(World& w) {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_NONBLOCK) != 0) w.note("pipe", "cannot be made");
    in = w.keep(ends[0]);
    out = w.keep(ends[1]);
  }
  int in, out;
};

// Two sockets of UDP, one of which sends to the other.
struct Sockets {
  int from = -1;
  int to = -1;
};

inline Sockets udp_sockets(World& w) {
  Sockets sockets;
  for (int* fd : {&sockets.from, &sockets.to}) {
    *fd = w.keep(::socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0));
    w.bind(*fd, INADDR_LOOPBACK, 0);
  }
  w.connect(sockets.from, INADDR_LOOPBACK, w.port_of(sockets.to));
  return sockets;
}

}  // namespace stillpoint::test::bad_pointers
