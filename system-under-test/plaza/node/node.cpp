#include "system-under-test/plaza/node/node.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <sstream>
#include <utility>

#include "system-under-test/plaza/domain/tickets/tickets.hpp"
#include "system-under-test/plaza/spawn.hpp"

namespace plaza {

namespace asio = boost::asio;

namespace {

constexpr auto kOpenWithin = std::chrono::seconds(10);

bool is_open(const Machine& machine, const tickets::Open& event) {
  const auto* domain = dynamic_cast<const tickets::Tickets*>(machine.domain(DomainId::tickets));
  return domain != nullptr && domain->event(event.event) == event;
}

// What this node's machine has already is not asked for once more; what it does not know of yet is, under the same id
// each time, whoever leads.
asio::awaitable<void> open_events(std::shared_ptr<Replica> replica, std::vector<tickets::Open> events,
                                  decltype(NodeHooks::event_refused) refused) {
  for (const tickets::Open& event : events) {
    if (is_open(replica->machine(), event)) continue;
    Command command;
    command.key = {.user = "plaza.open", .id = event.event};  // as long as a name may be
    command.domain = DomainId::tickets;
    command.body = tickets::encode(event);
    const Outcome outcome =
        co_await replica->submit(std::move(command), std::chrono::steady_clock::now() + kOpenWithin);
    if (outcome.kind != Outcome::Kind::answered) co_return;  // it does not lead any more: the next one sees to it
    if (outcome.answer.refusal != Refusal::none && refused) refused(event, outcome.answer.refusal);
  }
}

CannotListen cannot_listen(const asio::ip::tcp::endpoint& where, const char* whom,
                           const boost::system::error_code& why) {
  std::ostringstream line;
  line << "cannot listen on " << where << " for " << whom << ": " << why.message();
  return CannotListen(line.str());
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
  hooks.replica.role_changed = [executor, opening, tell = std::move(tell), refused = std::move(hooks.event_refused),
                                events = std::move(config.events)](const raft::Status& status) {
    const bool leads = status.role == raft::Role::leader;
    const auto replica = opening->replica.lock();
    if (leads && !opening->leads && replica) spawn(executor, open_events(replica, events, refused));
    opening->leads = leads;
    if (tell) tell(status);
  };
  const auto for_peers = config.replica.listen_on;
  const auto for_clients = config.gateway.listen_on;
  try {
    replica_ = Replica::start(executor, std::move(config.replica), std::move(hooks.replica));
  } catch (const boost::system::system_error& failure) {
    throw cannot_listen(for_peers, "the other nodes", failure.code());
  }
  opening->replica = replica_;
  try {
    server_ = std::make_shared<Server>(executor, std::move(config.gateway), replica_, std::move(hooks.gateway));
  } catch (const boost::system::system_error& failure) {
    replica_->abandon();
    throw cannot_listen(for_clients, "clients", failure.code());
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
