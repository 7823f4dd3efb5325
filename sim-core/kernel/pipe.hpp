#pragma once
// pipe(7): bytes from one end to the other, through a ring of pages.
//
// As on Linux (fs/pipe.c) a pipe holds so many pages, not so many bytes: a write begins a page of its own unless its
// odd bytes fit into the last one, and a page is free again once it was read to its end. Writes of up to PIPE_BUF bytes
// are never split. Who watches the reading end hears of every write, also of one that found no room. Not modelled:
// packets (O_DIRECT), and pages that were given by splice(2).
#include <deque>
#include <memory>
#include <vector>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

class PipeEnd;
class PipeReader;
class PipeWriter;

class Pipe {
 public:
  static constexpr std::size_t kPage = 4096;

  std::size_t capacity() const { return slots_ * kPage; }
  // F_SETPIPE_SZ: rounds up to a power of two pages, and gives what it has become. EBUSY if there is more in it, EPERM
  // beyond /proc/sys/fs/pipe-max-size, EINVAL.
  Result<int> set_capacity(long bytes);

 private:
  friend class PipeEnd;
  friend class PipeReader;
  friend class PipeWriter;
  struct Page {
    std::unique_ptr<char[]> bytes;
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  bool full() const { return pages_.size() >= slots_; }
  int unread() const;
  Page& add_page();
  void drop_page();
  // One of the ends was closed; the other one, if it is still there, hears of it.
  void end_closed();

  std::size_t slots_ = 16;
  std::deque<Page> pages_;  // the oldest first
  std::vector<std::unique_ptr<char[]>> spare_;
  std::uint64_t inode_ = 0;
  PipeReader* reader_ = nullptr;  // null once closed
  PipeWriter* writer_ = nullptr;
};

// What both ends have of their pipe.
class PipeEnd : public File {
 public:
  PipeEnd(Host& host, std::shared_ptr<Pipe> pipe) : File(host), pipe_(std::move(pipe)) {}
  Result<int> unread() override { return pipe_->unread(); }
  Result<mode_t> mode() const override { return mode_t{S_IFIFO | 0600}; }
  std::uint64_t inode() const override { return pipe_->inode_; }
  Pipe* as_pipe() override { return pipe_.get(); }

 protected:
  std::shared_ptr<Pipe> pipe_;
};

class PipeReader final : public PipeEnd {
 public:
  PipeReader(Host& host, std::shared_ptr<Pipe> pipe);
  std::uint32_t poll() override;
  // EAGAIN while it is empty and somebody may write.
  Result<std::size_t> read(std::span<const iovec> parts) override;
  Result<std::size_t> write(std::span<const iovec>) override { return Failure{EBADF}; }
  int access_mode() const override { return O_RDONLY; }
  void on_close() override;

 private:
  friend class Pipe;
  friend class PipeWriter;
};

class PipeWriter final : public PipeEnd {
 public:
  PipeWriter(Host& host, std::shared_ptr<Pipe> pipe);
  std::uint32_t poll() override;
  Result<std::size_t> read(std::span<const iovec>) override { return Failure{EBADF}; }
  // EPIPE; EAGAIN if nothing was written. Fewer bytes than given only if there are more than PIPE_BUF.
  Result<std::size_t> write(std::span<const iovec> parts) override;
  int access_mode() const override { return O_WRONLY; }
  void on_close() override;

 private:
  friend class Pipe;
  friend class PipeReader;
};

}  // namespace stillpoint::kernel
