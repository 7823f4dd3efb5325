// Programs and services that are killed on a machine that goes on: what their peers see, and the next process.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sim-core/kernel/current.hpp"
#include "sim-core/kernel/kernel.hpp"
#include "tests/interpose/crashes.hpp"
#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr std::uint16_t kPort = 5000;

sockaddr_in there(const std::string& address) {
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(kPort);
  inet_pton(AF_INET, address.c_str(), &name.sin_addr);
  return name;
}

int listening() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in name = there("0.0.0.0");
  if (bind(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) return -1;
  return listen(fd, 16) == 0 ? fd : -1;
}

// What a server does with its connection until it is killed.
void in_recv(int connection) {
  char byte = 0;
  recv(connection, &byte, 1, 0);
}
void in_poll(int connection) {
  pollfd entry{connection, POLLIN, 0};
  poll(&entry, 1, -1);
}
void in_epoll(int connection) {
  const int epoll = epoll_create1(0);
  epoll_event event{};
  event.events = EPOLLIN;
  epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event);
  epoll_wait(epoll, &event, 1, -1);
}
void in_threads(int connection) {
  std::mutex mutex;
  mutex.lock();
  std::thread waits([&] { mutex.lock(); });
  std::thread reads([=] { in_recv(connection); });
  waits.join();
}
void in_exit_beside_a_reader(int connection) {
  std::thread([=] { in_recv(connection); }).detach();
  sleep(1);
  _exit(0);
}

// When a client of the server sees the end of its connection, and how the connects after it went.
struct Seen {
  std::vector<std::string> notes;
  void note(Duration when, const std::string& what) { notes.push_back(std::to_string(when / 1s) + " " + what); }
};

HostOptions client_host(const std::string& server, Seen& seen, const Simulation& simulation) {
  return {.name = "client", .role = "client", .main = [&, server](int, char**) {
            for (int i = 0; i < 3; ++i) {
              const int fd = socket(AF_INET, SOCK_STREAM, 0);
              const sockaddr_in name = there(server);
              sleep(1);
              const Duration now = simulation.now().time_since_epoch();
              if (connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0) {
                seen.note(now, strerrorname_np(errno));
                continue;
              }
              char byte = 0;
              const ssize_t got = recv(fd, &byte, 1, 0);
              seen.note(simulation.now().time_since_epoch(), got == 0 ? "end" : got < 0 ? strerrorname_np(errno) : "?");
            }
            return 0;
          }};
}

// The kernel's host, as the injector of faults has it. Known once the host has run.
struct Victim {
  void learn() { host = kernel::current_host; }
  void kill() const {
    const kernel::CurrentHost none(nullptr);
    host->kill();
  }
  kernel::Host* host = nullptr;
};

}  // namespace

