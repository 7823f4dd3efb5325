// The comments name functions of Linux's net/unix/af_unix.c, whose order of checks is followed.
#include "sim-core/kernel/unix_socket.hpp"

#include <sys/epoll.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {

using State = UnixEndpoint::State;

std::string gather(std::span<const iovec> parts, std::size_t from, std::size_t size) {
  std::string bytes;
  bytes.reserve(size);
  for (const iovec& part : parts) {
    const std::size_t skip = std::min(from, part.iov_len);
    const std::size_t chunk = std::min(part.iov_len - skip, size - bytes.size());
    if (chunk > 0) bytes.append(static_cast<const char*>(part.iov_base) + skip, chunk);
    from -= skip;
  }
  return bytes;
}

void scatter(std::span<const iovec> parts, std::size_t at, std::string_view bytes) {
  for (const iovec& part : parts) {
    const std::size_t skip = std::min(at, part.iov_len);
    const std::size_t chunk = std::min(part.iov_len - skip, bytes.size());
    if (chunk > 0) std::memcpy(static_cast<char*>(part.iov_base) + skip, bytes.data(), chunk);
    at -= skip;
    bytes.remove_prefix(chunk);
  }
}

bool equal(const std::optional<ucred>& a, const std::optional<ucred>& b) {
  if (!a || !b) return !a && !b;
  return a->pid == b->pid && a->uid == b->uid && a->gid == b->gid;
}

}  // namespace

UnixSocket::UnixSocket(Host& host, int type)
    : Socket(host, AF_UNIX, type, 0), end_(std::make_shared<UnixEndpoint>(type)) {
  end_->socket = this;
}

void UnixSocket::pair(UnixSocket& one, UnixSocket& other) {
  one.end_->peer = other.end_;
  other.end_->peer = one.end_;
  for (UnixEndpoint* end : {one.end_.get(), other.end_.get()}) {
    end->state = State::established;
    end->peer_credentials = own_credentials(one.host());
  }
}

void UnixSocket::on_close() {
  host().unix_names.forget(*end_);
  end_->close();
}

// ---- names and connections ----

Status UnixSocket::bind(const Address& address) {
  constexpr socklen_t kNoName = offsetof(sockaddr_un, sun_path);
  if (address.length == kNoName && address.family() == AF_UNIX) return host().unix_names.bind_any(*end_);
  const auto name = unix_name(address);
  if (!name) return Failure{name.error()};
  return host().unix_names.bind(name.value(), *end_);
}

// Who wants credentials, and sends or connects, gets a name (unix(7), "Autobind feature").
Status UnixSocket::name_if_credentials() {
  return end_->wants_credentials ? host().unix_names.bind_any(*end_) : Status(Done{});
}

Status UnixSocket::connect(const Address& address) {
  return type() == SOCK_DGRAM ? connect_datagram(address) : connect_stream(address);
}

// unix_stream_connect().
Status UnixSocket::connect_stream(const Address& address) {
  const auto name = unix_name(address);
  if (!name) return Failure{name.error()};
  if (const Status named = name_if_credentials(); !named) return named;
  const auto found = host().unix_names.find(name.value(), type());
  if (!found) return Failure{found.error()};
  UnixEndpoint& listener = *found.value();
  if (listener.state != State::listening || listener.read_shut) return Failure{ECONNREFUSED};
  if (listener.full()) {
    if (!nonblocking) end_->wait_at(listener);
    return Failure{EAGAIN};
  }
  if (end_->state != State::closed) return Failure{end_->state == State::established ? EISCONN : EINVAL};
  const auto embryo = std::make_shared<UnixEndpoint>(type());
  embryo->state = State::established;
  embryo->peer = end_;
  embryo->name = listener.name;
  embryo->wants_credentials = listener.wants_credentials;
  embryo->peer_credentials = own_credentials(host());
  end_->state = State::established;
  end_->peer = embryo;
  end_->peer_credentials = listener.peer_credentials;
  listener.pending.push_back(embryo);
  listener.notify(EPOLLIN | EPOLLPRI | EPOLLRDNORM | EPOLLRDBAND);
  return Done{};
}

