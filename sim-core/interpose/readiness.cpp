// Waiting until descriptors are ready: poll(2), select(2), epoll(7).
#include <limits.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/time.h>

#include <bit>
#include <memory>

#include "sim-core/interpose/arguments.hpp"
#include "sim-core/interpose/waiting.hpp"
#include "sim-core/kernel/clock.hpp"
#include "sim-core/kernel/epoll.hpp"

namespace {

using stillpoint::Duration;
using stillpoint::Failure;
using stillpoint::is_readable;
using stillpoint::is_writable;
using stillpoint::may_be_memory;
using stillpoint::Result;
using stillpoint::VirtualTime;
using stillpoint::interpose::Call;
using stillpoint::interpose::fail;
using stillpoint::interpose::finish;
using stillpoint::interpose::interrupted;
using stillpoint::interpose::is_readable_mask;
using stillpoint::interpose::MaskForWait;
using stillpoint::interpose::on_exec;
using stillpoint::interpose::require_sleep;
using stillpoint::interpose::unsupported;
using stillpoint::interpose::wait_for;
using stillpoint::kernel::Epoll;
using stillpoint::kernel::File;
using stillpoint::kernel::Host;
using stillpoint::kernel::WaitSet;
using stillpoint::kernel::Woken;

// ---- time-outs ----

// How long a call may wait: not at all, until a deadline, or for ever.
struct Patience {
  bool none = false;
  stillpoint::kernel::Deadline deadline = std::nullopt;
};

Patience patience_of(const Host& host, int timeout_ms) {
  Patience patience{.none = timeout_ms == 0};
  if (timeout_ms > 0) patience.deadline = host.clocks().after(host.now(), std::chrono::milliseconds(timeout_ms));
  return patience;
}

// Null: for ever. EINVAL.
Result<Patience> patience_of(const Host& host, const timespec* timeout) {
  if (timeout == nullptr) return Patience{};
  if (!stillpoint::kernel::valid(*timeout)) return Failure{EINVAL};
  const Duration duration = stillpoint::kernel::duration_of(*timeout);
  return Patience{duration == Duration::zero(), host.clocks().after(host.now(), duration)};
}

// ---- poll ----

short poll_one(Host& host, const pollfd& entry) {
  if (entry.fd < 0) return 0;
  File* file = host.descriptors.find(entry.fd);
  if (file == nullptr) return POLLNVAL;
  // The low POLL* and EPOLL* bits are the same.
  return static_cast<short>(static_cast<int>(file->poll()) & (entry.events | POLLERR | POLLHUP));
}

int look_at_all(Host& host, pollfd* entries, unsigned count) {
  int ready = 0;
  for (unsigned i = 0; i < count; ++i) {
    entries[i].revents = poll_one(host, entries[i]);
    ready += entries[i].revents != 0;
  }
  return ready;
}

int poll_row(Host& host, const Call& call, pollfd* entries, unsigned count, Patience patience) {
  int ready = look_at_all(host, entries, count);
  if (ready > 0) return ready;
  if (patience.none) return interrupted(host) ? fail(host, call, EINTR) : 0;
  require_sleep(host, call);
  WaitSet waits(*host.running_task());
  for (unsigned i = 0; i < count; ++i) {
    File* file = entries[i].fd < 0 ? nullptr : host.descriptors.find(entries[i].fd);
    if (file != nullptr) waits.add(*file, static_cast<std::uint32_t>(static_cast<unsigned short>(entries[i].events)));
  }
  while (ready == 0) {
    const Woken woken = host.sleep(patience.deadline);
    if (woken == Woken::by_signal) return fail(host, call, EINTR);
    ready = look_at_all(host, entries, count);
    if (woken == Woken::by_timeout) break;
  }
  return ready;
}

// do_sys_poll() in Linux's fs/select.c, which counts in 32 bits. It reads the row first, and writes to it last.
int poll_all(Host& host, const Call& call, pollfd* entries, nfds_t wide_count, Patience patience) {
  const auto count = static_cast<unsigned>(wide_count);
  if (count > static_cast<unsigned>(host.descriptors.limit())) return fail(host, call, EINVAL);
  if (is_writable(entries, count)) [[likely]]
    return poll_row(host, call, entries, count, patience);
  if (!is_readable(entries, count)) return fail(host, call, EFAULT);
  std::vector<pollfd> copy(entries, entries + count);
  const int ready = poll_row(host, call, copy.data(), count, patience);
  return ready < 0 ? ready : fail(host, call, EFAULT);
}

// ---- select ----

// What counts as readable, writable and exceptional (do_select() in Linux's fs/select.c).
constexpr std::uint32_t kReadable = EPOLLIN | EPOLLRDNORM | EPOLLRDBAND | EPOLLHUP | EPOLLERR;
constexpr std::uint32_t kWritable = EPOLLOUT | EPOLLWRNORM | EPOLLWRBAND | EPOLLERR;
constexpr std::uint32_t kExceptional = EPOLLPRI;

// A row of bits as fd_set has them. It is not bound to FD_SETSIZE: a program may have made a longer one.
class Bits {
 public:
  explicit Bits(fd_set* set) : words_(reinterpret_cast<unsigned long*>(set)) {}
  // The bytes of so many bits: whole words. No set has none.
  bool can_be_read(int count) const { return words_ == nullptr || is_readable(words_, words(count)); }
  bool can_be_written(int count) const { return words_ == nullptr || is_writable(words_, words(count)); }
  bool has(int fd) const { return words_ != nullptr && (words_[word(fd)] & bit(fd)) != 0; }
  void set(int fd) { words_[word(fd)] |= bit(fd); }
  // As the kernel writes its answer: whole words of it.
  void clear(int count) {
    if (words_ == nullptr) return;
    for (int fd = 0; fd < count; fd += kBits) words_[word(fd)] = 0;
  }

