// W3: 1,000,000 timers pending at once, their expiries spread evenly over 1,000 s. It shows the cost of a large timer
// queue. W3r: 1,000 timers, each armed again at every expiry, 1,000 times. It shows the cost of a timer in steady use.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <vector>

#include "system-under-test/workloads/fail.hpp"
#include "system-under-test/workloads/registry.hpp"

namespace workloads {
namespace {

using boost::asio::io_context;
using boost::asio::steady_timer;
using namespace std::chrono_literals;

class PendingTimers final : public Side {
 public:
  PendingTimers(io_context& io, const Parameters& parameters) : io_(io), parameters_(parameters) {}

  void start() override {
    // Armed in order of expiry, a timer queue would be filled from its cheapest end. A prime above every possible
    // number of timers (Knuth's for 32-bit multiplicative hashing) permutes the expiries.
    constexpr std::uint64_t kPrime = 2'654'435'761;
    const std::uint64_t timers = parameters_.timers;
    const auto begin = steady_timer::clock_type::now();
    timers_.reserve(timers);
    for (std::uint64_t i = 0; i < timers; ++i) {
      const auto slot = static_cast<std::int64_t>(i * kPrime % timers);
      const auto expiry = begin + parameters_.duration / timers * slot;
      timers_.emplace_back(io_, expiry).async_wait([this](const boost::system::error_code& error) {
        if (error) fail("W3", "wait", error);
        ++expiries_;
      });
    }
  }
  bool done() const override { return expiries_ == parameters_.timers; }
  std::uint64_t count() const override { return expiries_; }

 private:
  io_context& io_;
  const Parameters parameters_;
  std::vector<steady_timer> timers_;
  std::uint64_t expiries_ = 0;
};

class RearmedTimers final : public Side {
 public:
  RearmedTimers(io_context& io, const Parameters& parameters) : parameters_(parameters) {
    timers_.reserve(parameters_.timers);  // pending handlers refer to its elements
    for (std::uint32_t i = 0; i < parameters_.timers; ++i) {
      timers_.push_back({.timer = steady_timer(io), .delay = 1ms + i % 10 * 1ms, .rounds_left = parameters_.rounds});
    }
  }

  void start() override {
    for (Rearmed& rearmed : timers_) arm(rearmed);
  }
  bool done() const override { return expiries_ == parameters_.timers * parameters_.rounds; }
  std::uint64_t count() const override { return expiries_; }

 private:
  struct Rearmed {
    steady_timer timer;
    std::chrono::milliseconds delay;  // 1 to 10 ms, by index
    std::uint64_t rounds_left;
  };

  void arm(Rearmed& rearmed) {
    if (rearmed.rounds_left == 0) return;
    --rearmed.rounds_left;
    rearmed.timer.expires_after(rearmed.delay);
    rearmed.timer.async_wait([this, &rearmed](const boost::system::error_code& error) {
      if (error) fail("W3r", "wait", error);
      ++expiries_;
      arm(rearmed);
    });
  }

  const Parameters parameters_;
  std::vector<Rearmed> timers_;
  std::uint64_t expiries_ = 0;
};

}  // namespace

constinit const Workload kPendingTimers = {
    .name = "W3",
    .about = "1,000,000 timers pending at once, expiries spread over 1,000 s",
    .unit = "expiries",
    .defaults = [] { return Parameters{.timers = 1'000'000, .duration = 1'000s}; },
    .make_server = nullptr,
    .make_client = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<PendingTimers>(io, parameters);
    },
};

constinit const Workload kRearmedTimers = {
    .name = "W3r",
    .about = "1,000 timers of 1 to 10 ms, each re-armed 1,000 times",
    .unit = "expiries",
    .defaults = [] { return Parameters{.timers = 1'000, .rounds = 1'000}; },
    .make_server = nullptr,
    .make_client = [](io_context& io, const Parameters& parameters) -> std::unique_ptr<Side> {
      return std::make_unique<RearmedTimers>(io, parameters);
    },
};

}  // namespace workloads
