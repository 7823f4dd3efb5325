#include "system-under-test/plaza/gateway/feed.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <stillpoint/annotate.hpp>
#include <utility>

#include "system-under-test/plaza/protocol/messages.hpp"

namespace plaza {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Of a user who never had anything, a domain may know nothing; that is nothing strange to watch.
constexpr std::string_view kNothingOfUser = R"({"holds":[],"offers":[],"waits":[],"sales":[]})";

std::optional<std::string> view_of(const Machine& machine, const Topic& topic) {
  auto view = machine.view(topic.name);
  if (!view && topic.told_as == "user") view = kNothingOfUser;
  return view;
}

}  // namespace

Feed::Feed(const asio::any_io_executor& executor, std::shared_ptr<const Replica> replica, Options options)
    : timer_(executor), replica_(std::move(replica)), options_(options) {}

std::shared_ptr<Topic> Feed::watch(std::uint64_t watcher_id, Watcher& watcher, const std::string& name,
                                   std::string_view told_as) {
  auto found = topics_.find(name);
  if (found == topics_.end()) {
    const auto topic = std::make_shared<Topic>();
    topic->name = name;
    topic->told_as = told_as;
    topic->changed = replica_->machine().applied_index();
    if (!view_of(replica_->machine(), *topic)) return nullptr;
    found = topics_.emplace(name, topic).first;
  }
  found->second->watchers[watcher_id] = &watcher;
  return found->second;
}

// A topic that nobody watches any more may still be in the round: it has no watchers then, and its round is short.
void Feed::unwatch(std::uint64_t watcher_id, const std::shared_ptr<Topic>& topic) {
  topic->watchers.erase(watcher_id);
  if (!topic->watchers.empty()) return;
  const auto found = topics_.find(topic->name);
  if (found != topics_.end() && found->second == topic) topics_.erase(found);
}

Feed::Push Feed::push_of(Topic& topic, std::uint64_t at_least) {
  // What was made before the topic changed, or would take the one who asks back, is made anew.
  if (!topic.text || topic.text_changed != topic.changed || topic.text_version < at_least) {
    const Machine& machine = replica_->machine();
    const auto view = view_of(machine, topic);
    topic.text_version = machine.applied_index();
    topic.text_changed = topic.changed;
    topic.text = view ? std::make_shared<const std::string>(encode_push(topic.told_as, topic.text_version, *view))
                      : SharedText();
  }
  return Push{.text = topic.text, .version = topic.text_version};
}

void Feed::on_applied(const Machine::Applied* applied) {
  if (topics_.empty()) return;
  if (!applied) {
    // Whatever has changed in what a snapshot stands for: nobody knows.
    for (const auto& [name, topic] : topics_) mark(topic, replica_->machine().applied_index());
    return;
  }
  for (const std::string& name : applied->topics) {
    const auto found = topics_.find(name);
    if (found != topics_.end()) mark(found->second, applied->index);
  }
}

void Feed::mark(const std::shared_ptr<Topic>& topic, std::uint64_t index) {
  topic->changed = index;
  if (topic->is_marked) return;
  topic->is_marked = true;
  marked_.push_back(topic);
  arm();
}

void Feed::stop() {
  topics_.clear();
  marked_.clear();
  round_.clear();
  timer_.cancel();
}

// Even after a long silence the round waits for the next turn of the event loop, so that all that one turn changes goes
// into one push.
void Feed::arm() {
  if (armed_) return;
  armed_ = true;
  timer_.expires_at(std::max(SteadyClock::now(), next_round_));
  timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (self && !error) self->begin_round();
  });
}

void Feed::begin_round() {
  next_round_ = SteadyClock::now() + options_.interval;
  round_.assign(std::make_move_iterator(marked_.begin()), std::make_move_iterator(marked_.end()));
  marked_.clear();
  for (const auto& topic : round_) topic->is_marked = false;
  last_served_ = 0;
  serve_portion();
}

void Feed::serve_portion() {
  std::size_t left = STILLPOINT_BUGGIFY("pushes go out one by one") ? 1 : options_.portion;
  while (left > 0 && !round_.empty()) {
    const std::shared_ptr<Topic> topic = round_.front();
    const auto next = topic->watchers.upper_bound(last_served_);
    if (next == topic->watchers.end()) {
      round_.pop_front();
      last_served_ = 0;
      continue;
    }
    last_served_ = next->first;
    --left;
    next->second->topic_changed(topic);
  }
  if (round_.empty()) {
    armed_ = false;
    if (!marked_.empty()) arm();
    return;
  }
  STILLPOINT_REACHABLE("a round of pushes takes more than one turn");
  asio::post(timer_.get_executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->serve_portion();
  });
}

}  // namespace plaza
