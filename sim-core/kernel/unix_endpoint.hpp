#pragma once
// One end of a Unix-domain socket (unix(7)), as Linux's struct unix_sock: what outlives a descriptor, because a peer, a
// message or a listener's queue still refers to it.
//
// All of it lies on one host and acts at once, so there are no segments in the trace; who waits is woken within the
// call that gives it what it waits for. A message is charged to its sender's buffer until it is read; the receiver's
// buffer limits nothing, but a queue of datagrams from strangers holds few.
#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "sim-core/kernel/unix_message.hpp"
#include "sim-core/kernel/unix_names.hpp"

namespace stillpoint::kernel {

class UnixSocket;

struct UnixEndpoint : std::enable_shared_from_this<UnixEndpoint> {
  enum class State : std::uint8_t { closed, listening, established };
  static constexpr std::size_t kDatagramQueue = 10;      // /proc/sys/net/unix/max_dgram_qlen
  static constexpr std::size_t kDefaultBuffer = 212992;  // /proc/sys/net/core/wmem_default

  explicit UnixEndpoint(int its_type) : type(its_type) {}
  UnixEndpoint(const UnixEndpoint&) = delete;
  UnixEndpoint& operator=(const UnixEndpoint&) = delete;

  const int type;
  UnixSocket* socket = nullptr;  // its file: null before it is accepted, and after it was closed
  State state = State::closed;
  bool dead = false;
  UnixName name;
  disk::InodeNumber file = 0;          // of a path: the file's inode
  std::shared_ptr<UnixEndpoint> peer;  // stays when the peer is closed, until a datagram socket notices
  bool read_shut = false;
  bool write_shut = false;
  int error = 0;  // SO_ERROR
  std::deque<UnixMessage> messages;
  std::size_t charged = 0;  // what its messages take that were not read yet
  std::size_t send_buffer = kDefaultBuffer;
  bool wants_credentials = false;  // SO_PASSCRED
  ucred peer_credentials{0, ~uid_t{0}, ~gid_t{0}};
  // ---- of a listener ----
  std::deque<std::shared_ptr<UnixEndpoint>> pending;  // connections that nobody accepted yet
  std::size_t backlog = kDatagramQueue;

  bool connection_based() const { return type != SOCK_DGRAM; }
  // EPOLL* events that hold now.
  std::uint32_t readiness();
  // No more from those who are not its peer: datagrams, or connections.
  bool full() const { return std::max(messages.size(), pending.size()) > backlog; }
  int take_error() { return std::exchange(error, 0); }

  void notify(std::uint32_t events);
  void deliver(std::string bytes, std::shared_ptr<UnixEndpoint> from, std::size_t charge, UnixAncillary ancillary);
  void uncharge(std::size_t charge);
  void shut(bool reading, bool writing);
  // The last reference from a descriptor is gone: as unix_release_sock() in Linux's net/unix/af_unix.c.
  void close();

  // This end will be told (EPOLLOUT) when `other` has room for its messages, or is closed.
  void wait_at(UnixEndpoint& other);
  void stop_waiting();
  // Tells those who wait.
  void room_again();
  // It loses its peer, or takes another: what is unread from the former one is lost, which that one hears of.
  void disconnect_from(UnixEndpoint& former);

 private:
  bool writable() const { return state != State::listening && charged * 4 <= send_buffer; }

  std::vector<UnixEndpoint*> waiting_;  // in the order of their coming
  UnixEndpoint* waits_at_ = nullptr;
};

}  // namespace stillpoint::kernel
