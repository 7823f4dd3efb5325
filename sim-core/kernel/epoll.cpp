#include "sim-core/kernel/epoll.hpp"

#include <algorithm>
#include <utility>

#include "sim-core/base/program_memory.hpp"
#include "sim-core/kernel/host.hpp"

namespace stillpoint::kernel {
namespace {
// Reported whether asked for or not (epoll_ctl(2)).
constexpr std::uint32_t kAlways = EPOLLERR | EPOLLHUP;
// What is left of the interest of an EPOLLONESHOT item that has fired.
constexpr std::uint32_t kModes = EPOLLET | EPOLLONESHOT | EPOLLWAKEUP | EPOLLEXCLUSIVE;
// What may stand beside EPOLLEXCLUSIVE (EPOLLEXCLUSIVE_OK_BITS in Linux's fs/eventpoll.c).
constexpr std::uint32_t kWithExclusive =
    EPOLLIN | EPOLLOUT | EPOLLERR | EPOLLHUP | EPOLLWAKEUP | EPOLLET | EPOLLEXCLUSIVE;
// EP_MAX_NESTS in Linux's fs/eventpoll.c.
constexpr int kMostNests = 4;

std::uint32_t wanted(const EpollItem& item) { return item.events & ~kModes; }

}  // namespace

Status Epoll::control(int operation, int descriptor, File& file, const epoll_event* event) {
  const bool exclusive = operation != EPOLL_CTL_DEL && (event->events & EPOLLEXCLUSIVE) != 0;
  if (exclusive && operation == EPOLL_CTL_MOD) return Failure{EINVAL};
  if (exclusive && operation == EPOLL_CTL_ADD) {
    if (file.as_epoll() != nullptr || (event->events & ~kWithExclusive) != 0) return Failure{EINVAL};
  }
  if (operation == EPOLL_CTL_ADD && file.as_epoll() != nullptr) {
    const Epoll& inner = *file.as_epoll();
    if (inner.reaches(*this) || inner.depth_below() + 1 + depth_above() > kMostNests) return Failure{ELOOP};
  }
  const auto found = items_.find({descriptor, file.number()});
  switch (operation) {
    case EPOLL_CTL_DEL:
      if (found == items_.end()) return Failure{ENOENT};
      remove(found->second);
      items_.erase(found);
      return Done{};
    case EPOLL_CTL_ADD:
      return found != items_.end() ? Failure{EEXIST} : add(descriptor, file, *event);
    case EPOLL_CTL_MOD:
      return found == items_.end() ? Failure{ENOENT} : modify(found->second, *event);
    default:
      return Failure{EINVAL};
  }
}

Status Epoll::add(int descriptor, File& file, const epoll_event& event) {
  EpollItem& item = items_[{descriptor, file.number()}];
  item.epoll = this;
  item.file = &file;
  item.descriptor = descriptor;
  item.events = event.events | kAlways;
  item.data = event.data.u64;
  if ((event.events & EPOLLEXCLUSIVE) != 0) {
    file.watch_exclusively(item);
  } else {
    file.watch(item);
  }
  if (file.as_epoll() != nullptr) file.as_epoll()->holders_.push_back(this);
  if ((file.poll() & wanted(item)) != 0) mark_ready(item, file.poll(), kNoEvent);
  return Done{};
}

Status Epoll::modify(EpollItem& item, const epoll_event& event) {
  if ((item.events & EPOLLEXCLUSIVE) != 0) return Failure{EINVAL};
  item.events = event.events | kAlways;
  item.data = event.data.u64;
  mark_ready(item, item.file->poll(), kNoEvent);
  return Done{};
}

// ---- instances inside instances ----

bool Epoll::reaches(const Epoll& other) const {
  for (const auto& [key, item] : items_) {
    const Epoll* inner = item.file->as_epoll();
    if (inner != nullptr && (inner == &other || inner->reaches(other))) return true;
  }
  return false;
}

int Epoll::depth_below() const {
  int depth = 0;
  for (const auto& [key, item] : items_) {
    if (const Epoll* inner = item.file->as_epoll()) depth = std::max(depth, inner->depth_below() + 1);
  }
  return depth;
}

int Epoll::depth_above() const {
  int depth = 0;
  for (const Epoll* holder : holders_) depth = std::max(depth, holder->depth_above() + 1);
  return depth;
}

// ---- threads that wait ----

Epoll::Waiting::Waiting(Epoll& epoll) : epoll_(epoll) {
  epoll_.add_reference();
  epoll_.waiting_.push_back(this);
}

Epoll::Waiting::~Waiting() {
  std::erase(epoll_.waiting_, this);
  epoll_.drop_reference();
}

// One of them is enough for an event; who was woken already will find this one too.
bool Epoll::wake_sleeper() {
  for (Waiting* waiting : waiting_) {
    if (std::exchange(waiting->woken_, true)) continue;
    return true;
  }
  return false;
}

Result<int> Epoll::collect_ready(epoll_event* events, int capacity) {
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
      if (!is_writable(events + count)) [[unlikely]] {  // ep_send_events() in Linux's fs/eventpoll.c
        enqueue_first(item);
        return count > 0 ? Result<int>(count) : Failure{EFAULT};
      }
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

bool Epoll::mark_ready(EpollItem& item, std::uint32_t events, EventId cause) {
  if ((events & wanted(item)) == 0) return false;
  if (!item.queued) enqueue(item);
  host().wake_poller(cause);
  const bool woken = wake_sleeper();
  notify(EPOLLIN | EPOLLRDNORM, cause);
  return woken;
}

void EpollItem::on_ready(std::uint32_t ready, EventId cause) { epoll->mark_ready(*this, ready, cause); }

// ep_poll_callback(): an exclusive item has taken the event if somebody sleeps on its instance, and the event is of the
// direction that it asked for.
bool EpollItem::on_ready_exclusively(std::uint32_t ready, EventId cause) {
  const bool woken = epoll->mark_ready(*this, ready, cause);
  const std::uint32_t direction = ready & (EPOLLIN | EPOLLOUT);
  const bool both = direction == (EPOLLIN | EPOLLOUT);
  return woken && !both && (direction == 0 || (events & direction) != 0);
}

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
  if (Epoll* inner = item.file->as_epoll()) inner->holders_.erase(std::ranges::find(inner->holders_, this));
}

void Epoll::enqueue(EpollItem& item) {
  item.queued = true;
  item.previous_ready = last_ready_;
  item.next_ready = nullptr;
  (last_ready_ == nullptr ? first_ready_ : last_ready_->next_ready) = &item;
  last_ready_ = &item;
}

void Epoll::enqueue_first(EpollItem& item) {
  item.queued = true;
  item.previous_ready = nullptr;
  item.next_ready = first_ready_;
  (first_ready_ == nullptr ? last_ready_ : first_ready_->previous_ready) = &item;
  first_ready_ = &item;
}

void Epoll::dequeue(EpollItem& item) {
  (item.previous_ready == nullptr ? first_ready_ : item.previous_ready->next_ready) = item.next_ready;
  (item.next_ready == nullptr ? last_ready_ : item.next_ready->previous_ready) = item.previous_ready;
  item.queued = false;
}

}  // namespace stillpoint::kernel
