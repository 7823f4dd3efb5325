#pragma once
// Translations between the structures of socket calls and the kernel's types, and the look-up of descriptors.
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "sim-core/interpose/call.hpp"
#include "sim-core/kernel/socket.hpp"

namespace stillpoint::interpose {

// Reads a sockaddr of AF_INET. EINVAL (too short), EAFNOSUPPORT, EFAULT.
inline Result<net::SocketAddress> read_address(const sockaddr* address, socklen_t length) {
  if (address == nullptr) return Failure{EFAULT};
  if (length < sizeof(sa_family_t)) return Failure{EINVAL};
  if (address->sa_family != AF_INET) return Failure{EAFNOSUPPORT};
  if (length < sizeof(sockaddr_in)) return Failure{EINVAL};
  sockaddr_in in;
  std::memcpy(&in, address, sizeof in);
  return net::SocketAddress{{ntohl(in.sin_addr.s_addr)}, ntohs(in.sin_port)};
}

// Writes as much as fits, and says how long it is, as accept(2) tells.
inline void write_address(net::SocketAddress from, sockaddr* address, socklen_t* length) {
  if (address == nullptr || length == nullptr) return;
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(from.port);
  in.sin_addr.s_addr = htonl(from.ip.value);
  std::memcpy(address, &in, std::min<std::size_t>(*length, sizeof in));
  *length = sizeof in;
}

// EBADF; ENOTSOCK.
inline Result<kernel::TcpSocket*> find_socket(kernel::Host& host, int fd) {
  kernel::File* file = host.descriptors.find(fd);
  if (file == nullptr) return Failure{EBADF};
  kernel::TcpSocket* socket = file->as_socket();
  if (socket == nullptr) return Failure{ENOTSOCK};
  return socket;
}

// What would block a program must not block a driven host: its harness waits for it.
template <typename T, typename R>
T finish_or_block(kernel::Host& host, const Call& call, const kernel::File& file, int flags, const Result<R>& result) {
  if (!result && result.error() == EAGAIN && !file.nonblocking && (flags & MSG_DONTWAIT) == 0) {
    unsupported(host, call, "it would block, and this host is driven by its event loop");
  }
  return finish<T>(host, call, result);
}

}  // namespace stillpoint::interpose
