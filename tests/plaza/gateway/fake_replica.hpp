// A replica without a cluster: what is submitted is applied to a machine in the next turn of the event loop. Tests say
// when it does not.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <string>
#include <utility>

#include "system-under-test/plaza/domain/tickets/messages.hpp"
#include "system-under-test/plaza/domain/tickets/tickets.hpp"
#include "system-under-test/plaza/replica/replica.hpp"

namespace plaza::test {

namespace asio = boost::asio;

class FakeReplica final : public Replica {
 public:
  explicit FakeReplica(asio::any_io_executor executor, Bugs bugs = {})
      : executor_(std::move(executor)), machine_(bugs) {}

  bool is_leaderless = false;  // nothing is decided, and nobody knows the present
  bool refuses = false;
  std::uint64_t submitted = 0;

  // Applies what nobody waits for.
  Answer apply(const RequestKey& key, const tickets::Request& request) {
    return apply(Command{.time = time_, .key = key, .domain = DomainId::tickets, .body = tickets::encode(request)});
  }
  void open(const std::string& event, std::uint32_t capacity, bool seated = true) {
    const tickets::Open request{.event = event, .capacity = capacity, .seated = seated};
    apply({.user = "operator", .id = "open " + event}, request);
  }
  void pass(LogTime time) {
    time_ += time;
    apply(Command{.time = time_});
  }
  const tickets::Tickets& tickets() const {
    return dynamic_cast<const tickets::Tickets&>(*machine_.domain(DomainId::tickets));
  }

  asio::awaitable<Outcome> submit(Command command, SteadyClock::time_point deadline) override {
    ++submitted;
    Outcome outcome;
    if (refuses) co_return outcome;
    const bool is_decided = co_await until([this] { return !is_leaderless; }, deadline);
    outcome.kind = Outcome::Kind::timed_out;
    if (!is_decided) co_return outcome;
    command.time = time_;
    outcome.answer = apply(command);
    outcome.kind = Outcome::Kind::answered;
    co_return outcome;
  }
  asio::awaitable<bool> read(SteadyClock::time_point deadline) override {
    return until([this] { return !is_leaderless; }, deadline);
  }
  asio::awaitable<bool> reached(std::uint64_t index, SteadyClock::time_point deadline) override {
    return until([this, index] { return machine_.applied_index() >= index; }, deadline);
  }
  const Machine& machine() const override { return machine_; }
  void on_applied(std::function<void(const Machine::Applied*)> listener) override { listener_ = std::move(listener); }
  ReplicaView view() const override {
    ReplicaView view;
    view.raft.id = 1;
    view.raft.leader = is_leaderless ? 0 : 1;
    view.raft.role = is_leaderless ? raft::Role::follower : raft::Role::leader;
    view.raft.term = 3;
    view.applied = machine_.applied_index();
    view.peers[2].frames_sent = 17;
    return view;
  }
  bool is_ready() const override { return !is_leaderless; }
  asio::awaitable<void> drain(SteadyClock::time_point) override { co_return; }
  void abandon() override {}

  // What a snapshot that is installed looks like from outside.
  void tell_of_snapshot() {
    if (listener_) listener_(nullptr);
  }

 private:
  Answer apply(const Command& command) {
    const std::string entry =
        command.domain == DomainId::none ? encode(Command{.time = command.time}) : encode(command);
    const Machine::Applied applied = machine_.apply(machine_.applied_index() + 1, entry);
    if (listener_) listener_(&applied);
    return applied.answer;
  }

  asio::awaitable<bool> until(std::function<bool()> holds, SteadyClock::time_point deadline) {
    co_await asio::post(executor_, asio::use_awaitable);
    asio::steady_timer pause(executor_);
    while (!holds()) {
      if (SteadyClock::now() >= deadline) co_return false;
      boost::system::error_code ignored;
      pause.expires_after(std::chrono::milliseconds(1));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return true;
  }

  asio::any_io_executor executor_;
  Machine machine_;
  LogTime time_{};
  std::function<void(const Machine::Applied*)> listener_;
};

}  // namespace plaza::test