 private:
  static constexpr int kBits = 8 * sizeof(unsigned long);
  static std::size_t words(int count) { return word(count + kBits - 1); }
  static std::size_t word(int fd) { return static_cast<std::size_t>(fd / kBits); }
  static unsigned long bit(int fd) { return 1ul << (fd % kBits); }
  unsigned long* words_;
};

// A descriptor that select looks at, and what for.
struct Selected {
  File* file;
  int fd;
  bool in;
  bool out;
  bool except;
  std::uint32_t events() const { return (in ? kReadable : 0) | (out ? kWritable : 0) | (except ? kExceptional : 0); }
};

// select() takes no notice of numbers beyond the process's table, which holds 64 descriptors at first and doubles.
int table_size(const Host& host) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(host.descriptors.end(), 64))));
}

int select_all(Host& host, const Call& call, int count, fd_set* in, fd_set* out, fd_set* except, Patience patience) {
  if (count < 0) return fail(host, call, EINVAL);
  const int end = std::min(count, table_size(host));
  Bits readable(in), writable(out), exceptional(except);
  const auto all = [&](auto can_be) { return can_be(readable) && can_be(writable) && can_be(exceptional); };
  if (!all([&](const Bits& bits) { return bits.can_be_read(end); })) return fail(host, call, EFAULT);
  std::vector<Selected> selected;
  for (int fd = 0; fd < end; ++fd) {
    const Selected each{host.descriptors.find(fd), fd, readable.has(fd), writable.has(fd), exceptional.has(fd)};
    if (each.events() == 0) continue;
    if (each.file == nullptr) return fail(host, call, EBADF);
    selected.push_back(each);
  }
  const auto any_ready = [&] {
    return std::ranges::any_of(selected, [](const Selected& each) { return (each.file->poll() & each.events()) != 0; });
  };
  std::optional<WaitSet> waits;  // holds the files
  bool over = any_ready();
  if (!over && patience.none) {
    if (interrupted(host)) return fail(host, call, EINTR);
    over = true;
  }
  if (!over) {
    require_sleep(host, call);
    waits.emplace(*host.running_task());
    for (const Selected& each : selected) waits->add(*each.file, each.events());
  }
  while (!over) {
    const Woken woken = host.sleep(patience.deadline);
    if (woken == Woken::by_signal) return fail(host, call, EINTR);
    over = woken == Woken::by_timeout || any_ready();
  }
  if (!all([&](const Bits& bits) { return bits.can_be_written(end); })) return fail(host, call, EFAULT);
  for (Bits* bits : {&readable, &writable, &exceptional}) bits->clear(end);
  int ready = 0;
  const auto answer = [&ready](bool asked, std::uint32_t events, Bits& bits, int fd) {
    if (!asked || events == 0) return;
    bits.set(fd);
    ++ready;
  };
  for (const Selected& each : selected) {
    const std::uint32_t events = each.file->poll();
    answer(each.in, events & kReadable, readable, each.fd);
    answer(each.out, events & kWritable, writable, each.fd);
    answer(each.except, events & kExceptional, exceptional, each.fd);
  }
  return ready;
}

