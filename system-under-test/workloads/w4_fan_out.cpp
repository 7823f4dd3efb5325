// W4: a hub sends 100 bytes to each of 1,000 subscribers, 1,000 times; a round begins when all have the one before.
// It shows the cost of a broadcast. Whichever subscriber completes a round says so to the hub with one byte: the
// subscribers share a process, so one acknowledgement per round is enough and the traffic stays one way.
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <deque>
#include <utility>
#include <vector>

#include "system-under-test/workloads/connection.hpp"
#include "system-under-test/workloads/listener.hpp"
#include "system-under-test/workloads/registry.hpp"

namespace workloads {
namespace {

using boost::asio::io_context;
using boost::asio::ip::tcp;

constexpr std::array<std::byte, 1> kAcknowledgement{};

class Hub final : public Side {
 public:
  Hub(io_context& io, const Parameters& parameters)
      : parameters_(parameters),
        listener_(io, "W4 hub"),
        payload_(parameters.message_bytes),
        open_(parameters.connections),
        rounds_left_(parameters.rounds) {}

  void start() override {
    listener_.start(parameters_, [this](tcp::socket socket) { join(std::move(socket)); });
  }
  bool done() const override { return open_ == 0 && rounds_left_ == 0; }
  std::uint64_t count() const override { return sent_; }

 private:
  void join(tcp::socket socket) {
    Connection& subscriber = subscribers_.emplace_back(std::move(socket), "W4 hub", kAcknowledgement.size());
    subscriber.set_no_delay();
    await_acknowledgement(subscriber);
    if (subscribers_.size() == parameters_.connections) begin_round();
  }

  void await_acknowledgement(Connection& subscriber) {
    const auto acknowledged = [this, &subscriber] {
      await_acknowledgement(subscriber);
      complete_one();
    };
    const auto left = [this, &subscriber] {
      subscriber.close();
      --open_;
    };
    subscriber.receive(acknowledged, left);
  }

  void begin_round() {
    if (rounds_left_ == 0) return;
    --rounds_left_;
    outstanding_ = subscribers_.size() + 1;
    for (Connection& subscriber : subscribers_) {
      subscriber.send(boost::asio::buffer(payload_), [this] {
        ++sent_;
        complete_one();
      });
    }
  }

  void complete_one() {
    if (--outstanding_ == 0) begin_round();
  }

  const Parameters parameters_;
  Listener listener_;
  const std::vector<std::byte> payload_;  // shared by all sends
  std::deque<Connection> subscribers_;    // a deque: pending handlers refer to its elements
  std::uint32_t open_;                    // connections not yet closed, those still to be accepted included
  std::uint64_t rounds_left_;
  std::size_t outstanding_ = 0;  // of this round: a send to each subscriber, and the acknowledgement
  std::uint64_t sent_ = 0;
};

class Subscribers final : public Side {
 public:
  Subscribers(io_context& io, const Parameters& parameters)
      : parameters_(parameters), open_(parameters.connections), missing_(parameters.connections) {
    for (std::uint32_t i = 0; i < parameters_.connections; ++i) subscribers_.emplace_back(io, *this);
  }

  void start() override {
    for (Subscriber& subscriber : subscribers_) subscriber.start();
  }
  bool done() const override { return open_ == 0; }
  std::uint64_t count() const override { return delivered_; }

 private:
  class Subscriber {
   public:
    Subscriber(io_context& io, Subscribers& side)
        : side_(side),
          connection_(tcp::socket(io), "W4 subscriber", side.parameters_.message_bytes),
          rounds_left_(side.parameters_.rounds) {}

    void start() {
      connection_.connect({side_.parameters_.server_address, side_.parameters_.port}, [this] { await_message(); });
    }

   private:
    void await_message() {
      if (rounds_left_ == 0) return leave();
      connection_.receive([this] {
        --rounds_left_;
        ++side_.delivered_;
        if (--side_.missing_ == 0) complete_round();
        await_message();
      });
    }

    void complete_round() {
      side_.missing_ = side_.parameters_.connections;
      if (rounds_left_ == 0) return;  // that was the last one: leaving tells the hub
      connection_.send(boost::asio::buffer(kAcknowledgement), [] {});
    }

    void leave() {
      connection_.close();
      --side_.open_;
    }

    Subscribers& side_;
    Connection connection_;
    std::uint64_t rounds_left_;
  };

  const Parameters parameters_;
  std::deque<Subscriber> subscribers_;
  std::uint32_t open_;     // connections not yet closed
  std::uint32_t missing_;  // subscribers which do not have the current round yet
  std::uint64_t delivered_ = 0;
};

}  // namespace

constinit const Workload kFanOut = {
    .name = "W4",
    .about = "one hub sends 100 bytes to 1,000 subscribers, 1,000 rounds",
    .unit = "messages",
    .defaults = [] { return Parameters{.connections = 1'000, .rounds = 1'000, .message_bytes = 100}; },
    .make_server = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<Hub>(io, parameters);
    },
    .make_client = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<Subscribers>(io, parameters);
    },
};

}  // namespace workloads
