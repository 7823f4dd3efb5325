// Programs whose host loses its power and gets it back.
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/interpose/crashes.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using ::test::crash_and_boot;

namespace {

constexpr std::uint16_t kPort = 5000;

// What a program does until its host loses its power; what it had done in each of its lives.
struct Lives {
  std::vector<std::string> notes;
  void note(const std::string& text) { notes.push_back(text); }
};

int listening() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(kPort);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return -1;
  return listen(fd, 16) == 0 ? fd : -1;
}

void in_accept() { accept(listening(), nullptr, nullptr); }
void in_recv() {
  char byte = 0;
  recv(accept(listening(), nullptr, nullptr), &byte, 1, 0);
}
void in_sleep() { sleep(100); }
void in_epoll() {
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_ADD, listening(), &event);
  epoll_wait(epoll, &event, 1, -1);
}
void in_name_query() { gethostbyname("nobody"); }
void in_sigwait() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  int signal = 0;
  sigwait(&set, &signal);
}
void in_two_threads() {
  std::mutex mutex;
  std::condition_variable never;
  bool come = false;
  std::thread other([&] {
    std::unique_lock lock(mutex);
    never.wait(lock, [&] { return come; });
  });
  std::this_thread::sleep_for(100s);
  other.join();
}
void holding_a_mutex() {
  std::mutex mutex;
  const std::lock_guard held(mutex);
  std::thread other([&] { const std::lock_guard waits(mutex); });
  std::this_thread::sleep_for(100s);
}
void with_threads_that_ended() {
  std::thread over([] {});
  std::this_thread::sleep_for(100s);
  over.join();
}

}  // namespace

