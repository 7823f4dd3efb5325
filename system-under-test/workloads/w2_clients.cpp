// W2: one server and 1,000 clients; each sends a 64-byte request, waits for the response, thinks for 10 ms and begins
// again, for 60 s of steady_clock time. Sockets and timers mix: it shows the cost of a busy service. The latency
// between the sides is a matter of the network they run on.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>

#include "system-under-test/workloads/connection.hpp"
#include "system-under-test/workloads/echo_server.hpp"
#include "system-under-test/workloads/fail.hpp"
#include "system-under-test/workloads/registry.hpp"

namespace workloads {
namespace {

using boost::asio::io_context;
using boost::asio::steady_timer;
using boost::asio::ip::tcp;
using namespace std::chrono_literals;

class ThinkingClients final : public Side {
 public:
  ThinkingClients(io_context& io, const Parameters& parameters)
      : parameters_(parameters), closing_time_(io), open_(parameters.connections) {
    for (std::uint32_t i = 0; i < parameters_.connections; ++i) clients_.emplace_back(io, *this);
  }

  void start() override {
    closing_time_.expires_after(parameters_.duration);
    closing_time_.async_wait([this](const boost::system::error_code& error) {
      if (error) fail("W2 client", "wait for the end", error);
      is_over_ = true;
    });
    for (Client& client : clients_) client.start();
  }
  bool done() const override { return open_ == 0; }
  std::uint64_t count() const override { return round_trips_; }

 private:
  class Client {
   public:
    Client(io_context& io, ThinkingClients& side)
        : side_(side), connection_(tcp::socket(io), "W2 client", side.parameters_.message_bytes), think_timer_(io) {}

    void start() {
      connection_.connect({side_.parameters_.server_address, side_.parameters_.port}, [this] { request(); });
    }

   private:
    void request() {
      if (side_.is_over_) return finish();
      connection_.send(connection_.message(), [this] {
        connection_.receive([this] {
          ++side_.round_trips_;
          think();
        });
      });
    }

    void think() {
      think_timer_.expires_after(side_.parameters_.think_time);
      think_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) fail("W2 client", "think", error);
        request();
      });
    }

    void finish() {
      connection_.close();
      --side_.open_;
    }

    ThinkingClients& side_;
    Connection connection_;
    steady_timer think_timer_;
  };

  const Parameters parameters_;
  steady_timer closing_time_;
  bool is_over_ = false;  // from then on no client sends another request
  std::deque<Client> clients_;
  std::uint32_t open_;  // connections not yet closed
  std::uint64_t round_trips_ = 0;
};

}  // namespace

constinit const Workload kClients = {
    .name = "W2",
    .about = "one server, 1,000 clients, 64-byte request and response, 10 ms think timer, 60 s",
    .unit = "round trips",
    .defaults =
        [] { return Parameters{.connections = 1'000, .message_bytes = 64, .think_time = 10ms, .duration = 60s}; },
    .make_server = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<EchoServer>(io, parameters, "W2 server");
    },
    .make_client = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<ThinkingClients>(io, parameters);
    },
};

}  // namespace workloads
