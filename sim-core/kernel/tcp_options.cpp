// getsockopt(2) and setsockopt(2) of TCP sockets: socket(7), tcp(7), ip(7), ipv6(7).
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <iterator>

#include "sim-core/kernel/host.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "sim-core/kernel/tcp_socket.hpp"

namespace stillpoint::kernel {
namespace {

// Options that change nothing in this kernel and are only read back. `lowest` and `highest` bound what can be set
// (EINVAL); a flag becomes 0 or 1.
struct Kept {
  int level;
  int name;
  int initial;
  int lowest;
  int highest;
  bool is_flag;
  bool minus_one = false;  // -1 brings `initial` back
};
constexpr Kept flag(int level, int name, int initial = 0) { return {level, name, initial, INT32_MIN, INT32_MAX, true}; }
constexpr Kept kKept[] = {
    flag(SOL_SOCKET, SO_BROADCAST),
    flag(SOL_SOCKET, SO_DONTROUTE),
    flag(SOL_SOCKET, SO_OOBINLINE),
    {SOL_SOCKET, SO_PRIORITY, 0, INT32_MIN, INT32_MAX, false},
    flag(IPPROTO_TCP, TCP_NODELAY),
    flag(IPPROTO_TCP, TCP_QUICKACK, 1),
    {IPPROTO_IP, IP_TOS, 0, INT32_MIN, INT32_MAX, false},
    {IPPROTO_IP, IP_TTL, 64, 1, 255, false, true},
    {IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_WANT, IP_PMTUDISC_DONT, IP_PMTUDISC_OMIT, false},
    flag(IPPROTO_IP, IP_RECVERR),
    {IPPROTO_IPV6, IPV6_UNICAST_HOPS, 64, 0, 255, false, true},
    {IPPROTO_IPV6, IPV6_TCLASS, 0, 0, 255, false, true},
    flag(IPPROTO_IPV6, IPV6_RECVERR),
};
static_assert(std::size(kKept) <= TcpSettings::kKeptOptions);

const Kept* find_kept(int level, int name) {
  const auto* found =
      std::ranges::find_if(kKept, [&](const Kept& kept) { return kept.level == level && kept.name == name; });
  return found == std::end(kKept) ? nullptr : found;
}
std::size_t row(const Kept* kept) { return static_cast<std::size_t>(kept - kKept); }

constexpr int kLongestSyn_s = 1;
constexpr int kLongestRetry_s = 120;

// secs_to_retrans() and retrans_to_secs() in Linux's net/ipv4/tcp.c.
int retries_of(int seconds) {
  if (seconds <= 0) return 0;
  int retries = 1;
  int timeout = kLongestSyn_s;
  for (int period = timeout; seconds > period && retries < 255; ++retries) {
    timeout = std::min(2 * timeout, kLongestRetry_s);
    period += timeout;
  }
  return retries;
}
int seconds_of(int retries) {
  int period = 0;
  for (int timeout = kLongestSyn_s; retries > 0; --retries) {
    period += timeout;
    timeout = std::min(2 * timeout, kLongestRetry_s);
  }
  return period;
}

int seconds(Duration duration) {
  return static_cast<int>(std::chrono::duration_cast<std::chrono::seconds>(duration).count());
}

}  // namespace

Status TcpSocket::get_option(int level, int name, void* value, socklen_t* length) {
  if (static_cast<int>(*length) < 0) return Failure{EINVAL};
  const auto put = [&](const void* from, std::size_t size) -> Status {
    const std::size_t copied = std::min<std::size_t>(size, *length);
    std::memcpy(value, from, copied);
    *length = static_cast<socklen_t>(copied);
    return Done{};
  };
  const auto put_int = [&](int number) -> Status {
    const bool of_ip = level == IPPROTO_IP;
    if (of_ip && *length > 0 && *length < sizeof number && number >= 0 && number <= 255) {  // ip(7): also as one byte
      const auto byte = static_cast<unsigned char>(number);
      return put(&byte, 1);
    }
    return put(&number, sizeof number);
  };
  const bool of_v6 = domain() == AF_INET6;
  if (level == IPPROTO_IPV6 && !of_v6) return Failure{EOPNOTSUPP};
  if (const Kept* kept = find_kept(level, name)) return put_int(settings_.kept[row(kept)].value_or(kept->initial));
  if (level == SOL_SOCKET) {
    switch (name) {
      case SO_ERROR:
        return put_int(side_ != nullptr ? side_->take_any_error() : take_error());
      case SO_TYPE:
        return put_int(SOCK_STREAM);
      case SO_DOMAIN:
        return put_int(domain());
      case SO_PROTOCOL:
        return put_int(IPPROTO_TCP);
      case SO_ACCEPTCONN:
        return put_int(listener_ != nullptr);
      case SO_LINGER:
        return put(&settings_.lingering, sizeof settings_.lingering);
      case SO_SNDBUF:
        return put_int(static_cast<int>(settings_.setup.buffers.send));
      case SO_RCVBUF:
        return put_int(static_cast<int>(settings_.setup.buffers.receive));
      case SO_REUSEADDR:
        return put_int(settings_.sharing.reuse_address);
      case SO_REUSEPORT:
        return put_int(settings_.sharing.reuse_port);
      case SO_KEEPALIVE:
        return put_int(settings_.setup.keepalive.on);
      case SO_RCVLOWAT:
        return put_int(static_cast<int>(settings_.setup.low_water));
      case SO_SNDLOWAT:
        return put_int(1);
      case SO_RCVTIMEO:
      case SO_SNDTIMEO: {
        const timeval time = timeout(name);
        return put(&time, sizeof time);
      }
      default:
        break;
    }
  } else if (level == IPPROTO_TCP) {
    const net::Keepalive& keepalive = settings_.setup.keepalive;
    constexpr int kSmallestSegment = 536;  // RFC 9293, 3.7.1: where nothing was agreed on
    switch (name) {
      case TCP_MAXSEG:
        if (side_ != nullptr) return Failure{kNotServed};
        return put_int(settings_.largest_segment != 0 ? settings_.largest_segment : kSmallestSegment);
      case TCP_CORK:
        return put_int(settings_.corked);
      case TCP_KEEPIDLE:
        return put_int(seconds(keepalive.idle));
      case TCP_KEEPINTVL:
        return put_int(seconds(keepalive.interval));
      case TCP_KEEPCNT:
        return put_int(static_cast<int>(keepalive.count));
      case TCP_SYNCNT:
        return put_int(static_cast<int>(settings_.setup.syn_retries));
      case TCP_DEFER_ACCEPT:
        return put_int(seconds_of(settings_.deferred));
      case TCP_USER_TIMEOUT:
        return put_int(static_cast<int>(settings_.setup.user_timeout / std::chrono::milliseconds(1)));
      case TCP_INFO: {
        tcp_info info{};
        const net::TcpState state = listener_ != nullptr ? net::TcpState::listen
                                    : side_ != nullptr   ? side_->state(host().now())
                                                         : net::TcpState::closed;
        info.tcpi_state = static_cast<std::uint8_t>(state);
        return put(&info, sizeof info);
      }
      case TCP_CONGESTION: {
        char text[16] = {};  // TCP_CA_NAME_MAX
        settings_.congestion.copy(text, sizeof text - 1);
        return put(text, sizeof text);
      }
      default:
        break;
    }
  } else if (level == IPPROTO_IP) {
    if (name == IP_BIND_ADDRESS_NO_PORT) return put_int(settings_.address_without_port);
  } else if (level == IPPROTO_IPV6) {
    if (name == IPV6_V6ONLY) return put_int(settings_.sharing.only_v6);
  } else {
    return Failure{of_v6 ? ENOPROTOOPT : EOPNOTSUPP};
  }
  return Failure{unserved_option(level, name)};
}

// What is set reaches what exists already.
void TcpSocket::apply_setup() {
  if (net::PortClaim* claim = port()) claim->sharing = settings_.sharing;
  if (listener_ != nullptr) {
    listener_->setup = settings_.setup;
    listener_->defer_accept = static_cast<unsigned>(settings_.deferred);
  }
  if (side_ == nullptr) return;
  side_->set_user_timeout(settings_.setup.user_timeout);
  side_->set_syn_retries(settings_.setup.syn_retries);
  side_->set_keepalive(settings_.setup.keepalive, host().now());
}

Status TcpSocket::set_buffer(int name, int number) {
  // socket(7): the kernel doubles the value, and has a smallest one.
  const int doubled = std::max(2 * std::clamp(number, 0, 8 * 1024 * 1024), name == SO_SNDBUF ? 4608 : 2304);
  const auto bytes = static_cast<std::size_t>(doubled);
  (name == SO_SNDBUF ? settings_.setup.buffers.send : settings_.setup.buffers.receive) = bytes;
  if (side_ != nullptr) {
    name == SO_SNDBUF ? side_->set_send_buffer(bytes) : side_->set_receive_buffer(bytes);
  } else if (name == SO_SNDBUF) {
    notify(EPOLLOUT, kNoEvent);
  }
  apply_setup();
  return Done{};
}

Status TcpSocket::set_socket_option(int name, const void* value, socklen_t length) {
  int number = 0;
  std::memcpy(&number, value, sizeof number);
  switch (name) {
    case SO_TYPE:
    case SO_DOMAIN:
    case SO_PROTOCOL:
    case SO_ERROR:
    case SO_ACCEPTCONN:
    case SO_SNDLOWAT:
      return Failure{ENOPROTOOPT};
    case SO_SNDBUF:
    case SO_RCVBUF:
      return set_buffer(name, number);
    case SO_REUSEADDR:
      settings_.sharing.reuse_address = number != 0;
      break;
    case SO_REUSEPORT:
      settings_.sharing.reuse_port = number != 0;
      break;
    case SO_KEEPALIVE:
      settings_.setup.keepalive.on = number != 0;
      break;
    case SO_RCVLOWAT: {
      // tcp_set_rcvlowat(): at most half of the receive buffer's largest size.
      constexpr std::size_t kMost = 6 * 1024 * 1024 / 2;
      const std::size_t wanted = number < 0 ? INT32_MAX : static_cast<std::size_t>(number);
      settings_.setup.low_water = std::max<std::size_t>(std::min(wanted, kMost), 1);
      if (side_ != nullptr) {
        if (side_ != nullptr && 2 * settings_.setup.low_water > settings_.setup.buffers.receive)
          side_->set_receive_buffer(2 * settings_.setup.low_water);
        side_->set_low_water(settings_.setup.low_water);
      }
      break;
    }
    case SO_LINGER: {
      const auto wanted = changed_linger(settings_.lingering, value, length);
      if (!wanted) return Failure{wanted.error()};
      settings_.lingering = wanted.value();
      break;
    }
    case SO_RCVTIMEO:
    case SO_SNDTIMEO:
      if (const Status set = set_timeout(name, value, length); !set) return set;
      break;
    default:
      return Failure{unserved_option(SOL_SOCKET, name)};
  }
  apply_setup();
  return Done{};
}

// The bounds are those of do_tcp_setsockopt() in Linux's net/ipv4/tcp.c.
Status TcpSocket::set_tcp_option(int name, int number) {
  net::TcpSetup& setup = settings_.setup;
  const auto within = [&](int most) { return number >= 1 && number <= most; };
  switch (name) {
    case TCP_MAXSEG:
      if (number != 0 && (number < 88 || number > 32767)) return Failure{EINVAL};
      settings_.largest_segment = number;
      break;
    case TCP_CORK:
      settings_.corked = number != 0;
      if (side_ != nullptr) settings_.corked ? side_->cork() : side_->uncork(host().now());
      break;
    case TCP_KEEPIDLE:
      if (!within(32767)) return Failure{EINVAL};
      setup.keepalive.idle = std::chrono::seconds(number);
      break;
    case TCP_KEEPINTVL:
      if (!within(32767)) return Failure{EINVAL};
      setup.keepalive.interval = std::chrono::seconds(number);
      break;
    case TCP_KEEPCNT:
      if (!within(127)) return Failure{EINVAL};
      setup.keepalive.count = static_cast<unsigned>(number);
      break;
    case TCP_SYNCNT:
      if (!within(127)) return Failure{EINVAL};
      setup.syn_retries = static_cast<unsigned>(number);
      break;
    case TCP_DEFER_ACCEPT:
      settings_.deferred = retries_of(number);
      break;
    case TCP_USER_TIMEOUT:
      if (number < 0) return Failure{EINVAL};
      setup.user_timeout = std::chrono::milliseconds(number);
      break;
    default:
      return Failure{unserved_option(IPPROTO_TCP, name)};
  }
  apply_setup();
  return Done{};
}

Status TcpSocket::set_ipv6_option(int name, int number) {
  if (name != IPV6_V6ONLY) return Failure{unserved_option(IPPROTO_IPV6, name)};
  if (port() != nullptr) return Failure{EINVAL};  // ipv6(7): before it is bound
  settings_.sharing.only_v6 = number != 0;
  return Done{};
}

Status TcpSocket::set_option(int level, int name, const void* value, socklen_t length) {
  if (level == IPPROTO_IPV6 && domain() != AF_INET6) return Failure{ENOPROTOOPT};
  if (level == IPPROTO_TCP && name == TCP_CONGESTION) {
    if (length < 1) return Failure{EINVAL};
    const std::string wanted(static_cast<const char*>(value), strnlen(static_cast<const char*>(value), length));
    if (wanted != "cubic" && wanted != "reno") return Failure{ENOENT};
    settings_.congestion = wanted;
    return Done{};
  }
  int number = 0;
  if (length >= sizeof number) {
    std::memcpy(&number, value, sizeof number);
  } else if (level == IPPROTO_IP) {  // ip(7): also as one byte; most take nothing for zero
    const Kept* kept = find_kept(level, name);
    if (length == 0 && kept != nullptr && kept->minus_one) return Failure{EINVAL};
    if (length >= 1) number = *static_cast<const unsigned char*>(value);
  } else if (level == SOL_SOCKET || level == IPPROTO_TCP || level == IPPROTO_IPV6 || level == IPPROTO_IP) {
    return Failure{EINVAL};
  }
  if (const Kept* kept = find_kept(level, name)) {
    if (kept->minus_one && number == -1) number = kept->initial;
    if (number < kept->lowest || number > kept->highest) return Failure{EINVAL};
    constexpr int kWithoutCongestion = 0xFC;  // of IP_TOS, a byte, two bits are the protocol's own
    if (level == IPPROTO_IP && name == IP_TOS) number &= kWithoutCongestion;
    settings_.kept[row(kept)] = kept->is_flag ? number != 0 : number;
    return Done{};
  }
  switch (level) {
    case SOL_SOCKET:
      return set_socket_option(name, value, length);
    case IPPROTO_TCP:
      return set_tcp_option(name, number);
    case IPPROTO_IP:
      if (name != IP_BIND_ADDRESS_NO_PORT) return Failure{unserved_option(level, name)};
      settings_.address_without_port = number != 0;
      return Done{};
    case IPPROTO_IPV6:
      return set_ipv6_option(name, number);
    default:
      return Failure{ENOPROTOOPT};
  }
}

}  // namespace stillpoint::kernel
