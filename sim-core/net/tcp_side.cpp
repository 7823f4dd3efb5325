// What programs ask of a side: readiness, bytes, shutdown and close.
#include "sim-core/net/tcp_side.hpp"

#include <sys/epoll.h>

#include <cstring>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/net/tcp.hpp"

namespace stillpoint::net {
namespace {

std::size_t total_size(auto parts) {
  if (parts.size() == 1) [[likely]]
    return parts[0].size();
  std::size_t total = 0;
  for (const auto& part : parts) total += part.size();
  return total;
}

// Copies the next bytes of a row of buffers, again and again.
class Gatherer {
 public:
  explicit Gatherer(std::span<const std::span<const std::byte>> parts) : parts_(parts) {}
  void copy(std::byte* to, std::size_t count) {
    while (count > 0) {
      const std::span<const std::byte> part = parts_.front().subspan(offset_);
      const std::size_t chunk = std::min(count, part.size());
      std::memcpy(to, part.data(), chunk);
      to += chunk;
      count -= chunk;
      offset_ += chunk;
      if (offset_ == parts_.front().size()) {
        parts_ = parts_.subspan(1);
        offset_ = 0;
      }
    }
  }

 private:
  std::span<const std::span<const std::byte>> parts_;
  std::size_t offset_ = 0;
};

}  // namespace

// The order of the tests is that of tcp_poll() in Linux's net/ipv4/tcp.c.
std::uint32_t TcpSide::readiness(VirtualTime now) {
  std::uint32_t mask = 0;
  if ((write_shut_ && (read_shut_ || fin_received_)) || state_ == State::closed) mask |= EPOLLHUP;
  if (read_shut_ || fin_received_) mask |= EPOLLIN | EPOLLRDNORM | EPOLLRDHUP;
  if (state_ != State::syn_sent) {
    if (unread_ >= low_water_) mask |= EPOLLIN | EPOLLRDNORM;
    if (write_shut_) {
      mask |= EPOLLOUT | EPOLLWRNORM;
    } else {
      settle(now);
      if (writable()) {
        mask |= EPOLLOUT | EPOLLWRNORM;
      } else {  // tcp_poll() too sets SOCK_NOSPACE: whoever looked is told when there is room
        told_full_ = true;
        watch_ledger();
      }
    }
  }
  if (error_ != 0 || error_queued_) mask |= EPOLLERR;
  return mask;
}

TcpState TcpSide::state(VirtualTime now) const {
  switch (state_) {
    case State::syn_sent:
      return TcpState::syn_sent;
    case State::syn_received:
      return TcpState::syn_received;
    case State::unused:
    case State::closed:
      return TcpState::closed;
    case State::established:
      break;
  }
  if (finished(now)) return TcpState::closed;  // TIME_WAIT has no socket any more
  if (!said_end()) return fin_received_ ? TcpState::close_wait : TcpState::established;
  if (fin_received_) return closed_first_ ? TcpState::closing : TcpState::last_ack;
  return fin_acknowledged_ <= now ? TcpState::fin_wait_2 : TcpState::fin_wait_1;
}

int TcpSide::take_error() { return std::exchange(error_, 0); }

// sk_getsockopt() in Linux's net/core/sock.c.
int TcpSide::take_any_error() {
  if (error_ != 0 || recovery_ == nullptr) return take_error();
  return std::exchange(recovery_->soft_error, 0);
}

// ---- options ----

void TcpSide::set_up(const TcpSetup& setup, VirtualTime now) {
  send_buffer_ = setup.buffers.send;
  receive_buffer_ = setup.buffers.receive;
  low_water_ = setup.low_water;
  user_timeout_ = setup.user_timeout;
  syn_retries_ = setup.syn_retries;
  if (setup.keepalive.on) set_keepalive(setup.keepalive, now);
}

void TcpSide::set_send_buffer(std::size_t bytes) {
  send_buffer_ = bytes;
  if (!writable()) return;  // sk_stream_write_space() tells of room, whether somebody waited for it or not
  told_full_ = false;
  notify(EPOLLOUT, kNoEvent);
}

void TcpSide::set_receive_buffer(std::size_t bytes) {
  if (bytes > receive_buffer_ && state_ == State::established) {
    peer().grant(0, bytes - receive_buffer_, tcp().queue_.now());
  }
  receive_buffer_ =
      std::max(bytes, receive_buffer_);  // a window that was offered is never taken back (RFC 9293, 3.8.6)
}

void TcpSide::set_low_water(std::size_t bytes) {
  low_water_ = bytes;
  if (unread_ >= low_water_) notify(EPOLLIN, kNoEvent);
}

// ---- what the program calls ----

Result<std::size_t> TcpSide::send(std::span<const std::span<const std::byte>> parts, VirtualTime now, More more) {
  if (state_ == State::syn_sent) return Failure{EAGAIN};
  if (error_ != 0) return Failure{take_error()};
  if (write_shut_ || state_ != State::established) return Failure{EPIPE};
  const std::size_t wanted = total_size(parts);
  if (wanted == 0) return std::size_t{0};

  settle(now);
  const std::size_t room = send_buffer_ - std::min(unacknowledged_, send_buffer_);
  std::size_t taken = std::min(wanted, room);
  if (!is_readable(parts, taken)) [[unlikely]] {
    // Linux copies into pieces of 32 KiB (skb_page_frag_refill()), and what cannot be copied whole is not taken.
    constexpr std::size_t kPiece = 32'768;
    taken = readable(parts, taken) / kPiece * kPiece;
    if (taken == 0) return Failure{EFAULT};
  }
  const bool was_held = corked_ || more_follows_;
  bool held = false;
  if (was_held || more == More::follows) [[unlikely]] {
    more_follows_ = more == More::follows;
    held = holds_back();
  }
  Gatherer source(parts);
  for (std::size_t left = taken; left > 0;) {
    const bool may_fly = pending_.empty() && window_ > 0 && !held;
    std::size_t chunk = std::min({left, std::size_t{PacketPool::kLargestPayload}, may_fly ? window_ : left});
    if (!link_->plain) [[unlikely]]
      chunk = piece(chunk);
    Packet* packet = tcp().pool_.take(static_cast<std::uint32_t>(chunk));
    source.copy(packet->bytes(), chunk);
    left -= chunk;
    unacknowledged_ += chunk;
    if (may_fly) {
      window_ -= chunk;
      transmit(packet, now);
    } else {
      pending_bytes_ += chunk;
      pending_.push(packet);
    }
  }
  if (room < wanted) told_full_ = true;
  if (was_held || held) [[unlikely]]
    flush(now);
  if (recovery_ != nullptr && !pending_.empty() && recovery_->withheld.window > 0) withhold(0, 0, now);
  watch_ledger();
  if (taken == 0) return Failure{EAGAIN};
  return taken;
}

// The order of the tests is that of tcp_recvmsg_locked() in Linux's net/ipv4/tcp.c.
Result<std::size_t> TcpSide::receive(std::span<const std::span<std::byte>> parts, Reading reading, VirtualTime now) {
  if (unread_ > 0) return take_unread(parts, reading, now);
  if (fin_received_) return std::size_t{0};
  if (error_ != 0) return Failure{take_error()};
  if (read_shut_) return std::size_t{0};
  if (state_ == State::closed || state_ == State::unused) return Failure{ENOTCONN};
  return Failure{EAGAIN};
}

Result<std::size_t> TcpSide::take_unread(std::span<const std::span<std::byte>> parts, Reading reading,
                                         VirtualTime now) {
  // Linux takes nothing of a buffer of the queue that cannot be copied whole; what came in pieces lies in one there.
  if (!reading.discard && !is_writable(parts, std::min(total_size(parts), unread_))) [[unlikely]]
    return Failure{EFAULT};
  std::size_t copied = 0;
  Packet* packet = received_.front();
  std::uint32_t offset = packet->read;
  for (std::span<std::byte> part : parts) {
    while (!part.empty() && packet != nullptr) {
      const std::size_t chunk = std::min<std::size_t>(part.size(), packet->size - offset);
      if (!reading.discard) std::memcpy(part.data(), packet->bytes() + offset, chunk);
      part = part.subspan(chunk);
      copied += chunk;
      offset += static_cast<std::uint32_t>(chunk);
      last_read_ = packet->event;
      if (offset < packet->size) continue;
      Packet* const next = packet->next;
      if (!reading.peek) tcp().pool_.give_back(received_.pop());
      packet = next;
      offset = packet == nullptr ? 0 : packet->read;
    }
  }
  if (copied == 0 || reading.peek) return copied;
  if (packet != nullptr) packet->read = offset;
  unread_ -= copied;
  if (state_ == State::established) peer().grant(0, copied, now);
  return copied;
}

Status TcpSide::shutdown_write(VirtualTime now) {
  if (state_ != State::established) return Failure{ENOTCONN};
  if (said_end()) return Done{};
  say_end(now);
  notify(EPOLLOUT | EPOLLHUP, kNoEvent);
  return Done{};
}

void TcpSide::say_end(VirtualTime now) {
  write_shut_ = true;
  write_shut_early_ = false;
  fin_queued_ = true;
  flush(now);
}

void TcpSide::shut_early(bool reading, bool writing) {
  read_shut_ = reading;
  write_shut_ = write_shut_early_ = writing;
}

void TcpSide::shutdown_read() {
  read_shut_ = true;
  notify(EPOLLIN | EPOLLRDHUP | EPOLLHUP, kNoEvent);
}

void TcpSide::begin_close(VirtualTime now, Closing how) {
  if (close_begun_) return;
  close_begun_ = true;
  closed_at_ = now;
  if (prober_ != nullptr) tcp().queue_.cancel(*prober_);
  const bool open = state_ == State::established && !finished(now);
  if (open && (unread_ > 0 || how == Closing::abortive)) {
    // RFC 1122, 4.2.2.13 and RFC 2525, 2.17: data was lost, so the peer must not take this for an orderly end. The same
    // is what SO_LINGER with a time of zero asks for (socket(7), and tcp_disconnect() in Linux).
    transmit(Segment::rst, {}, now);
    end(0);
  } else if (state_ == State::established) {
    if (!said_end()) say_end(now);
  } else {
    end(0);
  }
}

std::size_t TcpSide::unsent(VirtualTime now) {
  if (state_ != State::established) return 0;
  settle(now);
  return unacknowledged_ + (write_shut_ && fin_acknowledged_ > now ? 1 : 0);
}

bool TcpSide::closed_for_peer(VirtualTime now) {
  if (state_ == State::closed || fin_acknowledged_ <= now) return true;
  told_open_ = true;
  if (fin_acknowledged_ != VirtualTime::max()) tcp().queue_.schedule(wakeup_, fin_acknowledged_);
  return false;
}

void TcpSide::close(VirtualTime now, Closing how) {
  observer = nullptr;
  begin_close(now, how);
  closed_by_program_ = true;
  if (state_ == State::closed) drop_queues();
  settle_port();
  tcp().release_if_over(*connection_);
}

void TcpSide::uncork(VirtualTime now) {
  corked_ = false;
  more_follows_ = false;
  flush(now);
}

}  // namespace stillpoint::net
