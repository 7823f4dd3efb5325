#include "system-under-test/plaza/client/client.hpp"

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/errc.hpp>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "system-under-test/plaza/client/backoff.hpp"
#include "system-under-test/plaza/client/connection.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

namespace {

constexpr char kOwnIds = '~';

bool comes_again(const Response& response) { return response.error && is_worth_repeating(*response.error); }

std::string topic_of(const TopicPush& push) {
  const auto* event = std::get_if<EventPush>(&push);
  return event ? "event/" + event->event : "user";
}

std::uint64_t version_of(const TopicPush& push) {
  return std::visit([](const auto& topic) { return topic.version; }, push);
}

}  // namespace

class Client::Impl : public std::enable_shared_from_this<Client::Impl> {
 public:
  Impl(const asio::any_io_executor& executor, ClientConfig config)
      : executor_(executor), config_(std::move(config)), backoff_(new_backoff()) {
    if (config_.nodes.empty()) ended_ = asio::error::invalid_argument;
    if (!config_.draw) return;
    for (std::size_t left = config_.nodes.size(); left > 1; --left) {
      std::swap(config_.nodes[left - 1], config_.nodes[config_.draw() % left]);
    }
  }

  static asio::awaitable<error_code> connect(std::shared_ptr<Impl> self, Clock::time_point deadline) {
    error_code error;
    const std::shared_ptr<Connection> connection = co_await connected(self, deadline);
    if (!connection) error = self->ended_ ? self->ended_ : error_code(asio::error::timed_out);
    co_return error;
  }

  static asio::awaitable<CallResult> call(std::shared_ptr<Impl> self, Request request, Clock::time_point deadline) {
    CallResult result;
    if (request.id.starts_with(kOwnIds)) {
      result.error = asio::error::invalid_argument;
      co_return result;
    }
    if (!self->outstanding_.insert(request.id).second) {
      result.error = asio::error::already_started;
      co_return result;
    }
    Backoff backoff = self->new_backoff();
    for (;;) {
      const std::shared_ptr<Connection> connection = co_await connected(self, deadline);
      if (!connection) {
        const error_code late = result.attempts > 0 ? asio::error::timed_out : asio::error::not_connected;
        result.error = self->ended_ ? self->ended_ : late;
        break;
      }
      ++result.attempts;
      const Clock::time_point attempt_end = std::min(deadline, Clock::now() + self->config_.attempt_timeout);
      const CallResult attempt = co_await Connection::call(connection, request, attempt_end);
      if (!attempt.error) {
        result.response = attempt.response;
        if (!comes_again(result.response)) break;
        co_await self->sleep(self, std::min(deadline, Clock::now() + backoff.next()));
      } else if (attempt.error == asio::error::timed_out && attempt_end < deadline) {
        connection->abort(asio::error::timed_out);
      }
    }
    self->outstanding_.erase(request.id);
    co_return result;
  }

  void watch(const std::string& topic, OnPush on_push, OnEnd on_end) {
    Watch& watch = watches_[topic];
    watch = {.number = ++own_numbers_, .on_push = std::move(on_push), .on_end = std::move(on_end), .seen = {}};
    if (ended_) return;
    if (is_connected()) {
      spawn(executor_, establish(shared_from_this(), connection_, topic, watch.number));
    } else {
      mend();
    }
  }

  void unwatch(const std::string& topic) {
    if (watches_.erase(topic) == 0 || !is_connected()) return;
    Request request{.id = own_id(++own_numbers_), .op = Operation::unwatch, .topic = topic};
    const auto tell = [](std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection,
                         Request what) -> asio::awaitable<void> {
      const Clock::time_point end = Clock::now() + self->config_.attempt_timeout;
      co_await Connection::call(connection, std::move(what), end);
    };
    spawn(executor_, tell(shared_from_this(), connection_, std::move(request)));
  }

  static asio::awaitable<error_code> close(std::shared_ptr<Impl> self) {
    const std::shared_ptr<Connection> connection = std::exchange(self->connection_, nullptr);
    self->watches_.clear();
    self->finish(asio::error::connection_aborted);
    error_code error;
    if (connection) error = co_await Connection::close(connection);
    co_return error;
  }

  void abandon() {
    watches_.clear();
    finish(asio::error::connection_aborted);
    if (const auto connection = std::exchange(connection_, nullptr)) connection->abort(ended_);
  }

  bool is_connected() const { return connection_ && connection_->is_open(); }
  std::uint64_t connections() const { return connections_; }
  std::uint64_t regressions() const { return regressions_; }
  error_code last_error() const { return last_error_; }

 private:
  // A timer that somebody waits for, and that is cancelled to wake it before.
  using Sleepers = std::list<asio::steady_timer>;

