#include "sim-core/engine/event_queue.hpp"

namespace stillpoint {
namespace {
constexpr std::size_t kArity = 4;
constexpr int kSerialBits = 40;  // 1.1e12 schedulings; the 24 bits above them are the rank
}  // namespace

Event::~Event() { SP_ASSERT(!scheduled()); }

void EventQueue::schedule_placed(Event& event, VirtualTime at, Rank rank) {
  SP_ASSERT(at >= now_);
  const std::uint64_t serial = ++serial_;
  SP_ASSERT(serial < (std::uint64_t{1} << kSerialBits));
  const Entry entry{at, (std::uint64_t{rank & kEveryRank} << kSerialBits) | serial, &event};
  if (event.scheduled()) return move(entry);
  if (!vacant_) return append(entry);
  vacant_ = false;
  sift_down(0, at, entry.sequence, event);
}

// Out of line, like move(): most events take the place of the one that schedules them, and need not save registers.
[[gnu::noinline]] void EventQueue::append(const Entry& entry) {
  heap_.emplace_back();
  sift_up(heap_.size() - 1, entry);
}

[[gnu::noinline]] void EventQueue::move(const Entry& entry) {
  fill_vacancy();
  const std::size_t index = entry.event->position_;
  if (entry.before(heap_[index])) {
    sift_up(index, entry);
  } else {
    sift_down(index, entry.at, entry.sequence, *entry.event);
  }
}

void EventQueue::cancel(Event& event) {
  if (!event.scheduled()) return;
  fill_vacancy();
  remove_at(event.position_);
}

void EventQueue::advance(VirtualTime to) {
  SP_ASSERT(to >= now_);
  fill_vacancy();
  SP_ASSERT(heap_.empty() || heap_.front().at >= to);
  now_ = to;
}

void EventQueue::fill_top() {
  vacant_ = false;
  const Entry taken = heap_.front();
  const Entry last = heap_.back();
  heap_.pop_back();
  if (heap_.empty()) return;
  sift_down(0, last.at, last.sequence, *last.event);
  SP_ASSERT(taken.before(heap_.front()));
}

void EventQueue::remove_at(std::size_t index) {
  heap_[index].event->position_ = Event::kNowhere;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (index == heap_.size()) return;
  if (index > 0 && last.before(heap_[(index - 1) / kArity])) {
    sift_up(index, last);
  } else {
    sift_down(index, last.at, last.sequence, *last.event);
  }
}

void EventQueue::sift_up(std::size_t index, Entry entry) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / kArity;
    if (!entry.before(heap_[parent])) break;
    place(index, heap_[parent]);
    index = parent;
  }
  place(index, entry);
}

std::size_t EventQueue::first_of(std::size_t first_child, std::size_t count) const {
  const Entry* const entries = heap_.data();
  if (first_child + kArity <= count) [[likely]] {
    // By sums and a choice, since branches on keys are mispredicted as often as not.
    static_assert(kArity == 4);
    const std::size_t left = first_child + (entries[first_child + 1].before(entries[first_child]) ? 1 : 0);
    const std::size_t right = first_child + 2 + (entries[first_child + 3].before(entries[first_child + 2]) ? 1 : 0);
    return entries[right].before(entries[left]) ? right : left;
  }
  std::size_t best = first_child;
  for (std::size_t child = first_child + 1; child < count; ++child) {
    if (entries[child].before(entries[best])) best = child;
  }
  return best;
}

void EventQueue::sift_down(std::size_t index, VirtualTime at, std::uint64_t sequence, Event& event) {
  const Entry entry{at, sequence, &event};
  const std::size_t count = heap_.size();
  for (;;) {
    const std::size_t first_child = index * kArity + 1;
    if (first_child >= count) break;
    const std::size_t best = first_of(first_child, count);
    if (!heap_[best].before(entry)) break;
    place(index, heap_[best]);
    index = best;
  }
  place(index, entry);
}

}  // namespace stillpoint
