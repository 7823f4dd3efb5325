// The feed: tells sessions which of the topics that they watch have changed, without telling them everything.
//
// However fast a topic changes, its watchers hear of it once in an interval, and ask for its text when they are about
// to send it: so they send the newest state, a slow one skips what it had no time for, and a text is made once for all
// who ask for the same state. The version of a text is the applied index up to which it shows everything; whoever asks
// says which version it has told already, and never gets an older one.
//
// Fan-out never starves the rest of the node: watchers are told in portions, a turn of the event loop each, in the
// order of their ids.
//
// Belongs to one gateway and is used on its executor only. It keeps plain pointers to the watchers: whoever watches
// must unwatch before it dies.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza {

using SharedText = std::shared_ptr<const std::string>;

struct Topic;

class Watcher {
 public:
  // Called in the feed's turn; may watch and unwatch.
  virtual void topic_changed(const std::shared_ptr<Topic>& topic) = 0;

 protected:
  ~Watcher() = default;
};

struct Topic {
  std::string name;           // the machine's: "event/NAME" or "user/NAME"
  std::string told_as;        // the protocol's: "event/NAME" or "user"
  std::uint64_t changed = 0;  // by the entry of this index; at most
  bool is_marked = false;     // its watchers have not been told yet

  SharedText text;  // as it was at text_version, where it was last made
  std::uint64_t text_version = 0;
  std::uint64_t text_changed = 0;

  std::map<std::uint64_t, Watcher*> watchers;
};

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  struct Options {
    SteadyClock::duration interval = std::chrono::milliseconds(50);
    std::size_t portion = 64;
  };
  Feed(const boost::asio::any_io_executor& executor, std::shared_ptr<const Replica> replica, Options options);

  // Null: the machine has no such topic. Watching twice is watching once.
  std::shared_ptr<Topic> watch(std::uint64_t watcher_id, Watcher& watcher, const std::string& name,
                               std::string_view told_as);
  void unwatch(std::uint64_t watcher_id, const std::shared_ptr<Topic>& topic);

  struct Push {
    SharedText text;  // null: there is no such topic any more
    std::uint64_t version = 0;
  };
  // The topic as it is now, with a version that is not less than this. Requires: at_least is applied.
  Push push_of(Topic& topic, std::uint64_t at_least);

  // An entry was applied, or (null) a snapshot installed.
  void on_applied(const Machine::Applied* applied);

  // Forgets the watchers and the timer.
  void stop();

  std::size_t topics() const { return topics_.size(); }

 private:
  void mark(const std::shared_ptr<Topic>& topic, std::uint64_t index);
  void arm();
  void begin_round();
  void serve_portion();

  boost::asio::steady_timer timer_;
  std::shared_ptr<const Replica> replica_;
  Options options_;
  std::map<std::string, std::shared_ptr<Topic>, std::less<>> topics_;  // that are watched
  std::vector<std::shared_ptr<Topic>> marked_;                         // in the order in which they changed
  std::deque<std::shared_ptr<Topic>> round_;                           // whose watchers are being told
  std::uint64_t last_served_ = 0;                                      // of round_'s first topic
  bool armed_ = false;                                                 // for the next round, or in one
  SteadyClock::time_point next_round_{};                               // not before
};

}  // namespace plaza