  struct Watch {
    std::uint64_t number = 0;  // tells it from an earlier one of the same topic
    OnPush on_push;
    OnEnd on_end;
    std::optional<std::uint64_t> seen;
  };

  Backoff new_backoff() const { return Backoff(config_.backoff_first, config_.backoff_max, config_.draw); }

  static std::string own_id(std::uint64_t number) { return kOwnIds + std::to_string(number); }

  // The connection as soon as there is one. None: not until the deadline, or there will be none.
  static asio::awaitable<std::shared_ptr<Connection>> connected(std::shared_ptr<Impl> self,
                                                                Clock::time_point deadline) {
    while (!self->ended_ && !self->is_connected() && Clock::now() < deadline) {
      const auto mine = self->waiting_.emplace(self->waiting_.end(), self->executor_, deadline);
      self->mend();
      error_code ignored;
      co_await mine->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
      self->waiting_.erase(mine);
    }
    if (self->ended_ || Clock::now() >= deadline || !self->is_connected()) co_return nullptr;
    co_return self->connection_;
  }

  // Ends early where the client does.
  static asio::awaitable<void> sleep(std::shared_ptr<Impl> self, Clock::time_point until) {
    if (self->ended_) co_return;
    const auto mine = self->sleeping_.emplace(self->sleeping_.end(), self->executor_, until);
    error_code ignored;
    co_await mine->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    self->sleeping_.erase(mine);
  }

  // However many find the connection broken, one coroutine mends it, and the others wait for the outcome.
  void mend() {
    if (mending_ || ended_ || is_connected()) return;
    mending_ = true;
    spawn(executor_, keep_mending(shared_from_this()));
  }

  bool is_wanted() const { return !ended_ && (!waiting_.empty() || !watches_.empty()); }

  static asio::awaitable<void> keep_mending(std::shared_ptr<Impl> self) {
    while (self->is_wanted() && !self->is_connected()) {
      // Only the very first attempt comes without a pause: a lost connection may be the loss of many.
      if (std::exchange(self->attempted_, true)) {
        co_await sleep(self, Clock::now() + self->backoff_.next());
        if (!self->is_wanted()) break;
      }
      const auto connection = std::make_shared<Connection>(self->executor_, self->config_, self->callbacks());
      self->connecting_ = connection;
      const error_code error = co_await Connection::open(connection, self->config_.nodes[self->node_]);
      self->connecting_ = nullptr;
      if (self->ended_) {
        connection->abort(self->ended_);
      } else if (error == boost::system::errc::permission_denied) {
        self->last_error_ = error;
        self->finish(error);
      } else if (error) {
        self->last_error_ = error;
        self->next_node();
      } else {
        self->connection_ = connection;
        ++self->connections_;
        wake(self->waiting_);
        for (const auto& [topic, watch] : self->watches_) {
          spawn(self->executor_, establish(self, connection, topic, watch.number));
        }
      }
    }
    self->mending_ = false;
  }

  void next_node() { node_ = (node_ + 1) % config_.nodes.size(); }

  static void wake(Sleepers& sleepers) {
    for (asio::steady_timer& timer : sleepers) timer.cancel();
  }

  // There will be no connection any more.
  void finish(error_code why) {
    if (ended_) return;
    ended_ = why;
    wake(waiting_);
    wake(sleeping_);
    if (connecting_) connecting_->abort(why);
    for (const auto& weak : std::exchange(left_, {})) {
      if (const auto connection = weak.lock()) connection->abort(why);
    }
    // A callback may be the end of the client, and of the watches that are left.
    CallResult result;
    result.error = why;
    while (!watches_.empty()) {
      const OnEnd on_end = std::move(watches_.begin()->second.on_end);
      watches_.erase(watches_.begin());
      if (on_end) on_end(result);
    }
  }

  Connection::Callbacks callbacks() {
    const auto weak = weak_from_this();
    Connection::Callbacks callbacks;
    callbacks.on_response = [weak](Connection& connection, const Response& response) {
      if (const auto self = weak.lock()) self->take_response(connection, response);
    };
    callbacks.on_push = [weak](const TopicPush& push) {
      if (const auto self = weak.lock()) self->take_push(push);
    };
    callbacks.on_leave = [weak](Connection& connection) {
      if (const auto self = weak.lock()) self->leave(connection);
    };
    callbacks.on_end = [weak](Connection& connection, error_code why) {
      if (const auto self = weak.lock()) self->lost(connection, why);
    };
    return callbacks;
  }

  void take_response(Connection& connection, const Response& response) {
    version_seen_ = std::max(version_seen_, response.version);
    if (response.error != Error::unavailable) connection.unavailable_in_row = 0;
    if (!comes_again(response)) return backoff_.reset();
    if (response.error != Error::unavailable || config_.nodes.size() == 1) return;
    if (++connection.unavailable_in_row >= config_.unavailable_most) leave(connection);
  }