// unix_dgram_connect().
Status UnixSocket::connect_datagram(const Address& address) {
  if (address.length < sizeof(sa_family_t)) return Failure{EINVAL};
  std::shared_ptr<UnixEndpoint> other;
  if (address.family() != AF_UNSPEC) {
    const auto name = unix_name(address);
    if (!name) return Failure{name.error()};
    if (const Status named = name_if_credentials(); !named) return named;
    const auto found = host().unix_names.find(name.value(), type());
    if (!found) return Failure{found.error()};
    other = found.value();
    if (other->peer != nullptr && other->peer != end_) return Failure{EPERM};
  }
  const auto former = std::exchange(end_->peer, other);
  if (former != nullptr && former != other) end_->disconnect_from(*former);
  return Done{};
}

Status UnixSocket::listen(int backlog) {
  if (type() == SOCK_DGRAM) return Failure{EOPNOTSUPP};
  if (end_->name.empty() || end_->state == State::established) return Failure{EINVAL};
  constexpr int kSomaxconn = 4096;  // /proc/sys/net/core/somaxconn
  const auto length = static_cast<std::size_t>(backlog < 0 || backlog > kSomaxconn ? kSomaxconn : backlog);
  const bool more = length > end_->backlog;
  end_->backlog = length;
  end_->state = State::listening;
  end_->peer_credentials = own_credentials(host());
  if (more) end_->room_again();
  return Done{};
}

Result<int> UnixSocket::accept(Address* remote, bool nonblocking_socket) {
  if (type() == SOCK_DGRAM) return Failure{EOPNOTSUPP};
  if (end_->state != State::listening) return Failure{EINVAL};
  if (end_->pending.empty()) return Failure{end_->read_shut && !nonblocking ? EINVAL : EAGAIN};
  auto socket = std::make_unique<UnixSocket>(host(), type());
  UnixSocket& accepted = *socket;
  accepted.nonblocking = nonblocking_socket;
  const Result<int> descriptor = host().descriptors.add(std::move(socket));
  if (!descriptor) return descriptor;  // the connection stays in the queue
  const auto embryo = end_->pending.front();
  end_->pending.pop_front();
  accepted.end_ = embryo;
  embryo->socket = &accepted;
  end_->room_again();
  if (remote != nullptr) *remote = unix_address(embryo->peer == nullptr ? UnixName() : embryo->peer->name);
  return descriptor;
}

Status UnixSocket::shutdown(int how) {
  if (how != SHUT_RD && how != SHUT_WR && how != SHUT_RDWR) return Failure{EINVAL};
  end_->shut(how != SHUT_WR, how != SHUT_RD);
  return Done{};
}

Result<Address> UnixSocket::remote() {
  if (end_->peer == nullptr) return Failure{ENOTCONN};
  return unix_address(end_->peer->name);
}

// ---- sending ----

Result<std::size_t> UnixSocket::write(std::span<const iovec> parts) { return send({.parts = parts}); }

Result<std::size_t> UnixSocket::send(const OutMessage& message) {
  constexpr int kServed = MSG_NOSIGNAL | MSG_DONTWAIT | MSG_EOR | MSG_MORE | MSG_CONFIRM | MSG_DONTROUTE;
  const bool urgent = (message.flags & MSG_OOB) != 0;
  if ((message.flags & ~(kServed | MSG_OOB)) != 0 || (urgent && type() == SOCK_STREAM)) return Failure{kNotServed};
  if (type() == SOCK_SEQPACKET) {  // unix_seqpacket_sendmsg()
    if (end_->error != 0) return Failure{end_->take_error()};
    if (end_->state != State::established) return Failure{ENOTCONN};
  }
  UnixAncillary ancillary;
  if (const Status read = read_control(host(), message.control, ancillary); !read) return Failure{read.error()};
  if (urgent) return Failure{EOPNOTSUPP};
  return type() == SOCK_STREAM ? send_stream(message, std::move(ancillary))
                               : send_datagram(message, std::move(ancillary));
}

// unix_maybe_add_creds(): they travel if either end wants them.
void UnixSocket::add_credentials(UnixAncillary& ancillary, const UnixEndpoint& other) const {
  if (ancillary.credentials || (!end_->wants_credentials && !other.wants_credentials)) return;
  ancillary.credentials = own_credentials(host());
}

