// W1: one TCP connection on which a 64-byte message goes back and forth 200,000 times. Nothing overlaps: it shows the
// cost of a single round trip.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>

#include "system-under-test/workloads/connection.hpp"
#include "system-under-test/workloads/echo_server.hpp"
#include "system-under-test/workloads/registry.hpp"

namespace workloads {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;

class PingPongClient final : public Side {
 public:
  PingPongClient(io_context& io, const Parameters& parameters)
      : parameters_(parameters), open_(parameters.connections) {
    for (std::uint32_t i = 0; i < parameters_.connections; ++i) players_.emplace_back(io, *this);
  }

  void start() override {
    for (Player& player : players_) player.start();
  }
  bool done() const override { return open_ == 0; }
  std::uint64_t count() const override { return round_trips_; }

 private:
  class Player {
   public:
    Player(io_context& io, PingPongClient& side)
        : side_(side),
          connection_(tcp::socket(io), "W1 client", side.parameters_.message_bytes),
          rounds_left_(side.parameters_.rounds) {}

    void start() {
      connection_.connect({side_.parameters_.server_address, side_.parameters_.port}, [this] { play(); });
    }

   private:
    void play() {
      if (rounds_left_ == 0) return finish();
      --rounds_left_;
      connection_.send(connection_.message(), [this] {
        connection_.receive([this] {
          ++side_.round_trips_;
          play();
        });
      });
    }

    void finish() {
      connection_.close();
      --side_.open_;
    }

    PingPongClient& side_;
    Connection connection_;
    std::uint64_t rounds_left_;
  };

  const Parameters parameters_;
  std::deque<Player> players_;
  std::uint32_t open_;  // connections not yet closed
  std::uint64_t round_trips_ = 0;
};

}  // namespace

constinit const Workload kPingPong = {
    .name = "W1",
    .about = "one TCP connection, 64-byte ping-pong, 200,000 round trips",
    .unit = "round trips",
    .defaults = [] { return Parameters{.connections = 1, .rounds = 200'000, .message_bytes = 64}; },
    .make_server = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<EchoServer>(io, parameters, "W1 server");
    },
    .make_client = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<PingPongClient>(io, parameters);
    },
};

}  // namespace workloads
