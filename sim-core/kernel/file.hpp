#pragma once
// An open file description: what a descriptor of a host refers to, shared by all its duplicates.
//
// Each kind of file says what is ready (poll), and tells its watchers when that may have grown (notify). Kinds override
// the calls they serve; the others answer with the errno that Linux gives for the wrong kind of descriptor.
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include <stillpoint/ids.hpp>
#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

// What a call returns that Linux serves and this kernel does not: interpose/ stops the run and names the call.
constexpr int kNotServed = ENOSYS;

class Host;
class Epoll;
class TcpSocket;
class TimerFd;
struct EpollItem;

class File {
 public:
  explicit File(Host& host);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // EPOLL* events that hold now.
  virtual std::uint32_t poll() = 0;
  // read(2) and write(2). A driven host never blocks: EAGAIN on a blocking descriptor is an unsupported call.
  virtual Result<std::size_t> read(std::span<const iovec>) { return Failure{EINVAL}; }
  virtual Result<std::size_t> write(std::span<const iovec>) { return Failure{EINVAL}; }
  // The last descriptor was closed; nothing refers to the file any more but events on their way.
  virtual void on_close() {}

  virtual TcpSocket* as_socket() { return nullptr; }
  virtual Epoll* as_epoll() { return nullptr; }
  virtual TimerFd* as_timerfd() { return nullptr; }

  Host& host() const { return host_; }
  // Tells a host's files apart, also where one takes another's descriptor.
  std::uint64_t number() const { return number_; }
  bool nonblocking = false;

 protected:
  // Tells the epoll instances that watch this file that some of `events` may hold now, because of `cause`.
  void notify(std::uint32_t events, EventId cause);

 private:
  friend class DescriptorTable;
  friend class Epoll;
  Host& host_;
  std::uint64_t number_;
  int references_ = 0;             // descriptors
  EpollItem* watchers_ = nullptr;  // intrusive list of the epoll items for this file
};

}  // namespace stillpoint::kernel
