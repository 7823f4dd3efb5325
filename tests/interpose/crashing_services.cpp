// Services whose host loses its power and gets it back.
#include <dirent.h>
#include <signal.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <climits>
#include <map>
#include <memory>
#include <string>

#include "sim-core/kernel/graveyard.hpp"
#include "sim-core/process/driven.hpp"
#include "tests/interpose/crashes.hpp"
#include "tests/interpose/in_simulation.hpp"
#include "tests/trace/memory_trace.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using ::test::crash_and_boot;
using ::test::error_of;

namespace {

constexpr std::uint16_t kPort = 5000;
constexpr std::size_t kBlock = 200'000;

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

// ---- a server that gives a block of bytes for each byte, and its clients ----

struct Service {
  explicit Service(asio::io_context& context) : acceptor(context, {tcp::v4(), kPort}) { spawn(context, accept()); }
  ~Service() { ++destroyed; }

  asio::awaitable<void> accept() {
    for (;;) {
      tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
      spawn(static_cast<asio::io_context&>(acceptor.get_executor().context()), serve(std::move(socket)));
    }
  }
  static asio::awaitable<void> serve(tcp::socket socket) {
    const std::string block(kBlock, 'x');
    try {
      for (char byte = 0;;) {
        co_await asio::async_read(socket, asio::buffer(&byte, 1), asio::use_awaitable);
        co_await asio::async_write(socket, asio::buffer(block), asio::use_awaitable);
      }
    } catch (const boost::system::system_error&) {
    }
  }

