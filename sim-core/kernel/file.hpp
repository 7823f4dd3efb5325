#pragma once
// An open file description: what a descriptor of a host refers to, shared by all its duplicates.
//
// Each kind of file says what is ready (poll), and tells its watchers when that may have grown (notify). Kinds override
// the calls they serve; the others answer with the errno that Linux gives for the wrong kind of descriptor.
#include <fcntl.h>
#include <sys/stat.h>
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
class DiskFile;
class Epoll;
class Pipe;
class SignalFd;
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
  // The same, of a watcher that watches exclusively: whether somebody will look at the event because of it.
  virtual bool on_ready_exclusively(std::uint32_t events, EventId cause) {
    on_ready(events, cause);
    return true;
  }
  // The file is closed for good. The watcher must leave it.
  virtual void on_gone() = 0;

  virtual ~Watcher() = default;

 private:
  friend class File;
  Watcher* previous_ = nullptr;
  Watcher* next_ = nullptr;
  bool exclusive_ = false;
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
  // lseek(2). Most kinds have no position: ESPIPE, but EINVAL for an unknown `whence`.
  virtual Result<off_t> seek(off_t offset, int whence);
  // FIONREAD: how many bytes can be read. ENOTTY where there is no such number.
  virtual Result<int> unread() { return Failure{ENOTTY}; }
  // What ioctl(2) says of a request that this kind of file does not know: ENOTTY.
  virtual int unknown_request() const { return ENOTTY; }
  // O_RDONLY, O_WRONLY or O_RDWR.
  virtual int access_mode() const { return O_RDWR; }
  // Whether the descriptor was opened for it, and the kind of file knows it at all.
  virtual bool can_read() const { return access_mode() != O_WRONLY; }
  virtual bool can_write() const { return access_mode() != O_RDONLY; }
  // Kind and permissions, as st_mode of fstat(2) has them. kNotServed.
  virtual Result<mode_t> mode() const { return Failure{kNotServed}; }
  // False for a file that epoll(7) does not take, since it is always ready (EPERM).
  virtual bool can_be_watched() const { return true; }
  // Whether EPIPE comes with SIGPIPE, if the caller did not ask for silence.
  virtual bool raises_sigpipe() const { return true; }
  // Before on_close(): for how long close(2) of the last descriptor may wait, until close_finished(). The file tells
  // its watchers EPOLLOUT when that may hold.
  virtual std::optional<Duration> begin_close() { return std::nullopt; }
  virtual bool close_finished() { return true; }
  // What locks of it are kept under: an inode of the disk, or a number of its own kind.
  virtual std::uint64_t lock_key() const { return kNotOfDisk | inode(); }
  // A descriptor was closed; others may be left. "All locks of a process on a file are removed when any descriptor for
  // that file is closed" (fcntl(2)).
  void descriptor_closed();
  // The last descriptor was closed; nothing refers to the file any more but events on their way.
  virtual void on_close() {}

  virtual Socket* as_socket() { return nullptr; }
  virtual Epoll* as_epoll() { return nullptr; }
  virtual TimerFd* as_timerfd() { return nullptr; }
  virtual SignalFd* as_signalfd() { return nullptr; }
  virtual Pipe* as_pipe() { return nullptr; }
  virtual DiskFile* as_disk_file() { return nullptr; }

  Host& host() const { return host_; }
  // Tells a host's files apart, also where one takes another's descriptor.
  std::uint64_t number() const { return number_; }
  // st_rdev of fstat(2).
  virtual dev_t device() const { return 0; }
  // st_ino of fstat(2). The two ends of a pipe have one.
  virtual std::uint64_t inode() const { return number_; }
  bool nonblocking = false;
  bool appends = false;  // O_APPEND; of what has no end to append to it is only kept
  // How long a call that reads, or writes, may block at most: SO_RCVTIMEO and SO_SNDTIMEO.
  std::optional<Duration> receive_timeout;
  std::optional<Duration> send_timeout;

  void watch(Watcher& watcher);
  // Among those who watch exclusively, an event reaches the first who cares (EPOLLEXCLUSIVE); they are told last.
  void watch_exclusively(Watcher& watcher);
  void leave(Watcher& watcher);
  // What refers to the file: descriptors, and calls that block on it. With the last reference the file is closed.
  void add_reference() { ++references_; }
  void drop_reference();
  bool last_reference() const { return references_ == 1; }
  int references() const { return references_; }
  // Its process has ended in the midst of a call that blocks on it, and that will never drop its reference: the file is
  // closed all the same.
  void close_for_good();

 protected:
  // Tells whoever watches this file that some of `events` may hold now, because of `cause`.
  void notify(std::uint32_t events, EventId cause) {
    for (Watcher* watcher = watchers_; watcher != nullptr; watcher = watcher->next_) {
      if (!watcher->exclusive_) {
        watcher->on_ready(events, cause);
      } else if (watcher->on_ready_exclusively(events, cause)) {
        break;
      }
    }
  }

  // seek() of a file that takes any position and keeps none (noop_llseek() in Linux's fs/read_write.c).
  static Result<off_t> seek_nowhere(off_t offset, int whence);

 private:
  static constexpr std::uint64_t kNotOfDisk = std::uint64_t{1} << 63;
  Host& host_;
  std::uint64_t number_;
  int references_ = 0;
  Watcher* watchers_ = nullptr;
};

}  // namespace stillpoint::kernel
