#include "sim-core/kernel/pipe.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "sim-core/kernel/transfer.hpp"

namespace stillpoint::kernel {
namespace {

constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDNORM;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM;
// What is said without a reason is news to everybody (ep_poll_callback() in Linux's fs/eventpoll.c).
constexpr std::uint32_t kEverything = kReadable | kWritable | EPOLLERR | EPOLLHUP;
constexpr std::size_t kMostBytes = 1 << 20;  // /proc/sys/fs/pipe-max-size

// Copies `size` bytes of a row of buffers, from its byte `from` on.
void gather(std::span<const iovec> parts, std::size_t from, std::size_t size, char* to) {
  for (const iovec& part : parts) {
    const std::size_t skip = std::min(from, part.iov_len);
    const std::size_t chunk = std::min(part.iov_len - skip, size);
    if (chunk > 0) std::memcpy(to, static_cast<const char*>(part.iov_base) + skip, chunk);
    from -= skip;
    size -= chunk;
    to += chunk;
  }
}

void scatter(std::span<const iovec> parts, std::size_t at, std::size_t size, const char* from) {
  for (const iovec& part : parts) {
    const std::size_t skip = std::min(at, part.iov_len);
    const std::size_t chunk = std::min(part.iov_len - skip, size);
    if (chunk > 0) std::memcpy(static_cast<char*>(part.iov_base) + skip, from, chunk);
    at -= skip;
    size -= chunk;
    from += chunk;
  }
}

}  // namespace

// ---- the ring ----

int Pipe::unread() const {
  std::size_t bytes = 0;
  for (const Page& page : pages_) bytes += page.end - page.begin;
  return static_cast<int>(bytes);
}

Pipe::Page& Pipe::add_page() {
  Page& page = pages_.emplace_back();
  if (spare_.empty()) {
    page.bytes = std::make_unique<char[]>(kPage);
  } else {
    page.bytes = std::move(spare_.back());
    spare_.pop_back();
  }
  return page;
}

void Pipe::drop_page() {
  spare_.push_back(std::move(pages_.front().bytes));
  pages_.pop_front();
}

// pipe_set_size() in Linux's fs/pipe.c.
Result<int> Pipe::set_capacity(long bytes) {
  const auto wanted = static_cast<unsigned>(bytes);
  if (wanted > 1u << 31) return Failure{EINVAL};
  const std::size_t rounded = std::bit_ceil(std::max<std::size_t>(wanted, kPage));
  if (rounded > capacity() && rounded > kMostBytes) return Failure{EPERM};
  if (rounded / kPage < pages_.size()) return Failure{EBUSY};
  slots_ = rounded / kPage;
  spare_.clear();
  if (writer_ != nullptr) writer_->notify(kEverything, kNoEvent);
  return static_cast<int>(rounded);
}

void Pipe::end_closed() {
  if (reader_ != nullptr) reader_->notify(kEverything, kNoEvent);
  if (writer_ != nullptr) writer_->notify(kEverything, kNoEvent);
}

// ---- the reading end ----

PipeReader::PipeReader(Host& host, std::shared_ptr<Pipe> pipe) : PipeEnd(host, std::move(pipe)) {
  pipe_->reader_ = this;
  pipe_->inode_ = number();
}

std::uint32_t PipeReader::poll() {
  return (pipe_->pages_.empty() ? 0u : kReadable) | (pipe_->writer_ == nullptr ? EPOLLHUP : 0u);
}

Result<std::size_t> PipeReader::read(std::span<const iovec> parts) {
  const std::size_t wanted = total_size(parts);
  if (wanted == 0) return std::size_t{0};
  Pipe& pipe = *pipe_;
  if (pipe.pages_.empty()) {
    if (pipe.writer_ == nullptr) return std::size_t{0};
    return Failure{EAGAIN};
  }
  const bool was_full = pipe.full();
  std::size_t done = 0;
  while (done < wanted && !pipe.pages_.empty()) {
    Pipe::Page& page = pipe.pages_.front();
    const std::size_t chunk = std::min(page.end - page.begin, wanted - done);
    if (!is_writable(parts, done + chunk)) {  // the page stays as it is
      if (done == 0) return Failure{EFAULT};
      break;
    }
    scatter(parts, done, chunk, page.bytes.get() + page.begin);
    page.begin += chunk;
    done += chunk;
    if (page.begin == page.end) pipe.drop_page();
  }
  if (was_full && !pipe.full() && pipe.writer_ != nullptr) pipe.writer_->notify(kWritable, kNoEvent);
  return done;
}

void PipeReader::on_close() {
  pipe_->reader_ = nullptr;
  pipe_->end_closed();
}

// ---- the writing end ----

PipeWriter::PipeWriter(Host& host, std::shared_ptr<Pipe> pipe) : PipeEnd(host, std::move(pipe)) {
  pipe_->writer_ = this;
}

std::uint32_t PipeWriter::poll() {
  return (pipe_->full() ? 0u : kWritable) | (pipe_->reader_ == nullptr ? EPOLLERR : 0u);
}

// pipe_write() in Linux's fs/pipe.c.
Result<std::size_t> PipeWriter::write(std::span<const iovec> parts) {
  const std::size_t wanted = total_size(parts);
  if (wanted == 0) return std::size_t{0};
  Pipe& pipe = *pipe_;
  if (pipe.reader_ == nullptr) return Failure{EPIPE};
  std::size_t done = 0;
  bool faulted = false;
  const std::size_t odd = wanted % Pipe::kPage;
  if (odd > 0 && !pipe.pages_.empty()) {
    Pipe::Page& last = pipe.pages_.back();
    if (last.end + odd <= Pipe::kPage) {
      faulted = !is_readable(parts, odd);
      if (!faulted) {
        gather(parts, 0, odd, last.bytes.get() + last.end);
        last.end += odd;
        done = odd;
      }
    }
  }
  while (!faulted && done < wanted && !pipe.full()) {
    const std::size_t chunk = std::min(Pipe::kPage, wanted - done);
    faulted = !is_readable(parts, done + chunk);
    if (faulted) break;
    Pipe::Page& page = pipe.add_page();
    page.end = chunk;
    gather(parts, done, page.end, page.bytes.get());
    done += page.end;
  }
  pipe.reader_->notify(kReadable, kNoEvent);
  if (done == 0) return Failure{faulted ? EFAULT : EAGAIN};
  return done;
}

void PipeWriter::on_close() {
  pipe_->writer_ = nullptr;
  pipe_->end_closed();
}

}  // namespace stillpoint::kernel