// ---- epoll ----

// Out of line: what an event loop asks for never sleeps, and need not save registers for what does.
[[gnu::noinline]] int sleep_on_epoll(Host& host, const Call& call, Epoll& epoll, epoll_event* events, int capacity,
                                     const Patience& patience) {
  require_sleep(host, call);
  Epoll::Waiting waiting(epoll);
  for (;;) {
    const Woken woken = wait_for(host, epoll, EPOLLIN, patience.deadline);
    if (woken == Woken::by_signal) return fail(host, call, EINTR);
    const Result<int> count = epoll.collect(events, capacity);
    if (!count || count.value() > 0 || woken == Woken::by_timeout) return finish<int>(host, call, count);
    waiting.again();
  }
}

// `patience_of_call` is asked only if nothing is ready: an event loop finds something, or does not wait.
template <typename PatienceOfCall>
int wait_epoll(Host& host, const Call& call, int fd, epoll_event* events, int capacity,
               PatienceOfCall patience_of_call) {
  File* file = host.descriptors.find(fd);
  if (file == nullptr) return fail(host, call, EBADF);
  constexpr int kMostEvents = INT_MAX / static_cast<int>(sizeof(epoll_event));  // EP_MAX_EVENTS
  if (capacity <= 0 || capacity > kMostEvents) return fail(host, call, EINVAL);
  // Whether there is memory shows where an event is written; whether there can be, in any case.
  const auto misplaced = [&] { return !may_be_memory(events, static_cast<std::size_t>(capacity) * sizeof *events); };
  Epoll* epoll = file->as_epoll();
  if (epoll == nullptr) return fail(host, call, misplaced() ? EFAULT : EINVAL);
  const Result<int> count = epoll->collect(events, capacity);
  if (!count) [[unlikely]]
    return fail(host, call, count.error());
  if (count.value() > 0) return count.value();
  if (misplaced()) [[unlikely]]
    return fail(host, call, EFAULT);
  const Patience patience = patience_of_call();
  if (patience.none) return 0;
  return sleep_on_epoll(host, call, *epoll, events, capacity, patience);
}

int create_epoll(Host& host, const Call& call, int flags) {
  return finish<int>(host, call, host.descriptors.add(std::make_unique<Epoll>(host), on_exec(flags)));
}

}  // namespace

SP_CALL(int, poll, (pollfd * entries, nfds_t count, int timeout), (entries, count, timeout)) {
  return poll_all(host, call, entries, count, patience_of(host, timeout));
}

SP_CALL_AS(int, poll_chk, "__poll_chk", (pollfd * entries, nfds_t count, int timeout, size_t room),
           (entries, count, timeout, room)) {
  if (count * sizeof(pollfd) > room) unsupported(host, call, "buffer overflow detected");
  return poll_all(host, call, entries, count, patience_of(host, timeout));
}

SP_CALL(int, ppoll, (pollfd * entries, nfds_t count, const timespec* timeout, const sigset_t* mask),
        (entries, count, timeout, mask)) {
  const auto patience = patience_of(host, timeout);
  if (!patience) return fail(host, call, patience.error());
  if (!is_readable_mask(mask)) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return poll_all(host, call, entries, count, patience.value());
}

SP_CALL_AS(int, ppoll_chk, "__ppoll_chk",
           (pollfd * entries, nfds_t count, const timespec* timeout, const sigset_t* mask, size_t room),
           (entries, count, timeout, mask, room)) {
  if (count * sizeof(pollfd) > room) unsupported(host, call, "buffer overflow detected");
  const auto patience = patience_of(host, timeout);
  if (!patience) return fail(host, call, patience.error());
  if (!is_readable_mask(mask)) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return poll_all(host, call, entries, count, patience.value());
}

