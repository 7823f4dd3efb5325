// The behaviour `crashing`: a counter that is kept in a file, on a host that loses its power again and again, and its
// users, who go on counting. For the comparison of hashes between builds.
#include <fcntl.h>
#include <unistd.h>

#include <boost/asio.hpp>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include <stillpoint/scenario.hpp>

namespace {

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::uint16_t kPort = 6000;
constexpr int kUsers = 20;
constexpr int kCrashes = 12;

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

class Counter {
 public:
  Counter(asio::io_context& context, Simulation& simulation)
      : context_(context), acceptor_(context, {tcp::v4(), kPort}) {
    file_ = ::open("/var/lib/counter", O_RDWR | O_CREAT, 0600);
    static_cast<void>(!::pread(file_, &count_, sizeof count_, 0));
    simulation.note("begins at " + std::to_string(count_) + ", draws " + std::to_string(std::random_device()()));
    spawn(context_, accept());
  }

 private:
  asio::awaitable<void> accept() {
    for (;;) spawn(context_, serve(co_await acceptor_.async_accept(asio::use_awaitable)));
  }
  asio::awaitable<void> serve(tcp::socket socket) {
    try {
      for (char byte = 0;;) {
        co_await asio::async_read(socket, asio::buffer(&byte, 1), asio::use_awaitable);
        ++count_;
        static_cast<void>(!::pwrite(file_, &count_, sizeof count_, 0));
        if (count_ % 10 == 0) ::fsync(file_);
        co_await asio::async_write(socket, asio::buffer(&count_, sizeof count_), asio::use_awaitable);
      }
    } catch (const boost::system::system_error&) {
    }
  }

  asio::io_context& context_;
  tcp::acceptor acceptor_;
  int file_ = -1;
  std::uint64_t count_ = 0;
};

asio::awaitable<void> count(asio::io_context& context, Simulation& simulation, tcp::endpoint server, std::string name) {
  RandomStream random = simulation.stream("user", name);
  asio::steady_timer timer(context);
  for (;;) {
    try {
      tcp::socket socket(context);
      co_await socket.async_connect(server, asio::use_awaitable);
      for (std::uint64_t answer = 0;;) {
        const EventId asked = simulation.invoke(name, "count", "");
        socket.send(asio::buffer("+", 1));
        // Whoever waits for an answer that will not come goes on asking.
        bool answered = false;
        spawn(context, [](asio::io_context& on, tcp::socket& to, bool& done) -> asio::awaitable<void> {
          asio::steady_timer patience(on, 100ms);
          co_await patience.async_wait(asio::use_awaitable);
          if (!done) to.close();
        }(context, socket, answered));
        boost::system::error_code error;
        co_await asio::async_read(socket, asio::buffer(&answer, sizeof answer),
                                  asio::redirect_error(asio::use_awaitable, error));
        answered = true;
        if (error) {
          simulation.info(asked, error.message());
        } else {
          simulation.ok(asked, std::to_string(answer));
        }
        timer.expires_after(random.between(Duration(101ms), Duration(150ms)));
        co_await timer.async_wait(asio::use_awaitable);
        if (error) break;
      }
    } catch (const boost::system::system_error& error) {
      simulation.note(name + ": " + error.code().message());
    }
    timer.expires_after(20ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
}

class Crashing final : public Scenario {
 public:
  void configure(const Settings&, const std::string&) override {}
  void build(Simulation& simulation) override {
    simulation.default_link({.latency_min = 1ms, .latency_max = 8ms});
    const HostId server = simulation.add_host(
        {.name = "counter", .role = "counter", .slice_cost = 5us, .start = [&simulation](asio::io_context& context) {
           return std::make_shared<Counter>(context, simulation);
         }});
    const tcp::endpoint there(asio::ip::make_address_v4(simulation.address(server)), kPort);
    simulation.add_host({.name = "users", .role = "users", .start = [&simulation, there](asio::io_context& context) {
                           for (int i = 0; i < kUsers; ++i)
                             spawn(context, count(context, simulation, there, "user-" + std::to_string(i)));
                           return std::shared_ptr<void>();
                         }});
    RandomStream random = simulation.stream("crashes", "counter");
    VirtualTime when{};
    for (int i = 0; i < kCrashes; ++i) {
      when += random.between(Duration(0), Duration(1s));
      simulation.at(when, [&simulation, server] { simulation.crash(server); });
      when += random.between(Duration(0), Duration(1s));
      simulation.at(when, [&simulation, server] { simulation.boot(server); });
    }
  }
};

const RegisterBehaviour kCrashing{
    {.name = "crashing", .bugs = {}, .make = [] { return std::make_unique<Crashing>(); }}};

}  // namespace