// unix_stream_sendmsg().
Result<std::size_t> UnixSocket::send_stream(const OutMessage& message, UnixAncillary ancillary) {
  constexpr std::size_t kMostOfAMessage = 36'544;  // SKB_MAX_HEAD(0) + UNIX_SKB_FRAGS_SZ
  if (message.to != nullptr && message.to->length > 0)
    return Failure{end_->state == State::established ? EISCONN : EOPNOTSUPP};
  if (end_->peer == nullptr) return Failure{ENOTCONN};
  if (end_->write_shut) return Failure{EPIPE};
  UnixEndpoint& other = *end_->peer;
  const std::optional<ucred> given = ancillary.credentials;
  const std::size_t wanted = total_size(message.parts);
  std::size_t sent = 0;
  int error = 0;
  while (sent < wanted && error == 0) {
    if (end_->error != 0) {
      error = end_->take_error();
    } else if (end_->charged >= end_->send_buffer) {
      error = EAGAIN;
    } else if (other.dead || other.read_shut) {
      error = EPIPE;
      end_->uncharge(0);
    } else {
      const std::size_t size = std::min({wanted - sent, end_->send_buffer / 2 - 64, kMostOfAMessage});
      if (!is_readable(message.parts, sent + size)) {
        error = EFAULT;
        break;
      }
      UnixAncillary beside{sent == 0 ? std::move(ancillary.files) : PassedFiles(), given};
      add_credentials(beside, other);
      other.deliver(gather(message.parts, sent, size), end_, stream_charge(size), std::move(beside));
      sent += size;
    }
  }
  if (sent == 0 && error != 0) return Failure{error};
  return sent;
}

// Whom a datagram goes to.
Result<std::shared_ptr<UnixEndpoint>> UnixSocket::recipient(const OutMessage& message) {
  const bool addressed = message.to != nullptr && message.to->length > 0 && type() == SOCK_DGRAM;
  if (!addressed) {
    if (end_->peer == nullptr) return Failure{ENOTCONN};
    return end_->peer;
  }
  const auto name = unix_name(*message.to);
  if (!name) return Failure{name.error()};
  return host().unix_names.find(name.value(), type());
}

// unix_dgram_sendmsg().
Result<std::size_t> UnixSocket::send_datagram(const OutMessage& message, UnixAncillary ancillary) {
  const auto found = recipient(message);
  if (!found && found.error() != ENOENT && found.error() != ECONNREFUSED && found.error() != EPROTOTYPE &&
      found.error() != ENOTCONN)
    return Failure{found.error()};
  if (const Status named = name_if_credentials(); !named) return Failure{named.error()};
  const std::size_t size = total_size(message.parts);
  if (size > end_->send_buffer - 32) return Failure{EMSGSIZE};
  if (end_->error != 0) return Failure{end_->take_error()};
  if (end_->write_shut) return Failure{EPIPE};
  if (end_->charged >= end_->send_buffer) return Failure{EAGAIN};
  // From here on there is a message, which is given back where nobody takes it.
  const auto refused = [&](int error) {
    end_->uncharge(0);
    return Failure{error};
  };
  if (!is_readable(message.parts, size)) return refused(EFAULT);
  if (!found) return refused(found.error());
  const auto other = found.value();
  if (other->peer != nullptr && other->peer != end_) return refused(EPERM);
  if (other->dead) {
    if (type() == SOCK_SEQPACKET) return refused(EPIPE);
    end_->peer = nullptr;
    end_->disconnect_from(*other);
    return refused(ECONNREFUSED);
  }
  if (other->read_shut) return refused(EPIPE);
  if (other != end_ && other->peer != end_ && other->full()) {
    // Who does not wait, and is not connected, will not be told either.
    if (waits(message.flags) || end_->peer == other) end_->wait_at(*other);
    return refused(EAGAIN);
  }
  add_credentials(ancillary, *other);
  other->deliver(gather(message.parts, 0, size), end_, datagram_charge(size), std::move(ancillary));
  return size;
}

// ---- receiving ----

// sock_read_iter() in Linux's net/socket.c: a read of nothing succeeds whatever the state.
Result<std::size_t> UnixSocket::read(std::span<const iovec> parts) {
  if (total_size(parts) == 0) return std::size_t{0};
  InMessage message{.parts = parts};
  return receive(message);
}

Result<std::size_t> UnixSocket::receive(InMessage& message) {
  constexpr int kServed = MSG_PEEK | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_TRUNC | MSG_CMSG_CLOEXEC | MSG_WAITALL;
  if ((message.flags & MSG_OOB) != 0) return Failure{type() == SOCK_STREAM ? EINVAL : EOPNOTSUPP};
  const bool waits_for_all = (message.flags & MSG_WAITALL) != 0 && type() == SOCK_STREAM && waits(message.flags);
  if ((message.flags & ~kServed) != 0 || waits_for_all) return Failure{kNotServed};
  return type() == SOCK_STREAM ? receive_stream(message) : receive_datagram(message);
}

