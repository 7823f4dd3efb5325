// Unmodified Boost.Asio's datagram sockets on the virtual kernel.
#include <array>
#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::udp;
using boost::system::error_code;

namespace {

constexpr std::uint16_t kPort = 5000;

asio::ip::address address(const Simulation& simulation, HostId host) {
  return asio::ip::make_address(simulation.address(host));
}

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

HostOptions host(std::string name, std::function<void(asio::io_context&)> start) {
  return {
      .name = std::move(name), .role = "test", .start = [start](asio::io_context& context) -> std::shared_ptr<void> {
        start(context);
        return nullptr;
      }};
}

asio::awaitable<void> echo(asio::io_context& context, udp protocol) {
  udp::socket socket(context, {protocol, kPort});
  std::array<char, 70'000> bytes;
  for (;;) {
    udp::endpoint from;
    const std::size_t size = co_await socket.async_receive_from(asio::buffer(bytes), from, asio::use_awaitable);
    co_await socket.async_send_to(asio::buffer(bytes, size), from, asio::use_awaitable);
  }
}

}  // namespace

TEST_CASE("datagrams go to another host and back, and a seed is one run") {
  const auto run = [](std::uint64_t seed) {
    auto echoed = std::make_shared<std::vector<std::size_t>>();
    const test::Outcome outcome = test::simulate(seed, 60s, [&](Simulation& simulation) {
      simulation.default_link({.latency_min = 1ms, .latency_max = 9ms});
      const HostId server = simulation.add_host(
          host("server", [](asio::io_context& context) { spawn(context, echo(context, udp::v4())); }));
      simulation.add_host(host("client", [&simulation, server, echoed](asio::io_context& context) {
        spawn(context, [](asio::io_context& on, udp::endpoint to, auto sizes) -> asio::awaitable<void> {
          udp::socket socket(on, udp::v4());
          std::array<char, 70'000> bytes;
          for (const std::size_t size : {std::size_t{1}, std::size_t{0}, std::size_t{1'000}, std::size_t{65'507}}) {
            const std::string sent(size, 'u');
            co_await socket.async_send_to(asio::buffer(sent), to, asio::use_awaitable);
            udp::endpoint from;
            const std::size_t got = co_await socket.async_receive_from(asio::buffer(bytes), from, asio::use_awaitable);
            if (from == to && std::string_view(bytes.data(), got) == sent) sizes->push_back(got);
          }
        }(context, {address(simulation, server), kPort}, echoed));
      }));
    });
    CHECK(outcome.report.verdict == Verdict::pass);
    CHECK(*echoed == std::vector<std::size_t>{1, 0, 1'000, 65'507});
    return outcome.hash;
  };
  CHECK(run(1) == run(1));
  CHECK(run(1) != run(2));
}

TEST_CASE("a dual-stack server hears both families") {
  std::set<std::string> heard;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(
        host("server", [](asio::io_context& context) { spawn(context, echo(context, udp::v6())); }));
    simulation.add_host(host("client", [&, server](asio::io_context& context) {
      const auto v4 = address(simulation, server).to_v4();
      asio::ip::address_v6::bytes_type bytes{0xFD};
      std::ranges::copy(v4.to_bytes(), bytes.begin() + 12);
      for (const asio::ip::address& to : {asio::ip::address(v4), asio::ip::address(asio::ip::address_v6(bytes))}) {
        spawn(context, [](asio::io_context& on, udp::endpoint target, auto& found) -> asio::awaitable<void> {
          udp::socket socket(on, target.protocol());
          co_await socket.async_send_to(asio::buffer("hello", 5), target, asio::use_awaitable);
          std::array<char, 10> buffer;
          udp::endpoint from;
          const std::size_t got = co_await socket.async_receive_from(asio::buffer(buffer), from, asio::use_awaitable);
          found.insert(from.address().to_string() + ' ' + std::string(buffer.data(), got));
        }(context, {to, kPort}, heard));
      }
    }));
  });
  CHECK(heard == std::set<std::string>{"10.0.0.1 hello", "fd00::a00:1 hello"});
}

