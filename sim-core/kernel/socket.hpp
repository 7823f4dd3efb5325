#pragma once
// A socket as a descriptor: what the kinds of sockets (TCP, UDP, Unix-domain) share, and how interpose/ calls them.
//
// Addresses are sockaddr structures in the socket's own family. Calls never block: what would is EAGAIN (EINPROGRESS
// for connect), and interpose/ waits until the readiness of the file says that it may go on.
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <map>
#include <optional>

#include "sim-core/kernel/file.hpp"
#include "sim-core/net/address.hpp"

namespace stillpoint::kernel {

// A sockaddr of any family. A length of zero: none.
struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;

  sa_family_t family() const { return length < sizeof(sa_family_t) ? sa_family_t{AF_UNSPEC} : storage.ss_family; }
};

// An address of the internet as a socket of this family (AF_INET, AF_INET6) shows it.
Address address_of(net::SocketAddress address, int family);
// An address for a socket of this family. EINVAL (too short), EAFNOSUPPORT (another family).
Result<net::SocketAddress> internet_address(const Address& address, int family);

// The same, as bind(2) reads it: a socket of AF_INET also takes AF_UNSPEC for the wildcard (inet_bind_sk() in Linux's
// net/ipv4/af_inet.c).
Result<net::SocketAddress> internet_address_to_bind(const Address& address, int family);

// What sendmsg(2) is given.
struct OutMessage {
  std::span<const iovec> parts;
  int flags = 0;
  const Address* to = nullptr;
  std::span<const std::byte> control = {};
};

// What recvmsg(2) fills. The caller gives `parts`, `flags`, `control` and `from`: where to write whom a message came
// from, if anybody asks; it is left as it is where that has no address.
struct InMessage {
  std::span<const iovec> parts;
  int flags = 0;
  std::span<std::byte> control = {};
  Address* from = nullptr;
  std::size_t control_size = 0;
  int result_flags = 0;  // MSG_TRUNC, MSG_CTRUNC, MSG_EOR
};

// SO_LINGER as it is after setsockopt(2) with this value. Switched off, it keeps its time (sk_setsockopt() in Linux's
// net/core/sock.c). EINVAL.
Result<linger> changed_linger(linger before, const void* value, socklen_t length);

// Why an option that no socket here has cannot be used: kNotServed where Linux has one of this number, else
// ENOPROTOOPT.
int unserved_option(int level, int name);

class Socket : public File {
 public:
  Socket(Host& host, int domain, int type, int protocol)
      : File(host), domain_(domain), type_(type), protocol_(protocol) {}
  Socket* as_socket() override { return this; }

  int domain() const { return domain_; }
  int type() const { return type_; }
  int protocol() const { return protocol_; }

  virtual Status bind(const Address& address) = 0;
  // connect(2). EINPROGRESS: it goes on; once the file is writable, calling it again tells how it ended.
  virtual Status connect(const Address& address) = 0;
  virtual Status listen(int) { return Failure{EOPNOTSUPP}; }
  // accept(2): a descriptor for the next connection, and where it came from. EAGAIN, EINVAL (not listening), EMFILE.
  virtual Result<int> accept(Address*, bool /*nonblocking_socket*/) { return Failure{EOPNOTSUPP}; }
  virtual Result<std::size_t> send(const OutMessage& message) = 0;
  virtual Result<std::size_t> receive(InMessage& message) = 0;
  // How many bytes a blocking read of `wanted` waits for (MSG_WAITALL, SO_RCVLOWAT).
  virtual std::size_t enough(int /*flags*/, std::size_t /*wanted*/) const { return 1; }
  virtual Status shutdown(int how) = 0;
  virtual Result<Address> local() = 0;
  // ENOTCONN.
  virtual Result<Address> remote() = 0;
  // EINVAL, ENOPROTOOPT; kNotServed for options that Linux has and that are not modelled.
  virtual Status get_option(int level, int name, void* value, socklen_t* length) = 0;
  virtual Status set_option(int level, int name, const void* value, socklen_t length) = 0;
  // FIONREAD. EINVAL.
  Result<int> unread() override = 0;
  // SIOCOUTQ: what was sent and is not yet gone from this host. EINVAL; kNotServed.
  virtual Result<int> unsent() { return Failure{kNotServed}; }
  // SIOCATMARK: whether urgent data comes next. kNotServed.
  virtual Result<int> at_mark() { return Failure{kNotServed}; }
  Result<mode_t> mode() const override { return mode_t{S_IFSOCK | 0777}; }
  // Whether a call that sends, or connects, ever waits. If not, its EAGAIN is final.
  virtual bool sending_waits() const { return true; }
  // The pending error: SO_ERROR, which looking clears. recvmmsg(2) also puts one back.
  virtual int take_error() { return 0; }
  virtual void set_error(int) {}

 protected:
  // SO_RCVTIMEO and SO_SNDTIMEO.
  timeval timeout(int name) const;
  // EINVAL (too short), EDOM.
  Status set_timeout(int name, const void* value, socklen_t length);

 private:
  int domain_;
  int type_;
  int protocol_;
};

}  // namespace stillpoint::kernel