// What SO_PASSCRED shows. Who sent none is nobody (from_kuid_munged() in Linux's kernel/user_namespace.c).
std::optional<ucred> UnixSocket::credentials_for(const UnixMessage& message) const {
  constexpr ucred kNobody{0, 65'534, 65'534};
  if (!end_->wants_credentials) return std::nullopt;
  return message.ancillary.credentials.value_or(kNobody);
}

// unix_stream_read_generic(): bytes of several messages at once, but never beyond one that brings files, nor of
// different writers, where that can be told.
Result<std::size_t> UnixSocket::receive_stream(InMessage& message) {
  if (end_->state != State::established) return Failure{EINVAL};
  auto& messages = end_->messages;
  if (messages.empty()) {
    if (end_->error != 0) return Failure{end_->take_error()};
    if (!end_->read_shut) return Failure{EAGAIN};
    // At the end there is nobody whose credentials SO_PASSCRED could show, and they are zero.
    write_control(host(), message, {}, end_->wants_credentials ? std::optional(ucred{}) : std::nullopt);
    return std::size_t{0};
  }
  const bool peek = (message.flags & MSG_PEEK) != 0;
  const std::size_t wanted = total_size(message.parts);
  const std::optional<ucred> first_credentials = messages.front().ancillary.credentials;
  const std::optional<ucred> credentials = credentials_for(messages.front());
  if (const UnixName& sender = messages.front().from->name; !sender.empty() && message.from != nullptr)
    *message.from = unix_address(sender);
  PassedFiles files;
  std::size_t done = 0;
  std::size_t index = 0;
  do {
    if (index == messages.size()) {
      // Who wants all of it looks for an error, although there are bytes to tell of, and so that is lost.
      if ((message.flags & MSG_WAITALL) != 0 && !peek) end_->take_error();
      break;
    }
    UnixMessage& next = messages[index];
    if (end_->wants_credentials && !equal(next.ancillary.credentials, first_credentials)) break;
    const std::size_t chunk = std::min(next.size(), wanted - done);
    if (!is_writable(message.parts, done + chunk)) {  // the message stays as it is
      if (done == 0) return Failure{EFAULT};
      break;
    }
    scatter(message.parts, done, std::string_view(next.bytes).substr(next.consumed, chunk));
    done += chunk;
    const bool with_files = !next.ancillary.files.empty();
    if (peek) {
      if (with_files) files = next.ancillary.files.copy();
      ++index;
    } else {
      next.consumed += chunk;
      if (with_files) files = std::move(next.ancillary.files);
      if (next.size() > 0) break;
      messages.pop_front();
    }
    if (with_files) break;
  } while (done < wanted);
  write_control(host(), message, files, credentials);
  return done;
}

// __unix_dgram_recvmsg() and unix_seqpacket_recvmsg().
Result<std::size_t> UnixSocket::receive_datagram(InMessage& message) {
  if (type() == SOCK_SEQPACKET && end_->state != State::established) return Failure{ENOTCONN};
  auto& messages = end_->messages;
  if (end_->error != 0) return Failure{end_->take_error()};
  if (messages.empty()) {
    if (end_->read_shut && (type() == SOCK_SEQPACKET || waits(message.flags))) return std::size_t{0};
    return Failure{EAGAIN};
  }
  const bool peek = (message.flags & MSG_PEEK) != 0;
  UnixMessage& next = messages.front();
  const std::size_t whole = next.size();
  const std::size_t size = std::min(whole, total_size(message.parts));
  if (size < whole) message.result_flags |= MSG_TRUNC;
  if (!is_writable(message.parts, size)) {  // the message is lost, unless it was only to be looked at
    if (!peek) messages.pop_front();
    end_->room_again();
    return Failure{EFAULT};
  }
  scatter(message.parts, 0, std::string_view(next.bytes).substr(0, size));
  if (!next.from->name.empty() && message.from != nullptr) *message.from = unix_address(next.from->name);
  const std::optional<ucred> credentials = credentials_for(next);
  PassedFiles files = peek ? next.ancillary.files.copy() : std::move(next.ancillary.files);
  if (!peek) messages.pop_front();
  end_->room_again();
  write_control(host(), message, files, credentials);
  return (message.flags & MSG_TRUNC) != 0 ? whole : size;
}

// ---- numbers and options ----

// unix_inq_len().
Result<int> UnixSocket::unread() {
  if (end_->state == State::listening) return Failure{EINVAL};
  std::size_t bytes = 0;
  for (const UnixMessage& message : end_->messages) {
    bytes += message.size();
    if (type() == SOCK_DGRAM) break;
  }
  return static_cast<int>(bytes);
}

