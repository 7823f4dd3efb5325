#pragma once
// Who makes the calls of a random sequence: a process of one of the two worlds, with what it has to remember.
//
// Calls speak of slots, not of descriptors: a slot is where a sequence keeps a descriptor that it has made. What is
// observed holds no port and no number that differs between the worlds: ports are named in the order in which they are
// seen, descriptors count from the lowest that was free at the beginning.
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace stillpoint::test {

// An address as a sequence has it: what it is to be filled in with is known only when the call is made.
struct Place {
  enum class Kind : std::uint8_t { none, v4, v6, abstract, path, unnamed, unspecified };
  Kind kind = Kind::none;
  std::uint32_t ip = 0;   // of v4
  std::string ip6 = {};   // of v6
  int port_of_slot = -1;  // the port that this slot's socket has; if there is none:
  int port = 0;
  int name = 0;       // of abstract, path
  int longer_by = 0;  // how much longer than it is the call is told
  std::string text() const;
};

class Caller {
 public:
  // `first` is the lowest free descriptor; all above it are free, too.
  explicit Caller(int first) : first_(first) {}

  int fd(int slot) const {
    return slot < 0 || static_cast<std::size_t>(slot) >= slots_.size() ? -1 : slots_[slot_(slot)];
  }
  int first() const { return first_; }
  // Keeps what a call returned: "fd 2", or the name of the errno.
  std::string keep(int slot, int fd);
  // "fd 2"
  std::string number(int fd) const { return "fd " + std::to_string(fd - first_); }

  // Zero: none.
  int port_of(int slot) const;
  // What a slot's descriptor really is now: SO_DOMAIN and SO_TYPE; -1 if it is no socket.
  int domain(int slot) const;
  int type(int slot) const;
  // Whether a socket of TCP would connect to its own port, which is not modelled.
  bool meets_itself(int slot, const Place& place) const;
  struct Resolved {
    sockaddr_storage storage{};
    socklen_t length = 0;
    const sockaddr* address() const { return length == 0 ? nullptr : reinterpret_cast<const sockaddr*>(&storage); }
  };
  Resolved resolve(const Place& place);
  // "127.0.0.1:A (16)", of the address that a call on `fd` gave, and the length that it said.
  std::string shown(int fd, const sockaddr_storage& address, socklen_t length);

  // Room that calls fill.
  static constexpr std::size_t kRoom = 1 << 18;
  char* room() { return room_->data(); }

  // What is ready at descriptors is told by slot.
  std::size_t slots() const { return slots_.size(); }

 private:
  static std::size_t slot_(int slot) { return static_cast<std::size_t>(slot); }
  std::string port(int fd, std::uint16_t port);

  int first_;
  std::vector<int> slots_;
  std::map<std::pair<int, std::uint16_t>, std::string> ports_;  // by type of socket and number
  std::vector<std::string> autobound_;
  std::unique_ptr<std::array<char, kRoom>> room_ = std::make_unique<std::array<char, kRoom>>();
};

// "12", or "EAGAIN".
std::string outcome(long value);
// "IN OUT", of POLL* or EPOLL* events.
std::string readiness(std::uint32_t events);
// "a*12 b*3": bytes by their runs.
std::string runs(const char* bytes, std::size_t size);
// "00 01", of what is not text.
std::string hex(const void* bytes, std::size_t size);

}  // namespace stillpoint::test
