#include "system-under-test/plaza/gateway/outbox.hpp"

#include <algorithm>
#include <utility>

namespace plaza {

bool Outbox::put(SharedText text) {
  if (texts_ >= limits_.messages_most || bytes_ + text->size() > limits_.bytes_most) return false;
  ++texts_;
  bytes_ += text->size();
  items_.push_back(Item{.text = std::move(text), .topic = nullptr});
  return true;
}

bool Outbox::put(const std::shared_ptr<Topic>& topic) {
  const auto is_its_place = [&topic](const Item& item) { return item.topic == topic; };
  if (std::any_of(items_.begin(), items_.end(), is_its_place)) return false;
  items_.push_back(Item{.text = nullptr, .topic = topic});
  return true;
}

void Outbox::remove(const std::shared_ptr<Topic>& topic) {
  std::erase_if(items_, [&topic](const Item& item) { return item.topic == topic; });
}

std::optional<Outbox::Item> Outbox::take() {
  if (items_.empty()) return std::nullopt;
  Item item = std::move(items_.front());
  items_.pop_front();
  if (item.text) {
    --texts_;
    bytes_ -= item.text->size();
  }
  return item;
}

void Outbox::clear() {
  items_.clear();
  texts_ = 0;
  bytes_ = 0;
}

}  // namespace plaza
