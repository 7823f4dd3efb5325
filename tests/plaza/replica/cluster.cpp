// Three replicas on loopback, in one event loop: what is submitted anywhere is applied everywhere, also by a node that
// comes back with less than the others' logs begin with.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <functional>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

using namespace plaza;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

class Cluster {
 public:
  Cluster() {
    folder_ = std::filesystem::temp_directory_path() / ("plaza-replica-" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    for (raft::NodeId id = 1; id <= 3; ++id) {
      std::filesystem::create_directories(folder_ / std::to_string(id));
      asio::ip::tcp::acceptor free(io, {asio::ip::address_v4::loopback(), 0});
      ports_.push_back(free.local_endpoint().port());
    }
    nodes.resize(3);
  }
  ~Cluster() {
    for (const auto& node : nodes) {
      if (node) node->abandon();
    }
    io.run_for(50ms);
    std::filesystem::remove_all(folder_);
  }

  void start(raft::NodeId id) {
    ReplicaConfig config;
    config.node = id;
    config.listen_on = {asio::ip::address_v4::loopback(), ports_[id - 1]};
    for (raft::NodeId peer = 1; peer <= 3; ++peer) {
      if (peer != id) config.peers[peer] = {.host = "127.0.0.1", .port = ports_[peer - 1]};
    }
    config.data_folder = folder_ / std::to_string(id);
    config.tick = 10ms;
    config.flush_interval = 20ms;
    config.log_keep = 20;
    ReplicaHooks hooks;
    hooks.installed = [this](const raft::Mark&, const Machine&) { ++installed; };
    hooks.store_lost = [](const std::string& why) { FAIL(why); };
    nodes[id - 1] = Replica::start(io.get_executor(), config, hooks);
  }
  void stop(raft::NodeId id) {
    nodes[id - 1]->abandon();
    nodes[id - 1].reset();
  }

  template <class Condition>
  bool until(Condition condition) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      io.run_one_for(20ms);
    }
    return true;
  }

  // A request of the domain, at this node; its answer.
  Answer ask(raft::NodeId at, const std::string& id, const tickets::Request& request) {
    std::optional<Outcome> outcome;
    Command command{.key = {.user = "ann", .id = id}, .domain = DomainId::tickets, .body = tickets::encode(request)};
    asio::co_spawn(io, nodes[at - 1]->submit(command, std::chrono::steady_clock::now() + 15s),
                   [&](std::exception_ptr failure, Outcome result) {
                     if (failure) std::rethrow_exception(failure);
                     outcome = std::move(result);
                   });
    REQUIRE(until([&] { return outcome.has_value(); }));
    REQUIRE(outcome->kind == Outcome::Kind::answered);
    return outcome->answer;
  }
  bool read(raft::NodeId at) {
    std::optional<bool> result;
    asio::co_spawn(io, nodes[at - 1]->read(std::chrono::steady_clock::now() + 15s),
                   [&](std::exception_ptr failure, bool done) {
                     if (failure) std::rethrow_exception(failure);
                     result = done;
                   });
    REQUIRE(until([&] { return result.has_value(); }));
    return *result;
  }
  std::uint64_t applied(raft::NodeId at) const { return nodes[at - 1]->view().applied; }
  std::uint64_t hash(raft::NodeId at) const { return nodes[at - 1]->view().hash; }

  asio::io_context io;
  std::vector<std::shared_ptr<Replica>> nodes;
  int installed = 0;

 private:
  std::filesystem::path folder_;
  std::vector<std::uint16_t> ports_;
};

}  // namespace

TEST_CASE("three replicas: submit anywhere, read anywhere, fall behind, come back") {
  Cluster cluster;
  for (raft::NodeId id = 1; id <= 3; ++id) cluster.start(id);
  CHECK(cluster.ask(1, "open", tickets::Open{.event = "concert", .capacity = 1000}).refusal == Refusal::none);
  for (raft::NodeId at = 1; at <= 3; ++at) {
    const std::string id = "r-" + std::to_string(at);
    const Answer answer = cluster.ask(at, id, tickets::Hold{.event = "concert", .wanted = {}});
    CHECK(answer.refusal == Refusal::none);
    // At another node, under the same id: the same answer.
    CHECK(cluster.ask(at % 3 + 1, id, tickets::Hold{.event = "concert", .wanted = {}}) == answer);
    REQUIRE(cluster.read(at % 3 + 1));
    CHECK(cluster.applied(at % 3 + 1) >= answer.index);
  }

  cluster.stop(3);
  for (int i = 0; i < 60; ++i)
    cluster.ask(1 + static_cast<raft::NodeId>(i) % 2, "x-" + std::to_string(i),
                tickets::Hold{.event = "concert", .wanted = {}});
  REQUIRE(cluster.until([&] {
    return std::max(cluster.nodes[0]->view().raft.first_index, cluster.nodes[1]->view().raft.first_index) > 10;
  }));
  cluster.start(3);
  const Answer last = cluster.ask(3, "last", tickets::Hold{.event = "concert", .wanted = {}});
  CHECK(last.refusal == Refusal::none);
  CHECK(cluster.installed == 1);
  REQUIRE(cluster.until(
      [&] { return cluster.applied(1) == cluster.applied(2) && cluster.applied(2) == cluster.applied(3); }));
  CHECK(cluster.hash(1) == cluster.hash(2));
  CHECK(cluster.hash(2) == cluster.hash(3));
}

TEST_CASE("a restart goes on from the disk alone") {
  Cluster cluster;
  for (raft::NodeId id = 1; id <= 3; ++id) cluster.start(id);
  cluster.ask(1, "open", tickets::Open{.event = "concert", .capacity = 10});
  const Answer held = cluster.ask(2, "r-1", tickets::Hold{.event = "concert", .wanted = {}});
  for (raft::NodeId id = 1; id <= 3; ++id) cluster.stop(id);
  for (raft::NodeId id = 1; id <= 3; ++id) cluster.start(id);
  CHECK(cluster.ask(3, "r-1", tickets::Hold{.event = "concert", .wanted = {}}) == held);
  CHECK(cluster.nodes[0]->view().incarnation == 2);
}