TEST_CASE("the peers of a program that is killed, or ends, see it wherever its threads wait", "[kill]") {
  struct Row {
    const char* name;
    void (*serve)(int connection);
    bool ends_by_itself;
  };
  const Row row = GENERATE(values<Row>({{"recv", in_recv, false},
                                        {"poll", in_poll, false},
                                        {"epoll", in_epoll, false},
                                        {"threads", in_threads, false},
                                        {"exit", in_exit_beside_a_reader, true}}));
  CAPTURE(row.name);
  Seen seen;
  int ended = 0, starts = 0;
  const auto run = [&] {
    seen = {};
    ended = starts = 0;
    return ::test::simulate(5, 20s, [&](Simulation& simulation) {
      auto victim = std::make_shared<Victim>();
      const HostId server =
          simulation.add_host({.name = "server",
                               .role = "server",
                               .main =
                                   [&, victim](int, char**) {
                                     victim->learn();
                                     std::atexit([] { std::abort(); });  // no handler may run
                                     ++starts;
                                     const int listener = listening();
                                     for (;;) row.serve(accept(listener, nullptr, nullptr));
                                     return 0;
                                   },
                               .ended = [&](const ProgramEnd& end) { ended += end.by_signal ? end.status : 100; }});
      simulation.add_host(client_host(simulation.address(server), seen, simulation));
      if (!row.ends_by_itself) simulation.at(VirtualTime(2s), [victim] { victim->kill(); });
      simulation.at(VirtualTime(2s + 1ms), [&, server, row] {
        seen.notes.emplace_back(simulation.is_up(server) ? "up" : "down");
        CHECK(simulation.is_up(server) == row.ends_by_itself);  // what ended by itself is no machine that is down
      });
      simulation.at(VirtualTime(3500ms), [&, server] {
        simulation.boot(server);
        CHECK(simulation.is_up(server));
        CHECK(::test::error_of([&] { simulation.boot(server); }) == "cannot boot host server: it is up");
      });
    });
  };
  const ::test::Outcome outcome = run();
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(starts == 2);
  REQUIRE(seen.notes.size() >= 3);
  if (row.ends_by_itself) {
    CHECK(seen.notes == std::vector<std::string>{"up", "2 end", "3 ECONNREFUSED", "5 end"});
  } else {
    CHECK(ended == SIGKILL);
    CHECK(seen.notes == std::vector<std::string>{"2 end", "down", "3 ECONNREFUSED"});  // and one that is served
  }
  CHECK(run().hash == outcome.hash);
}

TEST_CASE("a thread that has its own process killed never comes back from that", "[kill]") {
  const bool driven = GENERATE(false, true);
  std::vector<std::string> told;
  const ::test::Outcome outcome = ::test::simulate(1, 10s, [&](Simulation& simulation) {
    const auto deed = [&] {
      std::this_thread::sleep_for(1s);
      told.push_back("now");
      kernel::current_host->kill();
      told.push_back("this must never be");
    };
    HostOptions options{.name = "server", .role = "server"};
    if (driven) {
      options.start = [&, deed](asio::io_context&) {
        told.push_back("started");
        if (told.size() == 1) std::thread(deed).detach();
        return std::shared_ptr<void>();
      };
    } else {
      options.main = [&, deed](int, char**) {
        told.push_back("started");
        if (told.size() == 1) deed();
        return 0;
      };
    }
    const HostId host = simulation.add_host(std::move(options));
    simulation.at(VirtualTime(2s), [&, host] { simulation.boot(host); });
  });
  CHECK(told == std::vector<std::string>{"started", "now", "started"});
  CHECK(outcome.report.verdict == Verdict::pass);
}

TEST_CASE("a program that kills itself has crashed all the same", "[kill]") {
  const ::test::Outcome outcome = ::test::simulate(1, 10s, [&](Simulation& simulation) {
    simulation.add_host({.name = "server", .role = "server", .main = [](int, char**) {
                           kill(getpid(), SIGKILL);
                           return 0;
                         }});
  });
  CHECK(outcome.report.verdict == Verdict::crash);
}

