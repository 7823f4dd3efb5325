#pragma once
// What a host's descriptors 0, 1 and 2 refer to from the start: an input that is empty, as /dev/null is, and two
// outputs that make lines of the host's log, as the pipes are that a service manager gives its services: always
// writable, and never broken.
#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

// null(4), opened for reading.
class NullInput final : public File {
 public:
  using File::File;
  // As poll(2) says of a file that has no readiness of its own (DEFAULT_POLLMASK in Linux's include/linux/poll.h).
  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec>) override { return std::size_t{0}; }
  Result<std::size_t> write(std::span<const iovec>) override { return Failure{EBADF}; }
  Result<off_t> seek(off_t offset, int whence) override;
  int access_mode() const override { return O_RDONLY; }
  Result<mode_t> mode() const override { return mode_t{S_IFCHR | 0666}; }
  bool can_be_watched() const override { return false; }
};

class LogOutput final : public File {
 public:
  // `stream` is what lines of the log carry: 1 for the standard output, 2 for the standard error.
  LogOutput(Host& host, unsigned stream) : File(host), stream_(stream) {}
  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec>) override { return Failure{EBADF}; }
  Result<std::size_t> write(std::span<const iovec> parts) override;
  Result<int> unread() override { return 0; }
  int access_mode() const override { return O_WRONLY; }
  Result<mode_t> mode() const override { return mode_t{S_IFIFO | 0600}; }

 private:
  unsigned stream_;
};

// Opens the three on a host that has no descriptors yet.
void open_standard_streams(Host& host);

}  // namespace stillpoint::kernel
