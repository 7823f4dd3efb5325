// One client's visit to a plaza server, on real sockets and on the virtual kernel: the same code, the same report.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <catch2/catch.hpp>

#include "system-under-test/plaza/gateway/server.hpp"
#include "tests/interpose/in_simulation.hpp"
#include "tests/plaza/drive_client.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using plaza::test::DriveReport;

namespace {

constexpr std::uint16_t kPort = 9000;

plaza::ServerConfig config(asio::ip::address_v4 address, std::uint16_t port) {
  plaza::ServerConfig config;
  config.listen_on = {address, port};
  config.capacity = 8;
  config.push_interval = 5ms;
  return config;
}

asio::awaitable<void> visit(plaza::Client& client, asio::ip::tcp::endpoint server, DriveReport& report, bool& done) {
  report = co_await plaza::test::drive_client(client, server);
  done = true;
}

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

DriveReport on_real_sockets() {
  asio::io_context context;
  plaza::Server server(context.get_executor(), config(asio::ip::address_v4::loopback(), 0));
  plaza::Client client(context.get_executor());
  DriveReport report;
  bool done = false;
  spawn(context, visit(client, server.local_endpoint(), report, done));
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!done && std::chrono::steady_clock::now() < give_up) context.run_one_for(100ms);
  REQUIRE(done);
  return report;
}

DriveReport on_the_virtual_kernel() {
  DriveReport report;
  bool done = false;
  const test::Outcome outcome = test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.default_link({.latency_min = 1ms, .latency_max = 3ms});
    const HostId server = simulation.add_host(
        {.name = "plaza",
         .role = "plaza",
         .slice_cost = 10us,
         .start = [](asio::io_context& context) -> std::shared_ptr<void> {
           return std::make_shared<plaza::Server>(context.get_executor(), config(asio::ip::address_v4::any(), kPort));
         }});
    simulation.add_host(
        {.name = "client", .role = "client", .start = [&, server](asio::io_context& context) -> std::shared_ptr<void> {
           auto client = std::make_shared<plaza::Client>(context.get_executor());
           spawn(context, visit(*client, {asio::ip::make_address_v4(simulation.address(server)), kPort}, report, done));
           return client;
         }});
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  REQUIRE(done);
  return report;
}

}  // namespace

TEST_CASE("a visit to plaza is the same on real sockets and on the virtual kernel") {
  const DriveReport real = on_real_sockets();
  const DriveReport simulated = on_the_virtual_kernel();
  CHECK(real.connect_error.empty());
  CHECK(real.answers.size() > 5);
  CHECK(real == simulated);
}
