#include "system-under-test/plaza/gateway/box_office.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

using namespace plaza;
using namespace std::chrono_literals;

namespace {

Request request(std::string user, std::string id, Operation op, TicketNumber ticket = 0) {
  return Request{.id = std::move(id), .op = op, .user = std::move(user), .ticket = ticket};
}

// A box office without any network, and everything that it reported.
struct Fixture {
  explicit Fixture(ServerConfig config) {
    config.payments.delay = 1ms;
    hooks->applied = [this](const Applied& change, const Inventory&) { applied.push_back(change); };
    office = std::make_shared<BoxOffice>(io.get_executor(), config, hooks, feed);
  }

  void start(const Request& what) {
    auto work = what.op == Operation::buy ? BoxOffice::buy(office, what) : BoxOffice::purchase(office, what);
    boost::asio::co_spawn(io, std::move(work), [this](std::exception_ptr failure, Response response) {
      if (failure) std::rethrow_exception(failure);
      answers.push_back(response);
    });
  }

  std::uint32_t total() const {
    const Counts counts = office->inventory().counts();
    return counts.free + counts.held + counts.sold;
  }

  boost::asio::io_context io;
  std::shared_ptr<Hooks> hooks = std::make_shared<Hooks>();
  std::shared_ptr<StockFeed> feed = std::make_shared<StockFeed>(io.get_executor(), 1ms);
  std::vector<Applied> applied;
  std::vector<Response> answers;
  std::shared_ptr<BoxOffice> office;
};

ServerConfig with_capacity(TicketNumber capacity) {
  ServerConfig config;
  config.capacity = capacity;
  return config;
}

}  // namespace

TEST_CASE("two who buy at the same time get two tickets", "[office]") {
  Fixture fixture(with_capacity(2));
  fixture.start(request("ann", "1", Operation::buy));
  fixture.start(request("bob", "1", Operation::buy));
  fixture.start(request("cid", "1", Operation::buy));
  fixture.io.run();
  REQUIRE(fixture.answers.size() == 3);
  CHECK(fixture.answers[0].error == Error::sold_out);  // known at once, without a payment
  CHECK(fixture.answers[1].ticket == 1);
  CHECK(fixture.answers[2].ticket == 2);
  CHECK(fixture.total() == 2);
  for (const Applied& change : fixture.applied) CHECK(change.decided_on_version + 1 == change.version);
}

TEST_CASE("oversell: what was seen before the payment is acted on after it", "[office][bugs]") {
  ServerConfig config = with_capacity(2);
  config.bugs.oversell = true;
  Fixture fixture(config);
  fixture.start(request("ann", "1", Operation::buy));
  fixture.start(request("bob", "1", Operation::buy));
  fixture.io.run();
  REQUIRE(fixture.answers.size() == 2);
  CHECK(fixture.answers[0].ticket == fixture.answers[1].ticket);
  CHECK(fixture.total() == 3);
  REQUIRE(fixture.applied.size() == 2);
  CHECK(fixture.applied[0].kind == Change::sale);
  CHECK(fixture.applied[0].decided_on_version == 0);
  CHECK(fixture.applied[1].version == 2);
  CHECK(fixture.applied[1].decided_on_version == 0);
}

TEST_CASE("oversell: buyers who come one after the other do not meet the bug", "[office][bugs]") {
  ServerConfig config = with_capacity(2);
  config.bugs.oversell = true;
  Fixture fixture(config);
  fixture.start(request("ann", "1", Operation::buy));
  fixture.io.run();
  fixture.start(request("bob", "1", Operation::buy));
  fixture.io.restart();
  fixture.io.run();
  CHECK(fixture.total() == 2);
}

TEST_CASE("a request that is repeated during its payment pays once", "[office]") {
  Fixture fixture(with_capacity(2));
  fixture.start(request("ann", "1", Operation::buy));
  fixture.start(request("ann", "1", Operation::buy));
  fixture.io.run();
  REQUIRE(fixture.answers.size() == 2);
  CHECK(fixture.answers[0].error == Error::in_progress);
  CHECK(fixture.answers[1].ok());
  CHECK(fixture.office->inventory().counts() == Counts{.free = 1, .held = 0, .sold = 1});

  fixture.start(request("ann", "1", Operation::buy));
  fixture.io.restart();
  fixture.io.run();
  CHECK(fixture.answers[2] == fixture.answers[1]);
  CHECK(fixture.office->inventory().sales().size() == 1);
}

TEST_CASE("a refused payment gives the ticket back", "[office]") {
  ServerConfig config = with_capacity(1);
  config.payments.decide = [](const std::string& user, TicketNumber) {
    return user == "ann" ? Authorisation::refused : Authorisation::approved;
  };
  Fixture fixture(config);
  fixture.start(request("ann", "1", Operation::buy));
  fixture.io.run();
  CHECK(fixture.answers[0].error == Error::payment_refused);
  REQUIRE(fixture.applied.size() == 2);
  CHECK(fixture.applied[1].kind == Change::release);
  CHECK(fixture.office->inventory().counts() == Counts{.free = 1, .held = 0, .sold = 0});
}

TEST_CASE("holds expire by themselves, but not while they are paid for", "[office]") {
  ServerConfig config = with_capacity(2);
  config.hold_ttl = 3ms;
  Fixture fixture(config);
  config.payments.delay = 20ms;
  fixture.office = std::make_shared<BoxOffice>(fixture.io.get_executor(), config, fixture.hooks, fixture.feed);
  CHECK(fixture.office->hold(request("ann", "1", Operation::hold)).ticket == 1);
  CHECK(fixture.office->hold(request("bob", "1", Operation::hold)).ticket == 2);
  fixture.start(request("bob", "2", Operation::purchase, 2));
  fixture.io.run();
  CHECK(fixture.office->inventory().counts() == Counts{.free = 1, .held = 0, .sold = 1});
  REQUIRE(fixture.applied.size() == 4);
  CHECK(fixture.applied[2].kind == Change::expire);
  CHECK(fixture.applied[2].user == "ann");
  CHECK(fixture.applied[2].request_id.empty());
  CHECK(fixture.applied[3].kind == Change::sale);
  CHECK(fixture.answers.at(0).ok());
}
