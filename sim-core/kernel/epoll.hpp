#pragma once
// epoll(7): an interest list, and a ready list in the order in which items became ready.
//
// As on Linux an item is queued when its file reports an event that it is interested in, is checked again when it is
// reported, and stays queued only if it is level-triggered and still ready. EPOLL_CTL_ADD and MOD queue an item that is
// ready already (Asio relies on MOD for its interrupter). Not modelled: the limits on the number of paths from a file
// to epoll instances (reverse_path_check() in Linux's fs/eventpoll.c). EPOLLWAKEUP means nothing: hosts do not suspend.
#include <sys/epoll.h>

#include <map>
#include <vector>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

struct EpollItem final : Watcher {
  void on_ready(std::uint32_t ready, EventId cause) override;
  bool on_ready_exclusively(std::uint32_t ready, EventId cause) override;
  void on_gone() override;

  Epoll* epoll = nullptr;
  File* file = nullptr;
  int descriptor = -1;
  std::uint32_t events = 0;  // interest, with EPOLLET and EPOLLONESHOT
  std::uint64_t data = 0;
  bool queued = false;
  EpollItem* previous_ready = nullptr;
  EpollItem* next_ready = nullptr;
};

class Epoll final : public File {
 public:
  explicit Epoll(Host& host) : File(host) {}
  Epoll* as_epoll() override { return this; }
  std::uint32_t poll() override { return any_ready() ? std::uint32_t{EPOLLIN} | EPOLLRDNORM : 0; }
  void on_close() override;
  Result<off_t> seek(off_t offset, int whence) override { return seek_nowhere(offset, whence); }
  bool can_read() const override { return false; }
  bool can_write() const override { return false; }
  int unknown_request() const override { return EINVAL; }  // ep_eventpoll_ioctl()
  Result<int> unread() override { return Failure{EINVAL}; }

  // EEXIST, ENOENT, EINVAL; ELOOP for instances that contain each other, or lie more than five deep.
  Status control(int operation, int descriptor, File& file, const epoll_event* event);
  // Reports what is ready, without waiting; at most `capacity` events. EFAULT: the first could not be written, and is
  // still to be reported.
  Result<int> collect(epoll_event* events, int capacity) {
    return first_ready_ == nullptr ? Result<int>(0) : collect_ready(events, capacity);
  }
  // True if collect() would report something. Drops items that have ceased to be ready.
  bool any_ready();

  // A thread in epoll_wait(2): holds the instance, and makes it one that exclusive events are given to.
  class Waiting {
   public:
    explicit Waiting(Epoll& epoll);
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;
    ~Waiting();
    // It found nothing, and goes to sleep again.
    void again() { woken_ = false; }

   private:
    friend class Epoll;
    Epoll& epoll_;
    bool woken_ = false;
  };

 private:
  friend struct EpollItem;
  // Whether a thread that sleeps in epoll_wait will look.
  bool mark_ready(EpollItem& item, std::uint32_t events, EventId cause);
  Result<int> collect_ready(epoll_event* events, int capacity);
  Status add(int descriptor, File& file, const epoll_event& event);
  Status modify(EpollItem& item, const epoll_event& event);
  bool wake_sleeper();
  bool reaches(const Epoll& other) const;
  int depth_below() const;
  int depth_above() const;
  void enqueue(EpollItem& item);
  void enqueue_first(EpollItem& item);
  void dequeue(EpollItem& item);
  void remove(EpollItem& item);

  // By descriptor and file: a descriptor may be used again while a duplicate keeps its former file, and item, alive.
  std::map<std::pair<int, std::uint64_t>, EpollItem> items_;
  EpollItem* first_ready_ = nullptr;
  EpollItem* last_ready_ = nullptr;
  std::vector<Epoll*> holders_;  // the instances that this one is an item of
  std::vector<Waiting*> waiting_;
};

}  // namespace stillpoint::kernel