// What is a bad time-out here crashes glibc's select, ppoll and pselect too, which look at it before Linux does.
//
// Linux's select leaves in `timeout` what was not slept (select(2)); more than a second of microseconds is taken.
SP_CALL(int, select, (int count, fd_set* in, fd_set* out, fd_set* except, timeval* timeout),
        (count, in, out, except, timeout)) {
  if (timeout == nullptr) return select_all(host, call, count, in, out, except, {});
  if (timeout->tv_sec < 0 || timeout->tv_usec < 0) return fail(host, call, EINVAL);
  const timespec time{timeout->tv_sec + timeout->tv_usec / 1'000'000, timeout->tv_usec % 1'000'000 * 1'000};
  const Patience patience = patience_of(host, &time).value();
  const int ready = select_all(host, call, count, in, out, except, patience);
  const Duration left =
      std::max(patience.deadline.value() - host.clocks().read(CLOCK_MONOTONIC, host.now()), Duration::zero());
  const timespec rest = stillpoint::kernel::timespec_of(left);
  *timeout = {rest.tv_sec, rest.tv_nsec / 1'000};
  return ready;
}

SP_CALL(int, pselect,
        (int count, fd_set* in, fd_set* out, fd_set* except, const timespec* timeout, const sigset_t* mask),
        (count, in, out, except, timeout, mask)) {
  const auto patience = patience_of(host, timeout);
  if (!patience) return fail(host, call, patience.error());
  if (!is_readable_mask(mask)) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return select_all(host, call, count, in, out, except, patience.value());
}

// What FD_SET and its kin become in a fortified build: the word of a descriptor's bit.
SP_CALL_AS(long, fdelt_chk, "__fdelt_chk", (long fd), (fd)) {
  if (fd < 0 || fd >= FD_SETSIZE) unsupported(host, call, "buffer overflow detected");
  return fd / NFDBITS;
}

SP_CALL(int, epoll_create1, (int flags), (flags)) {
  if ((flags & ~EPOLL_CLOEXEC) != 0) return fail(host, call, EINVAL);
  return create_epoll(host, call, flags);
}

SP_CALL(int, epoll_create, (int size), (size)) {
  if (size <= 0) return fail(host, call, EINVAL);
  return create_epoll(host, call, 0);
}

// The order of the checks is that of do_epoll_ctl() in Linux's fs/eventpoll.c.
SP_CALL(int, epoll_ctl, (int epfd, int operation, int fd, epoll_event* event), (epfd, operation, fd, event)) {
  if (operation != EPOLL_CTL_DEL && !is_readable(event)) return fail(host, call, EFAULT);
  File* watcher = host.descriptors.find(epfd);
  File* file = host.descriptors.find(fd);
  if (watcher == nullptr || file == nullptr) return fail(host, call, EBADF);
  if (!file->can_be_watched()) return fail(host, call, EPERM);
  Epoll* epoll = watcher->as_epoll();
  if (epoll == nullptr || file == watcher) return fail(host, call, EINVAL);
  return finish(host, call, epoll->control(operation, fd, *file, event));
}

SP_CALL(int, epoll_wait, (int epfd, epoll_event* events, int capacity, int timeout),
        (epfd, events, capacity, timeout)) {
  return wait_epoll(host, call, epfd, events, capacity, [&] { return patience_of(host, timeout); });
}

SP_CALL(int, epoll_pwait, (int epfd, epoll_event* events, int capacity, int timeout, const sigset_t* mask),
        (epfd, events, capacity, timeout, mask)) {
  if (!is_readable_mask(mask)) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return wait_epoll(host, call, epfd, events, capacity, [&] { return patience_of(host, timeout); });
}

SP_CALL(int, epoll_pwait2, (int epfd, epoll_event* events, int capacity, const timespec* timeout, const sigset_t* mask),
        (epfd, events, capacity, timeout, mask)) {
  if (timeout != nullptr && !is_readable(timeout)) return fail(host, call, EFAULT);
  const auto patience = patience_of(host, timeout);
  if (!patience) return fail(host, call, patience.error());
  if (!is_readable_mask(mask)) return fail(host, call, EFAULT);
  const MaskForWait masked(host, mask);
  return wait_epoll(host, call, epfd, events, capacity, [&] { return patience.value(); });
}