  // The callback may end the watch, and the client with it: what is called is a copy.
  void take_push(const TopicPush& push) {
    backoff_.reset();
    const auto found = watches_.find(topic_of(push));
    if (found == watches_.end()) return;
    Watch& watch = found->second;
    const std::uint64_t version = version_of(push);
    version_seen_ = std::max(version_seen_, version);
    if (watch.seen && version <= *watch.seen) {
      if (version < *watch.seen) ++regressions_;
      return;
    }
    watch.seen = version;
    const OnPush on_push = watch.on_push;
    if (on_push) on_push(push);
  }

  // What is outstanding there may still be answered; everything else goes elsewhere.
  void leave(Connection& connection) {
    if (connection_.get() != &connection) return;
    std::erase_if(left_, [](const auto& weak) { return weak.expired(); });
    left_.push_back(connection_);
    std::exchange(connection_, nullptr)->leave();
    next_node();
    if (is_wanted()) mend();
  }

  void lost(Connection& connection, error_code why) {
    if (connection_.get() != &connection) return;
    connection_ = nullptr;
    last_error_ = why;
    next_node();
    if (is_wanted()) mend();
  }

  // Asks for a watch until this connection has taken it, or is no more.
  static asio::awaitable<void> establish(std::shared_ptr<Impl> self, std::shared_ptr<Connection> connection,
                                         std::string topic, std::uint64_t number) {
    Backoff backoff = self->new_backoff();
    while (self->connection_ == connection) {
      const auto found = self->watches_.find(topic);
      if (found == self->watches_.end() || found->second.number != number) break;
      Request request{.id = own_id(++self->own_numbers_), .op = Operation::watch, .topic = topic};
      if (self->version_seen_ > 0) request.after = self->version_seen_;
      const Clock::time_point end = Clock::now() + self->config_.attempt_timeout;
      const CallResult result = co_await Connection::call(connection, std::move(request), end);
      if (result.error) {
        if (result.error == asio::error::timed_out) connection->abort(result.error);
        break;
      }
      if (result.response.ok()) break;
      if (comes_again(result.response)) {
        co_await sleep(self, Clock::now() + backoff.next());
        continue;
      }
      self->end_watch(topic, number, result);
      break;
    }
  }

  void end_watch(const std::string& topic, std::uint64_t number, const CallResult& result) {
    const auto found = watches_.find(topic);
    if (found == watches_.end() || found->second.number != number) return;
    const OnEnd on_end = std::move(found->second.on_end);
    watches_.erase(found);
    if (on_end) on_end(result);
  }

  asio::any_io_executor executor_;
  ClientConfig config_;  // its nodes in the order in which they are tried
  Backoff backoff_;      // between attempts to connect
  error_code ended_;     // why there will be no connection any more

  std::shared_ptr<Connection> connection_;
  std::shared_ptr<Connection> connecting_;
  std::vector<std::weak_ptr<Connection>> left_;  // still to answer what they were asked
  std::size_t node_ = 0;                         // to be tried next, or connected to
  bool attempted_ = false;
  bool mending_ = false;
  std::uint64_t connections_ = 0;
  error_code last_error_;

  Sleepers waiting_;   // for a connection
  Sleepers sleeping_;  // for time to pass
  std::set<std::string> outstanding_;
  std::map<std::string, Watch> watches_;  // by topic
  std::uint64_t own_numbers_ = 0;         // of watches and of the requests for them
  std::uint64_t version_seen_ = 0;        // the greatest of all pushes and answers: no node shall show less
  std::uint64_t regressions_ = 0;
};

Client::Client(const asio::any_io_executor& executor, ClientConfig config)
    : impl_(std::make_shared<Impl>(executor, std::move(config))) {}

Client::~Client() { impl_->abandon(); }

asio::awaitable<error_code> Client::connect(Clock::time_point deadline) { return Impl::connect(impl_, deadline); }

asio::awaitable<CallResult> Client::call(Request request, Clock::time_point deadline) {
  return Impl::call(impl_, std::move(request), deadline);
}

void Client::watch(const std::string& topic, OnPush on_push, OnEnd on_end) {
  impl_->watch(topic, std::move(on_push), std::move(on_end));
}

void Client::unwatch(const std::string& topic) { impl_->unwatch(topic); }

asio::awaitable<error_code> Client::close() { return Impl::close(impl_); }

bool Client::is_connected() const { return impl_->is_connected(); }
std::uint64_t Client::connections() const { return impl_->connections(); }
std::uint64_t Client::regressions() const { return impl_->regressions(); }
error_code Client::last_error() const { return impl_->last_error(); }

}  // namespace plaza
