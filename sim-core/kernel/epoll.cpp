#include "sim-core/kernel/epoll.hpp"

#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {
namespace {
// Reported whether asked for or not (epoll_ctl(2)).
constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
// What is left of the interest of an EPOLLONESHOT item that has fired.
constexpr std::uint32_t kModes = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;

std::uint32_t wanted(const EpollItem& item) { return item.events & ~kModes; }

}  // namespace

Status Epoll::control(int operation, int descriptor, File& file, const epoll_event* event) {
  const auto found = items_.find({descriptor, file.number()});
  if (operation == EPOLL_CTL_DEL) {
    if (found == items_.end()) return Failure{ENOENT};
    remove(found->second);
    items_.erase(found);
    return Done{};
  }
  if (operation == EPOLL_CTL_ADD) {
    if (found != items_.end()) return Failure{EEXIST};
    EpollItem& item = items_[{descriptor, file.number()}];
    item.epoll = this;
    item.file = &file;
    item.descriptor = descriptor;
    item.events = event->events | kAlways;
    item.data = event->data.u64;
    file.watch(item);
    if ((file.poll() & wanted(item)) != 0) mark_ready(item, file.poll(), kNoEvent);
    return Done{};
  }
  if (operation != EPOLL_CTL_MOD) return Failure{EINVAL};
  if (found == items_.end()) return Failure{ENOENT};
  EpollItem& item = found->second;
  item.events = event->events | kAlways;
  item.data = event->data.u64;
  mark_ready(item, file.poll(), kNoEvent);
  return Done{};
}

int Epoll::collect(epoll_event* events, int capacity) {
  int count = 0;
  // Level-triggered items return to the end of the list: stop where the list began, or one call could report an item
  // twice.
  EpollItem* const last = last_ready_;
  while (first_ready_ != nullptr && count < capacity) {
    EpollItem& item = *first_ready_;
    const bool was_last = &item == last;
    dequeue(item);
    const std::uint32_t ready = item.file->poll() & wanted(item);
    if (ready != 0) {
      events[count].events = ready;
      events[count].data.u64 = item.data;
      ++count;
      if ((item.events & EPOLLONESHOT) != 0) {
        item.events &= kModes;
      } else if ((item.events & EPOLLET) == 0) {
        enqueue(item);
        host().wake_poller(kNoEvent);  // as long as it stays ready, a wait would return at once
      }
    }
    if (was_last) break;
  }
  return count;
}

bool Epoll::any_ready() {
  while (first_ready_ != nullptr) {
    if ((first_ready_->file->poll() & wanted(*first_ready_)) != 0) return true;
    dequeue(*first_ready_);
  }
  return false;
}

void Epoll::mark_ready(EpollItem& item, std::uint32_t events, EventId cause) {
  if ((events & wanted(item)) == 0) return;
  if (!item.queued) enqueue(item);
  host().wake_poller(cause);
  notify(EPOLLIN | EPOLLRDNORM, cause);
}

void EpollItem::on_ready(std::uint32_t ready, EventId cause) { epoll->mark_ready(*this, ready, cause); }

void EpollItem::on_gone() {
  Epoll& owner = *epoll;
  const std::pair key{descriptor, file->number()};
  owner.remove(*this);
  owner.items_.erase(key);
}

void Epoll::on_close() {
  for (auto& [key, item] : items_) remove(item);
  items_.clear();
}

void Epoll::remove(EpollItem& item) {
  if (item.queued) dequeue(item);
  item.file->leave(item);
}

void Epoll::enqueue(EpollItem& item) {
  item.queued = true;
  item.previous_ready = last_ready_;
  item.next_ready = nullptr;
  (last_ready_ == nullptr ? first_ready_ : last_ready_->next_ready) = &item;
  last_ready_ = &item;
}

void Epoll::dequeue(EpollItem& item) {
  (item.previous_ready == nullptr ? first_ready_ : item.previous_ready->next_ready) = item.next_ready;
  (item.next_ready == nullptr ? last_ready_ : item.next_ready->previous_ready) = item.previous_ready;
  item.queued = false;
}

}  // namespace stillpoint::kernel
