// Nodes as processes: three that are one service, and one whose disk fails.
#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/spawn.hpp"
#include "tests/plaza/daemon/processes.hpp"
#include "tests/plaza/run_loop.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::asio::ip::tcp;

namespace {

// Three nodes that know each other. What they keep and say is in a folder for as long as this lives.
class Cluster {
 public:
  Cluster() : ports_(free_ports(6)) {
    for (unsigned node = 1; node <= 3; ++node) {
      std::filesystem::create_directory(data(node));
      nodes_.emplace_back();
      start(node);
    }
  }
  void start(unsigned node) {
    std::string flags = "--tick 20ms --event concert=10 --hold-ttl 10m --node " + std::to_string(node);
    flags += " --data " + data(node).string() + " --listen " + address(2 * node - 2) + " --peer-listen " +
             address(2 * node - 1);
    for (unsigned other = 1; other <= 3; ++other) {
      if (other != node) flags += " --peer " + std::to_string(other) + "=" + address(2 * other - 1);
    }
    nodes_[node - 1] = std::make_unique<Plazad>(flags, folder_ / ("log-" + std::to_string(node)));
  }
  Plazad& operator[](unsigned node) { return *nodes_[node - 1]; }
  std::vector<tcp::endpoint> place(unsigned node) const {
    return {{asio::ip::address_v4::loopback(), ports_[2 * node - 2]}};
  }
  // Which of them said last that it leads.
  unsigned leader() const {
    unsigned found = 0;
    std::string when;
    for (unsigned node = 1; node <= 3; ++node) {
      const std::string said = nodes_[node - 1]->said();
      const std::size_t role = said.rfind("event=role role=leader");
      if (role == std::string::npos) continue;
      const std::string time = said.substr(said.rfind("time=", role), 32);
      if (time > when) {
        when = time;
        found = node;
      }
    }
    return found;
  }

 private:
  std::filesystem::path data(unsigned node) const { return folder_ / ("data-" + std::to_string(node)); }
  std::string address(unsigned port) const { return "127.0.0.1:" + std::to_string(ports_[port]); }

  Folder folder_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::unique_ptr<Plazad>> nodes_;
};

// As "ann", who connects to this place only, and asks until it is answered.
asio::awaitable<Response> ask(asio::io_context& io, std::vector<tcp::endpoint> place, Request request) {
  ClientConfig config;
  config.nodes = std::move(place);
  config.user = "ann";
  Client client(io.get_executor(), config);
  const CallResult result = co_await client.call(request, std::chrono::steady_clock::now() + kPatience);
  INFO(result.error.message());
  REQUIRE_FALSE(result.error);
  co_return result.response;
}

Request hold(std::string id) { return {.id = std::move(id), .op = Operation::hold, .event = "concert", .count = 1}; }
Request look(std::string id) { return {.id = std::move(id), .op = Operation::look, .event = "concert"}; }

}  // namespace

TEST_CASE("three nodes are one service, which survives its leader", "[plaza][daemon]") {
  Cluster cluster;
  asio::io_context io;
  const auto test = [&]() -> asio::awaitable<void> {
    std::vector<Response> told;
    std::set<std::uint32_t> seats;
    for (unsigned node = 1; node <= 3; ++node) {
      told.push_back(co_await ask(io, cluster.place(node), hold("hold-" + std::to_string(node))));
      REQUIRE(told.back().ok());
      seats.insert(told.back().seats.begin(), told.back().seats.end());
    }
    CHECK(seats == std::set<std::uint32_t>{1, 2, 3});

    const unsigned dead = cluster.leader();
    REQUIRE(dead != 0);
    CHECK(cluster[dead].end(SIGKILL) == 128 + SIGKILL);
    const unsigned other = dead % 3 + 1;
    for (unsigned node = 1; node <= 3; ++node) {
      const Response again = co_await ask(io, cluster.place(other), hold("hold-" + std::to_string(node)));
      CHECK(again == told[node - 1]);
    }
    const Response fourth =
        co_await ask(io, cluster.place(other % 3 + 1 == dead ? other : other % 3 + 1), hold("hold-4"));
    CHECK(fourth.seats == std::vector<std::uint32_t>{4});
    CHECK(cluster.leader() != dead);

    cluster.start(dead);
    cluster[dead].await("event=recovered incarnation=2");
    const Response seen = co_await ask(io, cluster.place(dead), look("look-1"));
    CHECK(seen.counts == EventCounts{.free = 6, .held = 4});
    const Response once_more = co_await ask(io, cluster.place(dead), hold("hold-4"));
    CHECK(once_more == fourth);
  };
  run(io, test());

  for (unsigned node = 1; node <= 3; ++node) cluster[node].send(SIGTERM);
  for (unsigned node = 1; node <= 3; ++node) {
    CHECK(cluster[node].end() == 0);
    CHECK(cluster[node].said().ends_with("event=end code=0\n"));
  }
}