  tcp::acceptor acceptor;
  static inline int destroyed = 0;
};

HostOptions service_host(int* starts = nullptr) {
  return {.name = "server", .role = "server", .slice_cost = 5us, .start = [starts](asio::io_context& context) {
            if (starts != nullptr) ++*starts;
            return std::make_shared<Service>(context);
          }};
}

struct Clients {
  std::map<std::string, int> errors;
  int done = 0;
};

// Asks for blocks until it has had `rounds` of them, and writes something more every 50 ms, so that it hears of a peer
// that has forgotten it.
asio::awaitable<void> use(asio::io_context& context, tcp::endpoint server, int rounds, Clients& clients) {
  std::string block(kBlock, ' ');
  asio::steady_timer timer(context);
  while (rounds > 0) {
    error_code error;
    tcp::socket socket(context);
    co_await socket.async_connect(server, asio::redirect_error(asio::use_awaitable, error));
    for (; !error && rounds > 0; --rounds) {
      asio::write(socket, asio::buffer("?", 1), error);
      if (error) break;
      bool waiting = true;
      spawn(context, [](asio::io_context& on, tcp::socket& to, bool& goes_on) -> asio::awaitable<void> {
        asio::steady_timer pulse(on);
        for (error_code failure; goes_on && !failure;) {
          pulse.expires_after(50ms);
          co_await pulse.async_wait(asio::use_awaitable);
          if (goes_on) to.send(asio::buffer("!", 1), 0, failure);
        }
        goes_on = false;
      }(context, socket, waiting));
      co_await asio::async_read(socket, asio::buffer(block), asio::redirect_error(asio::use_awaitable, error));
      waiting = false;
      timer.expires_after(60ms);  // the pulse has stopped by then
      co_await timer.async_wait(asio::use_awaitable);
      if (error) break;
    }
    if (error) ++clients.errors[error.message()];
    timer.expires_after(100ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
  ++clients.done;
}

HostOptions client_host(const Simulation& simulation, HostId server, int count, Clients& clients, int rounds = 5) {
  const tcp::endpoint there(asio::ip::make_address_v4(simulation.address(server)), kPort);
  return {.name = "clients", .role = "clients", .start = [=, &clients](asio::io_context& context) {
            for (int i = 0; i < count; ++i) spawn(context, use(context, there, rounds, clients));
            return std::shared_ptr<void>();
          }};
}

}  // namespace

TEST_CASE("a server loses its power in the midst of a hundred transfers, and its clients come back", "[crash]") {
  Clients clients;
  int starts = 0;
  int destroyed = 0;
  Service::destroyed = 0;
  const auto run = [&] {
    clients = {};
    starts = 0;
    return ::test::simulate(3, 10min, [&](Simulation& simulation) {
      const HostId server = simulation.add_host(service_host(&starts));
      simulation.add_host(client_host(simulation, server, 100, clients));
      crash_and_boot(simulation, server, 2ms, 3s);
      simulation.at(VirtualTime(3s), [&] { destroyed = Service::destroyed; });
    });
  };
  const ::test::Outcome outcome = run();
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(clients.done == 100);
  CHECK(starts == 2);
  CHECK(destroyed == 0);
  // Some had the answer to their SYN and nothing else; all of them hear of it when they speak.
  CHECK(clients.errors == std::map<std::string, int>{{"Connection reset by peer", 100}});
  REQUIRE(outcome.report.measures.size() == 1);
  CHECK(outcome.report.measures[0].name == "losses of power");
  CHECK(outcome.report.measures[0].value == 1);
  CHECK(run().hash == outcome.hash);
  CHECK(run().events == outcome.events);
}

TEST_CASE("clients of a server that stays without power time out", "[crash]") {
  Clients clients;
  ::test::simulate(3, 2000s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(service_host());
    simulation.add_host(client_host(simulation, server, 10, clients));
    simulation.at(VirtualTime(2ms), [&simulation, server] { simulation.crash(server); });
  });
  // The first connection after 924.6 s, then attempts to connect, of 127 s each.
  CHECK(clients.errors.size() == 1);
  CHECK(clients.errors["Connection timed out"] >= 10 * 8);
}

// ---- when ----

TEST_CASE("a service that has its own host crash does it when its handler is over", "[crash]") {
  std::vector<std::string> told;
  ::test::simulate(1, 10s, [&](Simulation& simulation) {
    const auto id = std::make_shared<HostId>();
    *id = simulation.add_host({.name = "server", .role = "server", .start = [&, id](asio::io_context& context) {
                                 told.push_back("started");
                                 if (told.size() > 1) return std::shared_ptr<void>();
                                 asio::post(context, [&, id] {
                                   simulation.crash(*id);
                                   told.push_back(simulation.is_up(*id) ? "up" : "going down");
                                   told.push_back(error_of([&] { simulation.crash(*id); }));
                                   simulation.boot(*id);  // it follows
                                 });
                                 asio::post(context, [&] { told.push_back("this must never be"); });
                                 return std::shared_ptr<void>();
                               }});
  });
  CHECK(told ==
        std::vector<std::string>{"started", "going down", "cannot crash host server: it is down already", "started"});
}

TEST_CASE("a crash before the first slice, before a program starts, and after it has ended", "[crash]") {
  std::vector<std::string> told;
  ::test::simulate(1, 20s, [&](Simulation& simulation) {
    const auto say = [&simulation, &told](const std::string& what) {
      told.push_back(std::to_string(simulation.now().time_since_epoch() / 1s) + " " + what);
    };
    const HostId driven = simulation.add_host({.name = "driven", .role = "server", .start = [say](asio::io_context&) {
                                                 say("driven");
                                                 return std::shared_ptr<void>();
                                               }});
    simulation.crash(driven);
    simulation.at(VirtualTime(1s), [&simulation, driven] { simulation.boot(driven); });
    HostOptions late{.name = "late", .role = "server", .starts_after = 3s};
    late.main = [say](int, char**) {
      say("late");
      return 0;
    };
    late.ended = [say](const ProgramEnd&) { say("has ended"); };
    const HostId program = simulation.add_host(late);
    crash_and_boot(simulation, program, 2s, 4s);
    late.name = "early";
    const HostId early = simulation.add_host(late);
    crash_and_boot(simulation, early, 1s, 2s);
    crash_and_boot(simulation, early, 5s, 6s);
  });
  CHECK(told == std::vector<std::string>{"1 driven", "2 late", "2 has ended", "4 late", "4 has ended", "6 late",
                                         "6 has ended"});
}

TEST_CASE("what cannot be crashed or booted is told", "[crash]") {
  std::vector<std::string> told;
  ::test::simulate(1, 20s, [&](Simulation& simulation) {
    const HostId host = simulation.add_host(service_host());
    const auto note = [&told](auto what) { told.push_back(error_of(what)); };
    note([&] { simulation.crash(7); });
    note([&] { simulation.boot(0); });
    note([&] { simulation.boot(host); });
    note([&] { simulation.crash(host); });
    note([&] { simulation.crash(host); });
    told.push_back(simulation.is_up(host) ? "up" : "down");
    simulation.signal(host, SIGTERM);  // nobody is there
    note([&] { simulation.boot(host); });
    note([&] { simulation.boot(host); });
    told.push_back(simulation.is_up(host) ? "up" : "down");
  });
  CHECK(told == std::vector<std::string>{"cannot crash: there is no host 7", "cannot boot: there is no host 0",
                                         "cannot boot host server: it is up", "",
                                         "cannot crash host server: it is down already", "down", "",
                                         "cannot boot host server: it is up", "up"});
}

// ---- again and again ----

namespace {

std::size_t real_descriptors() {
  std::size_t count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// A server that has connections, a datagram socket and timers, and loses its power in the midst of it all, `cycles`
// times. Returns the hash.
std::uint64_t cycle(std::uint64_t seed, int cycles) {
  stillpoint::test::MemoryTrace trace(1 << 26);
  kernel::Kernel kernel(trace.writer, seed, [](kernel::Host&, const char*, const void*) { std::abort(); });
  kernel::Host& server =
      kernel.add_host({.name = "server", .role = "server", .address = {0x0A000001}, .slice_cost = 5us});
  kernel::Host& client = kernel.add_host({.name = "client", .role = "client", .address = {0x0A000002}});
  Clients clients;
  const auto crashed = [](const auto&) { std::abort(); };
  auto of_client = std::make_unique<process::Driven>(
      client,
      [&](asio::io_context& context) {
        for (int i = 0; i < 8; ++i)
          spawn(context, use(context, {asio::ip::make_address_v4("10.0.0.1"), kPort}, INT_MAX, clients));
        return std::shared_ptr<void>();
      },
      crashed);
  client.boot(*of_client);
  RandomStream random(seed, "cycles", "server");
  for (int i = 0; i < cycles; ++i) {
    auto process = std::make_unique<process::Driven>(
        server,
        [&](asio::io_context& context) {
          spawn(context, [](asio::io_context& on) -> asio::awaitable<void> {
            asio::ip::udp::socket datagrams(on, {asio::ip::udp::v4(), kPort});
            asio::steady_timer timer(on);
            for (;;) {
              timer.expires_after(1ms);
              co_await timer.async_wait(asio::use_awaitable);
            }
          }(context));
          return std::make_shared<Service>(context);
        },
        crashed);
    server.boot(*process);
    const VirtualTime until = kernel.queue.now() + random.between(Duration(0), Duration(400ms));
    while (kernel.queue.next_time() <= until) kernel.queue.pop().fire();
    kernel.queue.advance(until);
    server.crash();
    kernel::graveyard().bury(std::move(process));
    const VirtualTime again = kernel.queue.now() + random.between(Duration(0), Duration(400ms));
    while (!kernel.queue.empty() && kernel.queue.next_time() <= again) kernel.queue.pop().fire();
    kernel.queue.advance(again);
    // Of the eight connections, and nothing else.
    CHECK(kernel.queue.size() < 8 * 4);
    CHECK(kernel.tcp.connections() <= 8);
    CHECK(kernel.udp.endpoints() == 0);
    CHECK(client.descriptors.count() <= 3 + 3 + 8);
  }
  CHECK(server.boots() == cycles);
  client.crash();
  kernel::graveyard().bury(std::move(of_client));
  CHECK(clients.errors["Connection reset by peer"] > cycles / 5);
  return trace.hash();
}

}  // namespace

TEST_CASE("a thousand losses of power leave nothing but their graveyard", "[crash]") {
  const std::size_t before = real_descriptors();
  const std::uint64_t hash = cycle(1, 1000);
  CHECK(real_descriptors() == before);
  CHECK(cycle(1, 1000) == hash);
  CHECK(cycle(2, 100) != cycle(3, 100));
}
