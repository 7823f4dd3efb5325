// One client's visit to a plaza node, on real sockets and a real disk, and on the virtual kernel: the same code, the
// same report.
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/node/node.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;

namespace {

constexpr std::uint16_t kPort = 9000;

plaza::NodeConfig config(asio::ip::address_v4 address, std::uint16_t port, const std::filesystem::path& folder) {
  plaza::NodeConfig config;
  config.replica.data_folder = folder;
  config.gateway.listen_on = {address, port};
  config.gateway.push_interval = 5ms;
  config.events = {{.event = "concert", .capacity = 4, .hold_ttl = 1h}};
  return config;
}

plaza::Request request(const std::string& id, plaza::Operation op, std::uint32_t count = 0,
                       const std::string& hold = "") {
  plaza::Request made;
  made.id = id;
  made.op = op;
  made.event = "concert";
  made.count = count;
  made.hold = hold;
  return made;
}

// What the client was told, in order. What was pushed hangs on when it was pushed, but for what it comes to.
struct Visit {
  std::vector<std::string> answers;
  std::string last_push;
  bool done = false;
  friend bool operator==(const Visit& a, const Visit& b) {
    return a.answers == b.answers && a.last_push == b.last_push;
  }
};

asio::awaitable<void> visit(plaza::Client& client, Visit& seen) {
  using plaza::Operation;
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  plaza::Request open = request("r-0", Operation::look);
  for (plaza::CallResult there = co_await client.call(open, deadline); !there.response.ok();) {
    open.id += "x";  // until the node has opened the event
    there = co_await client.call(open, deadline);
  }
  client.watch("event/concert", [&seen](const plaza::TopicPush& push) {
    if (seen.done) return;
    const auto& counts = std::get<plaza::EventPush>(push).counts;
    seen.last_push =
        std::to_string(counts.free) + " " + std::to_string(counts.held) + " " + std::to_string(counts.sold);
  });
  const std::vector<plaza::Request> requests = {request("r-1", Operation::hold, 1),
                                                request("r-1", Operation::hold, 1),
                                                request("r-1", Operation::hold, 2),
                                                request("r-2", Operation::purchase, 0, "r-1"),
                                                request("r-3", Operation::buy, 2),
                                                request("r-4", Operation::hold, 2),
                                                request("r-5", Operation::hold, 1),
                                                request("r-6", Operation::wait, 1),
                                                request("r-7", Operation::release, 0, "r-5"),
                                                request("r-8", Operation::release, 0, "r-5"),
                                                request("r-9", Operation::look)};
  for (const plaza::Request& each : requests) {
    const plaza::CallResult result = co_await client.call(each, deadline);
    seen.answers.push_back(result.error ? result.error.message() : plaza::encode(result.response));
  }
  while (seen.last_push != "0 1 3" && std::chrono::steady_clock::now() < deadline)
    co_await client.call(request("look-" + std::to_string(seen.answers.size()), Operation::look), deadline);
  seen.done = true;
}

plaza::ClientConfig client_config(asio::ip::tcp::endpoint node) {
  plaza::ClientConfig config;
  config.nodes = {node};
  config.user = "ann";
  return config;
}

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

Visit on_real_sockets() {
  const auto folder = std::filesystem::temp_directory_path() / ("plaza-on-both-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  Visit seen;
  {
    asio::io_context context;
    plaza::Node node(context.get_executor(), config(asio::ip::address_v4::loopback(), 0, folder), {});
    plaza::Client client(context.get_executor(), client_config(node.server().local_endpoint()));
    spawn(context, visit(client, seen));
    const auto give_up = std::chrono::steady_clock::now() + 30s;
    while (!seen.done && std::chrono::steady_clock::now() < give_up) context.run_one_for(100ms);
  }
  std::filesystem::remove_all(folder);
  REQUIRE(seen.done);
  return seen;
}

Visit on_the_virtual_kernel() {
  Visit seen;
  const test::Outcome outcome = test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.default_link({.latency_min = 1ms, .latency_max = 3ms});
    const HostId server = simulation.add_host(
        {.name = "plaza",
         .role = "plaza",
         .slice_cost = 10us,
         .start = [](asio::io_context& context) -> std::shared_ptr<void> {
           return std::make_shared<plaza::Node>(context.get_executor(),
                                                config(asio::ip::address_v4::any(), kPort, "/srv"), plaza::NodeHooks{});
         }});
    simulation.add_host(
        {.name = "client", .role = "client", .start = [&, server](asio::io_context& context) -> std::shared_ptr<void> {
           const asio::ip::tcp::endpoint node(asio::ip::make_address_v4(simulation.address(server)), kPort);
           auto client = std::make_shared<plaza::Client>(context.get_executor(), client_config(node));
           spawn(context, visit(*client, seen));
           return client;
         }});
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  REQUIRE(seen.done);
  return seen;
}

}  // namespace

TEST_CASE("a visit to plaza is the same on real sockets and on the virtual kernel") {
  const Visit real = on_real_sockets();
  const Visit simulated = on_the_virtual_kernel();
  CHECK(real.answers.size() == 11);
  CHECK(real.answers == simulated.answers);
  CHECK(real.last_push == "0 1 3");
  CHECK(real == simulated);
}
