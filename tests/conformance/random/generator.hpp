#pragma once
// Random sequences of system calls. A sequence follows from its seed alone, not from what the calls return: so it is
// the same on every kernel. The generator keeps in mind what the descriptors should have become by now, so that most
// calls make sense; some do not, and are given a wrong descriptor, a wrong address or a wrong flag.
//
// What Linux itself leaves open is not asked, and the reason stands where it is left out.
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/conformance/random/caller.hpp"
#include "tests/conformance/random/draws.hpp"

namespace stillpoint::test {

// One call: how it reads, and how it is made. It returns what is observed.
struct Step {
  std::string text;
  std::function<std::string(Caller&)> make;
};
using Sequence = std::vector<Step>;

enum class SlotKind : std::uint8_t {
  tcp,
  tcp6,
  udp,
  udp6,
  unix_stream,
  unix_datagram,
  unix_packets,
  pipe_reader,
  pipe_writer,
  eventfd,
  timerfd,
  epoll,
};

// What a sequence may hold.
struct Mixture {
  std::size_t shortest = 10;
  std::size_t longest = 40;
  // Of how many hosts the one is that runs the sequence: their addresses are 10.0.0.1 and up. Zero: it is alone, and
  // only what two kernels can be compared by is done.
  int hosts = 0;
};

class Generator : public Draws {
 public:
  Generator(std::uint64_t seed, Mixture mixture) : Draws(seed), mixture_(mixture) {}
  Sequence sequence();

  struct Slot {
    SlotKind kind;
    bool open = true;
    bool bound = false;
    bool listening = false;
    bool connected = false;
    std::size_t sent = 0;  // bytes to its peer, at most
    // The bound name of a socket of AF_UNIX.
    Place name = {};
  };

  int hosts() const { return mixture_.hosts; }

  // ---- slots ----
  int add_slot(SlotKind kind);
  Slot& slot(int number) { return slots_[static_cast<std::size_t>(number)]; }
  const std::vector<Slot>& slots() const { return slots_; }
  // An open slot of those that `fits` takes, or -1.
  int pick(const std::function<bool(const Slot&)>& fits);
  // The same, but now and then any slot at all: also one that is closed, or was never made.
  int pick_mostly(const std::function<bool(const Slot&)>& fits);
  bool full() const { return slots_.size() >= (hosts() > 0 ? 30 : 14); }

  void add(std::string text, std::function<std::string(Caller&)> make) {
    steps_.push_back({std::move(text), std::move(make)});
  }

 private:
  Mixture mixture_;
  std::vector<Slot> slots_;
  Sequence steps_;
};

// A kind of call, or of several in a row, and how often it is drawn. It adds nothing where there is nothing for it.
struct Kind {
  unsigned weight;
  void (*add)(Generator&);
};
// By file.
extern const std::span<const Kind> kMaking;        // make.cpp
extern const std::span<const Kind> kConnecting;    // connect.cpp
extern const std::span<const Kind> kTransferring;  // transfer.cpp
extern const std::span<const Kind> kWaiting;       // readiness.cpp
extern const std::span<const Kind> kDescribing;    // descriptors.cpp
extern const std::span<const Kind> kOptions;       // options.cpp
extern const std::span<const Kind> kAmongHosts;    // among_hosts.cpp: only where there are several

inline bool is_internet(const Generator::Slot& slot) { return slot.kind <= SlotKind::udp6; }
inline bool is_tcp(const Generator::Slot& slot) { return slot.kind <= SlotKind::tcp6; }
inline bool is_udp(const Generator::Slot& slot) { return is_internet(slot) && !is_tcp(slot); }
inline bool is_socket(const Generator::Slot& slot) { return slot.kind <= SlotKind::unix_packets; }
inline bool is_unix(const Generator::Slot& slot) { return is_socket(slot) && !is_internet(slot); }
// Connections are accepted.
inline bool is_connection_based(const Generator::Slot& slot) {
  return is_tcp(slot) || slot.kind == SlotKind::unix_stream || slot.kind == SlotKind::unix_packets;
}

// An address to send or connect to, for a socket of this kind.
Place target_for(Generator& generator, SlotKind kind);

// Something that other hosts can reach.
void a_service(Generator& generator);
// Sequences of several hosts tell how many signals were handled; a simulation begins at none.
void forget_handled_signals();

// "MSG_PEEK|MSG_TRUNC", "0"
std::string message_flags(int flags);

}  // namespace stillpoint::test