TEST_CASE("a program loses its power wherever it waits, and starts again from its beginning", "[crash]") {
  struct Row {
    const char* name;
    void (*wait)();
  };
  const Row row = GENERATE(values<Row>({{"accept", in_accept},
                                        {"recv", in_recv},
                                        {"sleep", in_sleep},
                                        {"epoll", in_epoll},
                                        {"name query", in_name_query},
                                        {"sigwait", in_sigwait},
                                        {"two threads", in_two_threads},
                                        {"holding a mutex", holding_a_mutex},
                                        {"a thread that ended", with_threads_that_ended}}));
  CAPTURE(row.name);
  Lives lives;
  const auto run = [&] {
    lives = {};
    return ::test::simulate(5, 10s, [&](Simulation& simulation) {
      const HostId host = simulation.add_host(
          {.name = "server",
           .role = "server",
           .main =
               [&](int argc, char** argv) {
                 lives.note(std::string(argv[0]) + " " + std::to_string(argc) + " pid " + std::to_string(getpid()) +
                            " fd " + std::to_string(dup(0)) + " rand " + std::to_string(rand()));
                 lives.note("entropy " + std::to_string(std::random_device()()));
                 row.wait();
                 lives.note("this must never be");
                 return 0;
               },
           .ended = [&](const ProgramEnd&) { lives.note("nobody may be told"); }});
      if (row.wait == in_recv) {  // somebody connects, and says nothing
        const std::string address = simulation.address(host);
        simulation.add_host({.name = "client", .role = "client", .main = [address](int, char**) {
                               const int fd = socket(AF_INET, SOCK_STREAM, 0);
                               sockaddr_in there{};
                               there.sin_family = AF_INET;
                               there.sin_port = htons(kPort);
                               inet_pton(AF_INET, address.c_str(), &there.sin_addr);
                               usleep(100'000);
                               connect(fd, reinterpret_cast<const sockaddr*>(&there), sizeof there);
                               pause();
                               return 0;
                             }});
      }
      const Duration first = row.wait == in_name_query ? Duration(100us) : Duration(1s);
      crash_and_boot(simulation, host, first, 2s);
      simulation.at(VirtualTime(2s + first), [&simulation, host] { simulation.crash(host); });
      simulation.at(VirtualTime(4s), [&simulation, host] { simulation.boot(host); });
      simulation.at(VirtualTime(4s + first), [&simulation, host] { simulation.crash(host); });
    });
  };
  const ::test::Outcome outcome = run();
  CHECK(outcome.report.verdict == Verdict::pass);
  REQUIRE(lives.notes.size() == 6);
  CHECK(lives.notes[0] == "server 1 pid 1001 fd 3 rand 1804289383");
  CHECK(lives.notes[2] == lives.notes[0]);
  CHECK(lives.notes[4] == lives.notes[0]);
  CHECK(std::set<std::string>{lives.notes[1], lives.notes[3], lives.notes[5]}.size() == 3);
  CHECK(run().hash == outcome.hash);
}

TEST_CASE("a shared object is a fresh copy in each life, and finds its disk", "[crash]") {
  int status = 0;
  const auto run = [&] {
    return ::test::simulate(5, 10s, [&](Simulation& simulation) {
      const HostId host = simulation.add_host(
          {.name = "server", .role = "server", .program = LIVES, .ended = [&](const ProgramEnd& end) {
             status = end.status;
           }});
      crash_and_boot(simulation, host, 1s, 2s);
      crash_and_boot(simulation, host, 3s, 4s);
    });
  };
  const std::uint64_t hash = run().hash;
  CHECK(status == 32);
  CHECK(run().hash == hash);
}

TEST_CASE("a thread that has its own host crash never comes back from that", "[crash]") {
  // Of a program, and of a host that is driven by its event loop.
  const bool driven = GENERATE(false, true);
  std::vector<std::string> told;
  ::test::simulate(1, 10s, [&](Simulation& simulation) {
    const auto id = std::make_shared<HostId>();
    const auto deed = [&, id] {
      std::this_thread::sleep_for(1s);
      told.push_back("now");
      simulation.crash(*id);
      told.push_back("this must never be");
    };
    HostOptions options{.name = "server", .role = "server"};
    if (driven) {
      options.start = [&, deed](asio::io_context& context) {
        told.push_back("started");
        if (told.size() == 1) std::thread(deed).detach();
        asio::post(context, [&] { told.push_back("posted"); });
        return std::shared_ptr<void>();
      };
    } else {
      options.main = [&, deed](int, char**) {
        told.push_back("started");
        std::thread other([&] { told.push_back("posted"); });
        other.join();
        if (told.size() == 2) deed();
        return 0;
      };
    }
    *id = simulation.add_host(std::move(options));
    simulation.at(VirtualTime(2s), [&, id] {
      told.push_back(simulation.is_up(*id) ? "up" : "down");
      simulation.boot(*id);
    });
  });
  CHECK(told == std::vector<std::string>{"started", "posted", "now", "down", "started", "posted"});
}

TEST_CASE("a program's end may have its host crash and boot", "[crash]") {
  int runs = 0;
  ::test::simulate(1, 20s, [&](Simulation& simulation) {
    const auto id = std::make_shared<HostId>();
    *id = simulation.add_host({.name = "server",
                               .role = "server",
                               .main =
                                   [&](int, char**) {
                                     ++runs;
                                     return 1;
                                   },
                               .ended =
                                   [&, id](const ProgramEnd&) {
                                     if (runs == 3) return;
                                     simulation.crash(*id);
                                     simulation.boot(*id);
                                   }});
  });
  CHECK(runs == 3);
}

TEST_CASE("a program with threads loses its power again and again", "[crash]") {
  int starts = 0;
  const auto run = [&](int cycles) {
    starts = 0;
    return ::test::simulate(9, 1h, [&](Simulation& simulation) {
      const HostId host = simulation.add_host({.name = "server", .role = "server", .main = [&](int, char**) {
                                                 ++starts;
                                                 std::thread other(in_accept);
                                                 in_sleep();
                                                 other.join();
                                                 return 0;
                                               }});
      for (int i = 1; i <= cycles; ++i) crash_and_boot(simulation, host, i * 1s, i * 1s + 500ms);
    });
  };
  const ::test::Outcome outcome = run(200);
  CHECK(starts == 201);
  CHECK(outcome.report.measures.back().name == "threads that they left behind");
  CHECK(outcome.report.measures.back().value == 400);
  CHECK(run(200).hash == outcome.hash);
}
