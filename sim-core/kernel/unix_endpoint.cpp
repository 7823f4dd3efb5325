#include "sim-core/kernel/unix_endpoint.hpp"

#include <sys/epoll.h>

#include <utility>

#include "sim-core/kernel/unix_socket.hpp"

namespace stillpoint::kernel {
namespace {
constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDNORM;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND;
// What is said without a reason is news to everybody (sock_def_wakeup() in Linux's net/core/sock.c).
constexpr std::uint32_t kEverything = kReadable | kWritable | EPOLLRDHUP | EPOLLHUP | EPOLLERR | EPOLLPRI;
}  // namespace

// unix_poll() and unix_dgram_poll() in Linux's net/unix/af_unix.c.
std::uint32_t UnixEndpoint::readiness() {
  std::uint32_t events = 0;
  if (error != 0) events |= EPOLLERR;
  if (read_shut) events |= EPOLLRDHUP | kReadable;
  if (read_shut && write_shut) events |= EPOLLHUP;
  if (!messages.empty() || !pending.empty()) events |= kReadable;
  if (connection_based() && state == State::closed) events |= EPOLLHUP;
  bool room = writable();
  if (room && type != SOCK_STREAM && peer != nullptr && peer->peer.get() != this && peer->full()) {
    wait_at(*peer);
    room = false;
  }
  return events | (room ? kWritable : 0u);
}

void UnixEndpoint::notify(std::uint32_t events) {
  if (socket != nullptr) socket->tell(events);
}

void UnixEndpoint::deliver(std::string bytes, std::shared_ptr<UnixEndpoint> from, std::size_t charge,
                           UnixAncillary ancillary) {
  messages.emplace_back(std::move(bytes), std::move(from), charge, std::move(ancillary));
  notify(kReadable | EPOLLPRI | EPOLLRDBAND);
}

// unix_write_space().
void UnixEndpoint::uncharge(std::size_t charge) {
  charged -= charge;
  if (writable()) notify(kWritable);
}

// unix_shutdown(): both ends of a connection, each from its side.
void UnixEndpoint::shut(bool reading, bool writing) {
  read_shut |= reading;
  write_shut |= writing;
  notify(kEverything);
  if (peer == nullptr || !connection_based()) return;
  peer->write_shut |= reading;
  peer->read_shut |= writing;
  peer->notify(kEverything);
}

void UnixEndpoint::close() {
  const auto alive = shared_from_this();
  socket = nullptr;
  dead = true;
  state = State::closed;
  read_shut = write_shut = true;
  stop_waiting();
  room_again();
  if (const auto former = std::exchange(peer, nullptr); former != nullptr && connection_based() && !former->dead) {
    former->read_shut = former->write_shut = true;
    // unix_release_sock() takes an empty message at the front for what is left of urgent data.
    const std::size_t skipped = !messages.empty() && messages.front().size() == 0 ? 1 : 0;
    if (messages.size() > skipped) former->error = ECONNRESET;
    former->notify(kEverything);
  }
  messages.clear();
  // Connections that nobody has accepted end as if they had been reset.
  for (const auto& embryo : std::exchange(pending, {})) {
    if (embryo->peer != nullptr && !embryo->peer->dead) embryo->peer->error = ECONNRESET;
    embryo->close();
  }
}

// ---- waiting for another's queue ----

void UnixEndpoint::wait_at(UnixEndpoint& other) {
  if (waits_at_ == &other) return;
  stop_waiting();
  waits_at_ = &other;
  other.waiting_.push_back(this);
}

void UnixEndpoint::stop_waiting() {
  if (waits_at_ == nullptr) return;
  std::erase(waits_at_->waiting_, this);
  waits_at_ = nullptr;
}

void UnixEndpoint::room_again() {
  for (UnixEndpoint* each : std::exchange(waiting_, {})) {
    each->waits_at_ = nullptr;
    each->notify(kWritable);
  }
}

// unix_dgram_disconnected().
void UnixEndpoint::disconnect_from(UnixEndpoint& former) {
  if (waits_at_ == &former) {
    stop_waiting();
    notify(kWritable);
  }
  if (messages.empty()) return;
  messages.clear();
  room_again();
  if (former.dead || former.peer.get() != this) return;
  former.error = ECONNRESET;
  former.notify(EPOLLERR);
}

}  // namespace stillpoint::kernel