TEST_CASE("a node that leads hands over when it is drained", "[plaza][daemon]") {
  Cluster cluster;
  asio::io_context io;
  const auto test = [&]() -> asio::awaitable<void> {
    const Response told = co_await ask(io, cluster.place(1), hold("hold-1"));
    const unsigned first = cluster.leader();
    REQUIRE(first != 0);
    CHECK(cluster[first].end(SIGTERM) == 0);
    const unsigned second = cluster.leader();
    CHECK(second != first);  // before it had ended: nobody had to miss it first
    const Response again = co_await ask(io, cluster.place(first % 3 + 1), hold("hold-1"));
    CHECK(again == told);
  };
  run(io, test());
}

TEST_CASE("an event that is there with other terms is told in words", "[plaza][daemon]") {
  const Folder folder;
  const std::string flags = "--listen 127.0.0.1:0 --data " + folder.path.string() + " --event concert=";
  asio::io_context io;
  const auto test = [&]() -> asio::awaitable<void> {
    const Plazad first(flags + "5", folder / "log");
    const std::vector<tcp::endpoint> place(1, first.clients());
    const auto give_up = std::chrono::steady_clock::now() + kPatience;
    for (int i = 0;; ++i) {  // until the leader has opened it
      const Response seen = co_await ask(io, place, look("look-" + std::to_string(i)));
      if (seen.ok()) break;
      REQUIRE(std::chrono::steady_clock::now() < give_up);
    }
  };
  run(io, test());
  const Plazad second(flags + "6", folder / "log");
  CHECK(second.await("event=event_refused")
            .ends_with("name=concert capacity=6 why=\"the cluster has an event of this name with other terms, which "
                       "stays as it is\""));
}

TEST_CASE("plazad is killed again and again: nothing that it said is lost", "[plaza][daemon]") {
  const Folder folder;
  const std::uint16_t port = free_ports(1).front();
  const std::string flags = "--event concert=100000 --hold-ttl 10m --data " + folder.path.string() +
                            " --listen 127.0.0.1:" + std::to_string(port);
  auto plazad = std::make_unique<Plazad>(flags, folder / "log");
  asio::io_context io;
  std::vector<Response> told;
  int kills = 0;
  const auto test = [&]() -> asio::awaitable<void> {
    ClientConfig config;
    config.nodes.push_back(plazad->clients());
    config.user = "ann";
    config.backoff_max = 50ms;
    Client client(io.get_executor(), config);
    bool done = false;
    const auto hold_on = [&]() -> asio::awaitable<void> {
      while (!done) {
        const Request wish = hold("hold-" + std::to_string(told.size()));
        const CallResult result = co_await client.call(wish, std::chrono::steady_clock::now() + kPatience);
        REQUIRE_FALSE(result.error);
        REQUIRE(result.response.ok());
        told.push_back(result.response);
      }
    };
    spawn(io.get_executor(), hold_on());
    asio::steady_timer pause(io);
    for (; kills < 5; ++kills) {
      for (const std::size_t before = told.size(); told.size() < before + 5;) {
        pause.expires_after(1ms);
        co_await pause.async_wait(asio::use_awaitable);
      }
      plazad->end(SIGKILL);
      plazad = std::make_unique<Plazad>(flags, folder / "log");
    }
    done = true;
    std::set<std::uint32_t> seats;
    for (std::size_t i = 0; i < told.size(); ++i) {
      const CallResult again =
          co_await client.call(hold("hold-" + std::to_string(i)), std::chrono::steady_clock::now() + kPatience);
      CHECK(again.response == told[i]);
      seats.insert(told[i].seats.front());
    }
    CHECK(seats.size() == told.size());
  };
  run(io, test());
  CHECK(plazad->end(SIGTERM) == 0);
}

TEST_CASE("plazad whose disk fails ends with 3; what it has said is there", "[plaza][daemon]") {
  const Folder folder;
  const std::string flags = "--listen 127.0.0.1:0 --event concert=100000 --hold-ttl 10m --data " + folder.path.string();
  asio::io_context io;
  std::vector<Response> told;
  {
    // A limit on the size of files: the write that reaches it fails, and not for want of space.
    Plazad plazad(flags, folder / "log", "trap '' XFSZ; ulimit -f 400; ");
    const auto hold_on = [&]() -> asio::awaitable<void> {
      ClientConfig config;
      config.nodes.push_back(plazad.clients());
      config.user = "ann";
      Client client(io.get_executor(), config);
      for (;;) {
        const std::string id = "hold-" + std::to_string(told.size());
        const CallResult result = co_await client.call(hold(id), std::chrono::steady_clock::now() + 2s);
        if (result.error) co_return;
        REQUIRE(result.response.ok());
        told.push_back(result.response);
      }
    };
    run(io, hold_on());
    CHECK(plazad.end() == 3);
    CHECK(plazad.said().find("level=error node=1 event=store_lost why=") != std::string::npos);
    CHECK(plazad.said().ends_with("plazad: its disk has failed, or contradicts the other nodes; the log says more\n"));
  }
  REQUIRE(told.size() > 3);
  const Plazad plazad(flags, folder / "log");
  const std::vector<tcp::endpoint> place(1, plazad.clients());
  const auto ask_again = [&]() -> asio::awaitable<void> {
    for (std::size_t i = 0; i < told.size(); ++i) {
      const Response again = co_await ask(io, place, hold("hold-" + std::to_string(i)));
      CHECK(again == told[i]);
    }
  };
  run(io, ask_again());
}
