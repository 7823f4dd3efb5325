#include "system-under-test/plaza/node/node.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>

#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;

namespace {

constexpr auto kOpenWithin = std::chrono::seconds(10);

// Under the same ids each time: who leads next, or the same node after a restart, asks for nothing new.
asio::awaitable<void> open_events(std::shared_ptr<Replica> replica, std::vector<tickets::Open> events) {
  for (const tickets::Open& event : events) {
    Command command;
    command.key = {.user = "plaza", .id = "open-" + event.event};
    command.domain = DomainId::tickets;
    command.body = tickets::encode(event);
    const Outcome outcome =
        co_await replica->submit(std::move(command), std::chrono::steady_clock::now() + kOpenWithin);
    if (outcome.kind != Outcome::Kind::answered) co_return;  // it does not lead any more: the next one sees to it
  }
}

}  // namespace

Node::Node(const asio::any_io_executor& executor, NodeConfig config, NodeHooks hooks) {
  // Events are opened by whoever becomes the leader.
  struct Opening {
    std::weak_ptr<Replica> replica;
    bool leads = false;
  };
  const auto opening = std::make_shared<Opening>();
  auto tell = std::move(hooks.replica.role_changed);
  hooks.replica.role_changed = [executor, opening, tell = std::move(tell),
                                events = std::move(config.events)](const raft::Status& status) {
    const bool leads = status.role == raft::Role::leader;
    const auto replica = opening->replica.lock();
    if (leads && !opening->leads && replica) spawn(executor, open_events(replica, events));
    opening->leads = leads;
    if (tell) tell(status);
  };
  replica_ = Replica::start(executor, std::move(config.replica), std::move(hooks.replica));
  opening->replica = replica_;
  try {
    server_ = std::make_shared<Server>(executor, std::move(config.gateway), replica_, std::move(hooks.gateway));
  } catch (...) {
    replica_->abandon();
    throw;
  }
}

Node::~Node() {
  server_->abandon();
  replica_->abandon();
}

asio::awaitable<void> Node::drain(std::chrono::steady_clock::time_point deadline) {
  // Clients first: what they are waiting for is still answered.
  co_await server_->drain(deadline);
  co_await replica_->drain(deadline);
}

}  // namespace plaza
