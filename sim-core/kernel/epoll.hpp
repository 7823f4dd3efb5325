#pragma once
// epoll(7): an interest list, and a ready list in the order in which items became ready.
//
// As on Linux an item is queued when its file reports an event that it is interested in, is checked again when it is
// reported, and stays queued only if it is level-triggered and still ready. EPOLL_CTL_ADD and MOD queue an item that is
// ready already (Asio relies on MOD for its interrupter). Not modelled: an epoll descriptor inside another,
// EPOLLEXCLUSIVE, EPOLLWAKEUP.
#include <sys/epoll.h>

#include <map>

#include "sim-core/kernel/file.hpp"

namespace stillpoint::kernel {

struct EpollItem final : Watcher {
  void on_ready(std::uint32_t ready, EventId cause) override;
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

  // EEXIST, ENOENT, EINVAL.
  Status control(int operation, int descriptor, File& file, const epoll_event* event);
  // Reports what is ready, without waiting; at most `capacity` events.
  int collect(epoll_event* events, int capacity);
  // True if collect() would report something. Drops items that have ceased to be ready.
  bool any_ready();

 private:
  friend struct EpollItem;
  void mark_ready(EpollItem& item, std::uint32_t events, EventId cause);
  void enqueue(EpollItem& item);
  void dequeue(EpollItem& item);
  void remove(EpollItem& item);

  // By descriptor and file: a descriptor may be used again while a duplicate keeps its former file, and item, alive.
  std::map<std::pair<int, std::uint64_t>, EpollItem> items_;
  EpollItem* first_ready_ = nullptr;
  EpollItem* last_ready_ = nullptr;
};

}  // namespace stillpoint::kernel