Result<int> UnixSocket::unsent() { return static_cast<int>(end_->charged); }

Result<int> UnixSocket::at_mark() {
  if (type() != SOCK_STREAM) return Failure{EOPNOTSUPP};
  return 0;
}

Status UnixSocket::get_option(int level, int name, void* value, socklen_t* length) {
  const auto put = [&](const void* from, std::size_t size) -> Status {
    if (static_cast<int>(*length) < 0) return Failure{EINVAL};
    const std::size_t copied = std::min<std::size_t>(size, *length);
    std::memcpy(value, from, copied);
    *length = static_cast<socklen_t>(copied);
    return Done{};
  };
  const auto put_int = [&](int number) { return put(&number, sizeof number); };
  if (level != SOL_SOCKET) return Failure{EOPNOTSUPP};
  switch (name) {
    case SO_ERROR:
      return put_int(end_->take_error());
    case SO_TYPE:
      return put_int(type());
    case SO_DOMAIN:
      return put_int(AF_UNIX);
    case SO_PROTOCOL:
      return put_int(0);
    case SO_ACCEPTCONN:
      return put_int(end_->state == State::listening);
    case SO_PASSCRED:
      return put_int(end_->wants_credentials);
    case SO_PEERCRED:
      return put(&end_->peer_credentials, sizeof end_->peer_credentials);
    case SO_SNDBUF:
      return put_int(static_cast<int>(end_->send_buffer));
    case SO_LINGER:
      return put(&lingering_, sizeof lingering_);
    case SO_RCVTIMEO:
    case SO_SNDTIMEO: {
      const timeval time = timeout(name);
      return put(&time, sizeof time);
    }
    case SO_RCVLOWAT:
    case SO_SNDLOWAT:
      return put_int(1);
    case SO_RCVBUF:
    case SO_REUSEADDR:
    case SO_REUSEPORT:
    case SO_KEEPALIVE:
    case SO_BROADCAST:
    case SO_DONTROUTE:
    case SO_OOBINLINE: {
      const auto set = options_.find(name);
      const int fresh = name == SO_RCVBUF ? static_cast<int>(UnixEndpoint::kDefaultBuffer) : 0;
      return put_int(set == options_.end() ? fresh : set->second);
    }
    default:
      return Failure{unserved_option(SOL_SOCKET, name)};
  }
}

Status UnixSocket::set_option(int level, int name, const void* value, socklen_t length) {
  if (level != SOL_SOCKET) return Failure{EOPNOTSUPP};
  if (length < sizeof(int)) return Failure{EINVAL};
  int number = 0;
  std::memcpy(&number, value, sizeof number);
  // socket(7): the kernel doubles the value, which is bounded by /proc/sys/net/core/wmem_max and has a smallest one.
  constexpr unsigned kMostBuffer = 4 * 1024 * 1024;
  const int doubled = static_cast<int>(2 * std::min(static_cast<unsigned>(number), kMostBuffer));
  switch (name) {
    case SO_SNDBUF:
      end_->send_buffer = static_cast<std::size_t>(std::max(doubled, 4608));
      end_->uncharge(0);
      return Done{};
    case SO_RCVBUF:
      options_[name] = std::max(doubled, 2304);
      return Done{};
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
      return set_timeout(name, value, length);
    case SO_PASSCRED:
      end_->wants_credentials = number != 0;
      return Done{};
    case SO_LINGER: {
      const auto wanted = changed_linger(lingering_, value, length);
      if (!wanted) return Failure{wanted.error()};
      lingering_ = wanted.value();
      return Done{};
    }
    case SO_REUSEPORT:
      if (number != 0) return Failure{EOPNOTSUPP};
      return Done{};
    case SO_REUSEADDR:
    case SO_KEEPALIVE:
    case SO_BROADCAST:
    case SO_DONTROUTE:
    case SO_OOBINLINE:
      options_[name] = number != 0;
      return Done{};
    case SO_ERROR:
    case SO_TYPE:
    case SO_DOMAIN:
    case SO_PROTOCOL:
    case SO_ACCEPTCONN:
    case SO_PEERCRED:
    case SO_SNDLOWAT:
      return Failure{ENOPROTOOPT};
    default:
      return Failure{unserved_option(SOL_SOCKET, name)};
  }
}

}  // namespace stillpoint::kernel