namespace {

// Answers each byte with another one.
struct Service {
  explicit Service(asio::io_context& context) : acceptor(context, {tcp::v4(), kPort}) { accept(); }
  ~Service() { ++destroyed; }
  void accept() {
    acceptor.async_accept([this](const boost::system::error_code& error, tcp::socket socket) {
      if (error) return;
      serve(std::make_shared<tcp::socket>(std::move(socket)), std::make_shared<char>());
      accept();
    });
  }
  void serve(std::shared_ptr<tcp::socket> socket, std::shared_ptr<char> byte) {
    asio::async_read(*socket, asio::buffer(byte.get(), 1),
                     [=, this](const boost::system::error_code& error, std::size_t) {
                       if (error) return;
                       asio::async_write(*socket, asio::buffer(byte.get(), 1),
                                         [=, this](const boost::system::error_code& failed, std::size_t) {
                                           if (!failed) serve(socket, byte);
                                         });
                     });
  }
  tcp::acceptor acceptor;
  static inline int destroyed = 0;
};

// Asks for `rounds` answers, one each 10 ms, and connects again when it hears of an end.
asio::awaitable<void> ask(tcp::endpoint server, int rounds, int& answers, std::map<std::string, int>& errors) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  while (rounds > 0) {
    boost::system::error_code error;
    auto noted = asio::redirect_error(asio::use_awaitable, error);
    tcp::socket socket(timer.get_executor());
    co_await socket.async_connect(server, noted);
    for (char byte = '?'; !error && rounds > 0; --rounds) {
      co_await asio::async_write(socket, asio::buffer(&byte, 1), noted);
      if (!error) co_await asio::async_read(socket, asio::buffer(&byte, 1), noted);
      if (error) break;
      ++answers;
      timer.expires_after(10ms);
      co_await timer.async_wait(asio::use_awaitable);
    }
    if (error) ++errors[error.message()];
    timer.expires_after(100ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

}  // namespace

TEST_CASE("a service that is killed has its clients come back to the next one, on the same machine", "[kill]") {
  int answers = 0, starts = 0;
  std::map<std::string, int> errors;
  std::vector<std::string> clocks;
  const auto run = [&] {
    answers = starts = 0;
    errors.clear();
    clocks.clear();
    Service::destroyed = 0;
    const ::test::Outcome outcome = ::test::simulate(3, 1min, [&](Simulation& simulation) {
      auto victim = std::make_shared<Victim>();
      const HostId server = simulation.add_host(
          {.name = "server", .role = "server", .slice_cost = 5us, .start = [&, victim](asio::io_context& context) {
             victim->learn();
             ++starts;
             clocks.push_back(std::to_string(std::chrono::steady_clock::now().time_since_epoch() / 100ms));
             return std::make_shared<Service>(context);
           }});
      const tcp::endpoint at(asio::ip::make_address_v4(simulation.address(server)), kPort);
      simulation.add_host({.name = "clients", .role = "clients", .start = [&, at](asio::io_context& context) {
                             for (int i = 0; i < 50; ++i)
                               asio::co_spawn(context, ask(at, 20, answers, errors), asio::detached);
                             return std::shared_ptr<void>();
                           }});
      simulation.at(VirtualTime(55ms), [victim] { victim->kill(); });
      simulation.at(VirtualTime(1s), [&, server] {
        CHECK(Service::destroyed == 0);
        simulation.boot(server);
      });
    });
    // The one that is alive is destroyed with the run.
    CHECK(Service::destroyed == 1);
    return outcome;
  };
  const ::test::Outcome outcome = run();
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(starts == 2);
  CHECK(answers == 50 * 20);
  // Whoever waited for an answer saw the end, whoever wrote later a reset, and until the boot nobody listened.
  CHECK(errors["End of file"] + errors["Connection reset by peer"] + errors["Broken pipe"] == 50);
  CHECK(errors["Connection refused"] >= 50);
  REQUIRE(clocks.size() == 2);
  CHECK(std::stol(clocks[1]) - std::stol(clocks[0]) == 10);
  CHECK(run().hash == outcome.hash);
}

TEST_CASE("a service is killed and started again and again", "[kill]") {
  int starts = 0;
  const auto run = [&] {
    starts = 0;
    return ::test::simulate(9, 1h, [&](Simulation& simulation) {
      auto victim = std::make_shared<Victim>();
      const HostId server =
          simulation.add_host({.name = "server", .role = "server", .main = [&, victim](int, char**) {
                                 victim->learn();
                                 ++starts;
                                 std::thread other([] { in_recv(accept(listening(), nullptr, nullptr)); });
                                 other.join();
                                 return 0;
                               }});
      for (int i = 1; i <= 100; ++i) {
        simulation.at(VirtualTime(i * 1s), [victim] { victim->kill(); });
        simulation.at(VirtualTime(i * 1s + 500ms), [&, server] { simulation.boot(server); });
      }
    });
  };
  const std::uint64_t hash = run().hash;
  CHECK(starts == 101);
  CHECK(run().hash == hash);
}
