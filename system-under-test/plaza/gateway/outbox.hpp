// What waits to be sent to one connection, in order: texts, and places of pushes.
//
// Texts are bounded in number and bytes. A place is a topic whose text is looked up when its turn comes, so it is
// always the newest; a topic has one place at most, and so cannot fill the queue.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <optional>

#include "system-under-test/plaza/gateway/feed.hpp"

namespace plaza {

class Outbox {
 public:
  struct Limits {
    std::size_t messages_most = 256;
    std::size_t bytes_most = 1024 * 1024;
  };
  // One of both is there.
  struct Item {
    SharedText text;
    std::shared_ptr<Topic> topic;
  };

  explicit Outbox(Limits limits) : limits_(limits) {}

  // False if there is no room, and then nothing has changed.
  [[nodiscard]] bool put(SharedText text);
  // At the end, unless it has a place already. Gives back whether it had none.
  bool put(const std::shared_ptr<Topic>& topic);
  void remove(const std::shared_ptr<Topic>& topic);
  std::optional<Item> take();
  void clear();

  bool empty() const { return items_.empty(); }
  std::size_t size() const { return items_.size(); }
  std::size_t bytes() const { return bytes_; }  // of texts

 private:
  Limits limits_;
  std::deque<Item> items_;
  std::size_t texts_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace plaza
