#pragma once
// An open file description: what a descriptor of a host refers to, shared by all its duplicates.
//
// Each kind of file says what is ready (poll), and tells its watchers when that may have grown (notify). Kinds override
// the calls they serve; the others answer with the errno that Linux gives for the wrong kind of descriptor.
#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include <stillpoint/ids.hpp>
#include <stillpoint/time.hpp>

#include "sim-core/base/result.hpp"

namespace stillpoint::kernel {

// What a call returns that Linux serves and this kernel does not: interpose/ stops the run and names the call.
constexpr int kNotServed = ENOSYS;

class Host;
class Epoll;
class Socket;
class TimerFd;
class File;

// Somebody who waits for a file: an item of an epoll instance, or a thread in a blocking call. A link of the file's
// list, so that watching allocates nothing.
class Watcher {
 public:
  Watcher() = default;
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  // Some of these EPOLL* events may hold now, because of `cause`.
  virtual void on_ready(std::uint32_t events, EventId cause) = 0;
  // The file is closed for good. The watcher must leave it.
  virtual void on_gone() = 0;

  virtual ~Watcher() = default;

 private:
  friend class File;
  Watcher* previous_ = nullptr;
  Watcher* next_ = nullptr;
};

class File {
 public:
  explicit File(Host& host);
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  virtual ~File() = default;

  // EPOLL* events that hold now.
  virtual std::uint32_t poll() = 0;
  // read(2) and write(2). They never block: what would is EAGAIN, and interpose/ waits.
  virtual Result<std::size_t> read(std::span<const iovec>) { return Failure{EINVAL}; }
  virtual Result<std::size_t> write(std::span<const iovec>) { return Failure{EINVAL}; }
  // Before on_close(): for how long close(2) of the last descriptor may wait, until close_finished(). The file tells
  // its watchers EPOLLOUT when that may hold.
  virtual std::optional<Duration> begin_close() { return std::nullopt; }
  virtual bool close_finished() { return true; }
  // The last descriptor was closed; nothing refers to the file any more but events on their way.
  virtual void on_close() {}

  virtual Socket* as_socket() { return nullptr; }
  virtual Epoll* as_epoll() { return nullptr; }
  virtual TimerFd* as_timerfd() { return nullptr; }

  Host& host() const { return host_; }
  // Tells a host's files apart, also where one takes another's descriptor.
  std::uint64_t number() const { return number_; }
  bool nonblocking = false;
  // How long a call that reads, or writes, may block at most: SO_RCVTIMEO and SO_SNDTIMEO.
  std::optional<Duration> receive_timeout;
  std::optional<Duration> send_timeout;

  void watch(Watcher& watcher);
  void leave(Watcher& watcher);
  // What refers to the file: descriptors, and calls that block on it. With the last reference the file is closed.
  void add_reference() { ++references_; }
  void drop_reference();
  bool last_reference() const { return references_ == 1; }

 protected:
  // Tells whoever watches this file that some of `events` may hold now, because of `cause`.
  void notify(std::uint32_t events, EventId cause) {
    for (Watcher* watcher = watchers_; watcher != nullptr; watcher = watcher->next_) watcher->on_ready(events, cause);
  }

 private:
  Host& host_;
  std::uint64_t number_;
  int references_ = 0;
  Watcher* watchers_ = nullptr;
};

}  // namespace stillpoint::kernel
