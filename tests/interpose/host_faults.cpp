// What programs and services notice of a host that stands still, sleeps, is slow, or has no descriptor left.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <condition_variable>
#include <ctime>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

using Deed = void (kernel::Host::*)(EventId);

// Has a fault of a host begin and end, as the injector does; the host is known once it has run.
struct Faults {
  void learn() { host = kernel::current_host; }
  void at(Simulation& simulation, Duration when, Deed deed) {
    simulation.at(VirtualTime(when), [this, deed] { (host->*deed)(fault); });
  }
  kernel::Host* host = nullptr;
  EventId fault = 1;
};

long seconds(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return std::lround(static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec));
}

void by_sleep() { sleep(10); }
void by_poll() { poll(nullptr, 0, 10'000); }
void by_condition() {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, 10s);
}
void by_receive() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const timeval timeout{10, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  char byte = 0;
  recv(fd, &byte, 1, 0);
  close(fd);
}
void by_steady_timer() {
  asio::io_context context;
  asio::steady_timer timer(context, 10s);
  timer.wait();
}
void by_wall_clock() {
  timespec until{};
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += 10;
  clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &until, nullptr);
}

struct Passed {
  long monotonic = 0, boottime = 0;
};

// How long a wait of ten seconds takes by the program's own clocks, with something from 5 s to 105 s.
Passed wait_under(void (*wait)(), Deed begin, Deed end, std::uint64_t& hash) {
  Passed passed;
  Faults faults;
  hash = ::test::simulate(1, 300s, [&](Simulation& simulation) {
           simulation.add_host(
               {.name = "a", .role = "test", .main = [&](int, char**) {
                  faults.learn();
                  const Passed before{seconds(CLOCK_MONOTONIC), seconds(CLOCK_BOOTTIME)};
                  wait();
                  passed = {seconds(CLOCK_MONOTONIC) - before.monotonic, seconds(CLOCK_BOOTTIME) - before.boottime};
                  return 0;
                }});
           faults.at(simulation, 5s, begin);
           faults.at(simulation, 105s, end);
         }).hash;
  return passed;
}

}  // namespace

TEST_CASE("a wait of a program goes on after the machine's sleep, and is over after a stop", "[faults]") {
  struct Row {
    const char* name;
    void (*wait)();
    Passed of_sleeper;
  };
  const Row row = GENERATE(values<Row>({{"sleep", by_sleep, {10, 110}},
                                        {"poll", by_poll, {10, 110}},
                                        {"condition", by_condition, {10, 110}},
                                        {"receive", by_receive, {10, 110}},
                                        {"steady timer", by_steady_timer, {10, 110}},
                                        {"wall clock", by_wall_clock, {5, 105}}}));
  CAPTURE(row.name);
  std::uint64_t hash = 0, again = 0;
  const Passed slept = wait_under(row.wait, &kernel::Host::suspend, &kernel::Host::wake_up, hash);
  CHECK(slept.monotonic == row.of_sleeper.monotonic);
  CHECK(slept.boottime == row.of_sleeper.boottime);
  const Passed stopped = wait_under(row.wait, &kernel::Host::stop, &kernel::Host::go_on, again);
  CHECK(stopped.monotonic == 105);
  CHECK(stopped.boottime == 105);
  CHECK(hash != again);
  static_cast<void>(wait_under(row.wait, &kernel::Host::suspend, &kernel::Host::wake_up, again));
  CHECK(hash == again);
}

TEST_CASE("a service that has no descriptor left goes on when it has", "[faults]") {
  int accepted = 0, refused = 0;
  Faults faults;
  ::test::simulate(1, 10s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(
        {.name = "server", .role = "server", .slice_cost = 5us, .start = [&](asio::io_context& context) {
           faults.learn();
           struct Server : std::enable_shared_from_this<Server> {
             Server(asio::io_context& on, int& good, int& bad)
                 : acceptor(on, {tcp::v4(), 80}), timer(on), accepted(good), refused(bad) {}
             void accept() {
               acceptor.async_accept([self = shared_from_this()](boost::system::error_code error, tcp::socket socket) {
                 if (!error) self->held.push_back(std::move(socket));
                 ++(error ? self->refused : self->accepted);
                 self->timer.expires_after(100ms);
                 self->timer.async_wait([self](boost::system::error_code) { self->accept(); });
               });
             }
             tcp::acceptor acceptor;
             asio::steady_timer timer;
             int& accepted;
             int& refused;
             std::vector<tcp::socket> held;
           };
           auto one = std::make_shared<Server>(context, accepted, refused);
           one->accept();
           return one;
         }});
    const tcp::endpoint at(asio::ip::make_address_v4(simulation.address(server)), 80);
    simulation.add_host({.name = "clients", .role = "clients", .start = [at](asio::io_context& context) {
                           auto sockets = std::make_shared<std::vector<tcp::socket>>();
                           sockets->reserve(10);
                           for (int i = 0; i < 10; ++i)
                             sockets->emplace_back(context).async_connect(at, [](boost::system::error_code) {});
                           return sockets;
                         }});
    simulation.at(VirtualTime(350ms), [&] { faults.host->limit_descriptors(faults.fault, 8); });
    faults.at(simulation, 5s, &kernel::Host::lift_descriptor_limit);
  });
  CHECK(accepted == 10);
  CHECK(refused >= 40);
}

namespace {

// What a hundred slices cost at a time, in each of three seconds.
asio::awaitable<void> work(asio::io_context& context, std::vector<long>& took) {
  const auto start = std::chrono::steady_clock::now();
  for (int round = 0; round < 3; ++round) {
    const auto begin = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) co_await asio::post(context, asio::use_awaitable);
    took.push_back(std::lround(static_cast<double>((std::chrono::steady_clock::now() - begin) / 1us) / 100.0));
    asio::steady_timer timer(context, start + (round + 1) * 1s);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

TEST_CASE("the work of a slow host takes longer", "[faults]") {
  std::vector<long> took;
  Faults faults;
  ::test::simulate(1, 10s, [&](Simulation& simulation) {
    simulation.add_host({.name = "server", .role = "server", .slice_cost = 10us, .start = [&](asio::io_context& on) {
                           faults.learn();
                           asio::co_spawn(on, work(on, took), asio::detached);
                           return std::shared_ptr<void>();
                         }});
    simulation.at(VirtualTime(900ms), [&] { faults.host->slow_down(faults.fault, 500, 3us); });
    faults.at(simulation, 1900ms, &kernel::Host::speed_up);
  });
  CHECK(took == std::vector<long>{10, 53, 10});
}