TEST_CASE("a connected socket talks with its peer, and learns that nobody listens") {
  std::vector<std::string> seen;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(
        host("server", [](asio::io_context& context) { spawn(context, echo(context, udp::v4())); }));
    simulation.add_host(host("client", [&, server](asio::io_context& context) {
      spawn(context, [](asio::io_context& on, asio::ip::address to, auto& notes) -> asio::awaitable<void> {
        udp::socket socket(on);
        co_await socket.async_connect({to, kPort}, asio::use_awaitable);
        notes.push_back(socket.remote_endpoint() == udp::endpoint(to, kPort) ? "connected" : "elsewhere");
        co_await socket.async_send(asio::buffer("ping", 4), asio::use_awaitable);
        std::array<char, 10> buffer;
        const std::size_t got = co_await socket.async_receive(asio::buffer(buffer), asio::use_awaitable);
        notes.emplace_back(buffer.data(), got);
        co_await socket.async_connect({to, kPort + 1}, asio::use_awaitable);
        co_await socket.async_send(asio::buffer("ping", 4), asio::use_awaitable);
        error_code error;
        co_await socket.async_receive(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
        notes.push_back(error.message());
      }(context, address(simulation, server), seen));
    }));
  });
  CHECK(seen == std::vector<std::string>{"connected", "ping", "Connection refused"});
}

TEST_CASE("hosts that joined a group receive what is sent to it; the time to live keeps it at home") {
  std::multiset<std::string> heard;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    const auto group = asio::ip::make_address_v4("239.1.2.3");
    for (const char* name : {"first", "second", "third"}) {
      simulation.add_host(host(name, [&, name, group](asio::io_context& context) {
        spawn(context, [](asio::io_context& on, std::string who, auto to, auto& found) -> asio::awaitable<void> {
          udp::socket socket(on, udp::v4());
          socket.set_option(udp::socket::reuse_address(true));
          socket.bind({udp::v4(), kPort});
          if (who != "third") socket.set_option(asio::ip::multicast::join_group(to));
          std::array<char, 100> buffer;
          for (;;) {
            udp::endpoint from;
            const std::size_t got = co_await socket.async_receive_from(asio::buffer(buffer), from, asio::use_awaitable);
            found.insert(who + ": " + std::string(buffer.data(), got));
            if (std::string_view(buffer.data(), got) == "leave") {
              socket.set_option(asio::ip::multicast::leave_group(to));
            }
          }
        }(context, name, group, heard));
      }));
    }
    simulation.add_host(host("sender", [&, group](asio::io_context& context) {
      spawn(context, [](asio::io_context& on, udp::endpoint to) -> asio::awaitable<void> {
        udp::socket socket(on, udp::v4());
        asio::steady_timer timer(on);
        for (const char* word : {"hello", "leave", "too late"}) {
          timer.expires_after(1s);
          co_await timer.async_wait(asio::use_awaitable);
          co_await socket.async_send_to(asio::buffer(word, std::strlen(word)), to, asio::use_awaitable);
        }
        socket.set_option(asio::ip::multicast::hops(0));
        co_await socket.async_send_to(asio::buffer("at home", 7), to, asio::use_awaitable);
      }(context, {group, kPort}));
    }));
  });
  CHECK(heard == std::multiset<std::string>{"first: hello", "first: leave", "second: hello", "second: leave"});
}

TEST_CASE("two datagrams wait while one handler runs, and available() tells the next one's size") {
  std::vector<std::size_t> sizes;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(host("server", [&](asio::io_context& context) {
      spawn(context, [](asio::io_context& on, auto& found) -> asio::awaitable<void> {
        udp::socket socket(on, {udp::v4(), kPort});
        asio::steady_timer timer(on, 1s);
        co_await timer.async_wait(asio::use_awaitable);
        std::array<char, 100> buffer;
        while (socket.available() > 0) {
          found.push_back(socket.available());
          found.push_back(co_await socket.async_receive(asio::buffer(buffer), asio::use_awaitable));
        }
      }(context, sizes));
    }));
    simulation.add_host(host("client", [&, server](asio::io_context& context) {
      udp::socket socket(context, udp::v4());
      for (const char* word : {"abc", "defgh"}) {
        socket.send_to(asio::buffer(word, std::strlen(word)), {address(simulation, server), kPort});
      }
    }));
  });
  CHECK(sizes == std::vector<std::size_t>{3, 3, 5, 5});
}
