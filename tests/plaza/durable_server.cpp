// Servers with a data folder, on real sockets and files.
#include <sqlite3.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "system-under-test/plaza/gateway/server.hpp"
#include "tests/plaza/drive_client.hpp"
#include "tests/plaza/run_loop.hpp"
#include "tests/plaza/test_disk.hpp"
#include "tests/support/folder.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;
using ::test::Folder;

namespace {

ServerConfig durable(const Folder& folder, TicketNumber capacity = 8) {
  ServerConfig config;
  config.data_folder = folder.path;
  config.capacity = capacity;
  config.push_interval = 5ms;
  return config;
}

asio::awaitable<void> visit(Client& client, asio::ip::tcp::endpoint server, DriveReport& report) {
  report = co_await drive_client(client, server);
}

DriveReport report_of(const ServerConfig& config) {
  asio::io_context io;
  Server server(io.get_executor(), config);
  Client client(io.get_executor());
  DriveReport report;
  run(io, visit(client, server.local_endpoint(), report));
  return report;
}

// What a power loss now would leave.
KeptState left_on(const TestDisk& disk, const Folder& folder, TicketNumber capacity) {
  const Folder after;
  disk.lose_power(folder.path, after.path);
  return Store(after.path, capacity).take_kept();
}

// Whether a user who was told `response` would find it true.
bool is_true(const KeptState& kept, const Request& asked, const Response& response) {
  const auto answered = kept.answers.find({asked.user, asked.id});
  if (answered == kept.answers.end() || kept.version < response.version) return false;
  if (asked.op != Operation::buy || !response.ok()) return true;
  const Sale sale{.ticket = response.ticket, .user = asked.user, .request_id = asked.id};
  return std::find(kept.sales.begin(), kept.sales.end(), sale) != kept.sales.end();
}

}  // namespace

TEST_CASE("a data folder changes nothing in what users see", "[durable]") {
  const Folder folder;
  ServerConfig in_memory = durable(folder);
  in_memory.data_folder.clear();
  const DriveReport report = report_of(durable(folder));
  CHECK(report == report_of(in_memory));
  CHECK(report.answers.size() == 14);
}

TEST_CASE("a server goes on where the last one was, and repeats its answers", "[durable]") {
  const Folder folder;
  asio::io_context io;
  ServerConfig config = durable(folder);
  config.payments.delay = 1ms;
  std::vector<std::string> answers;
  const std::vector<Request> visits{
      request("1", Operation::hold),        request("2", Operation::purchase, "ann", 1),
      request("3", Operation::hold),        request("4", Operation::purchase, "ann", 7),
      request("1", Operation::buy, "bob"),  request("5", Operation::release, "ann", 2),
      request("6", Operation::hold, "ann"),
  };
  const auto ask_all = [&](Server& server) -> asio::awaitable<void> {
    answers.clear();
    Client client(io.get_executor());
    const error_code failed = co_await client.connect(server.local_endpoint());
    REQUIRE_FALSE(failed);
    for (const Request& each : visits) {
      const CallResult result = co_await client.call(each, detail::soon());
      answers.push_back(detail::text_of(result));
    }
  };
  std::vector<std::string> first;
  std::optional<Counts> counts;
  Version version = 0;
  {
    Server server(io.get_executor(), config);
    run(io, ask_all(server));
    first = answers;
    counts = server.inventory().counts();
    version = server.inventory().version();
    CHECK(*counts == Counts{.free = 5, .held = 1, .sold = 2});
  }
  Version recovered = 0;
  std::vector<Applied> applied;
  Hooks hooks;
  hooks.recovered = [&](const Inventory& inventory) { recovered = inventory.version(); };
  hooks.applied = [&](const Applied& change, const Inventory&) { applied.push_back(change); };
  Server server(io.get_executor(), config, hooks);
  CHECK(recovered == version);
  CHECK(server.inventory().counts() == *counts);
  run(io, ask_all(server));
  CHECK(answers == first);
  CHECK(applied.empty());
  CHECK(server.inventory().holds().at(2).user == "ann");
}

TEST_CASE("a payment ends with its process, and can be made again under the same id", "[durable]") {
  const Folder folder;
  asio::io_context io;
  ServerConfig config = durable(folder, 2);
  config.payments.delay = 10s;
  const auto begin = [&](Server& server) -> asio::awaitable<void> {
    Client client(io.get_executor());
    co_await client.connect(server.local_endpoint());
    const CallResult held = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(held.response.ticket == 1);
    for (const Request& each : {request("2", Operation::purchase, "ann", 1), request("1", Operation::buy, "bob")})
      co_await client.call(each, std::chrono::steady_clock::now() + 20ms);
  };
  {
    Server server(io.get_executor(), config);
    run(io, begin(server));
    CHECK(server.inventory().counts() == Counts{.free = 0, .held = 2, .sold = 0});
  }
  config.payments.delay = 1ms;
  std::vector<Applied> applied;
  std::vector<Committed> committed;
  Hooks hooks;
  hooks.applied = [&](const Applied& change, const Inventory&) { applied.push_back(change); };
  hooks.committed = [&](const Committed& batch) { committed.push_back(batch); };
  Server server(io.get_executor(), config, hooks);
  REQUIRE(applied.size() == 1);  // bob's, which hung on a payment
  CHECK(applied[0].kind == Change::release);
  CHECK(applied[0].user == "bob");
  CHECK(applied[0].request_id.empty());
  CHECK(server.inventory().counts() == Counts{.free = 1, .held = 1, .sold = 0});
  const auto again = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    co_await client.connect(server.local_endpoint());
    const CallResult purchase = co_await client.call(request("2", Operation::purchase, "ann", 1), detail::soon());
    CHECK(purchase.response.ticket == 1);
    const CallResult buy = co_await client.call(request("1", Operation::buy, "bob"), detail::soon());
    CHECK(buy.response.ticket == 2);
  };
  run(io, again());
  REQUIRE_FALSE(committed.empty());
  CHECK(committed.back().version == server.inventory().version());
}

TEST_CASE("whatever users are told, a power loss leaves it true; with ack-before-fsync it does not",
          "[durable][bugs]") {
  const bool planted = GENERATE(false, true);
  constexpr TicketNumber kTickets = 40;
  const Folder folder;
  TestDisk disk;
  asio::io_context io;
  ServerConfig config = durable(folder, kTickets);
  config.payments.delay = 1ms;
  config.bugs.ack_before_fsync = planted;
  Server server(io.get_executor(), config);
  int lies = 0;
  int pushes = 0;
  std::size_t done = 0;
  const auto buy = [&](Client& client, std::string user) -> asio::awaitable<void> {
    client.on_stock([&](const StockPush& push) {
      ++pushes;
      const KeptState kept = left_on(disk, folder, kTickets);
      CHECK(kept.version >= push.version);
    });
    const error_code failed = co_await client.connect(server.local_endpoint());
    REQUIRE_FALSE(failed);
    co_await client.call(request("w", Operation::watch, user), detail::soon());
    for (int i = 0; i < 6; ++i) {
      const Request wish = request(std::to_string(i), i % 2 == 0 ? Operation::buy : Operation::hold, user);
      const CallResult result = co_await client.call(wish, detail::soon());
      REQUIRE_FALSE(result.error);
      lies += !is_true(left_on(disk, folder, kTickets), wish, result.response);
    }
    ++done;
  };
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(io.get_executor()));
    asio::co_spawn(io, buy(*clients.back(), "user-" + std::to_string(i)), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  const auto all = [&]() -> asio::awaitable<void> {
    while (done < clients.size()) co_await detail::pause(1ms);
  };
  run(io, all());
  CHECK(pushes > 0);
  CHECK((lies > 0) == planted);
}

TEST_CASE("a full disk: users are told to ask again, and the patient get their tickets", "[durable]") {
  const Folder folder;
  TestDisk disk;
  asio::io_context io;
  ServerConfig config = durable(folder);
  config.payments.delay = 1ms;
  config.journal.retry_interval = 5ms;
  Server server(io.get_executor(), config);
  bool is_full = false;
  disk.fail = [&](TestDisk::Operation, int) { return is_full ? std::optional<int>(SQLITE_FULL) : std::nullopt; };
  const auto test = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    co_await client.connect(server.local_endpoint());
    const CallResult before = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(before.response.ok());
    is_full = true;
    const CallResult during = co_await client.call(request("2", Operation::buy), detail::soon());
    CHECK(during.response.error == Error::unavailable);
    CHECK(during.response.version == 1);
    const Version decided = server.inventory().version();
    const CallResult turned_away = co_await client.call(request("3", Operation::hold), detail::soon());
    CHECK(turned_away.response.error == Error::unavailable);
    const CallResult no_watch = co_await client.call(request("4", Operation::watch), detail::soon());
    CHECK(no_watch.response.error == Error::unavailable);
    co_await detail::pause(10ms);
    CHECK(server.inventory().counts().held <= 2);  // the third was not even decided
    CHECK(server.inventory().version() <= decided + 1);

    std::optional<CallResult> patient;
    asio::co_spawn(io, client.call_with_retries(request("2", Operation::buy), RetryPolicy{}),
                   [&patient](std::exception_ptr, CallResult result) { patient = result; });
    co_await detail::pause(20ms);
    CHECK_FALSE(patient);
    is_full = false;
    while (!patient) co_await detail::pause(1ms);
    CHECK(patient->response.ticket == 2);
    CHECK(server.inventory().sales().size() == 1);
  };
  run(io, test());
}

TEST_CASE("a disk that fails: nobody is told anything, and the next server has what was told before", "[durable]") {
  const Folder folder;
  TestDisk disk;
  asio::io_context io;
  std::string lost;
  Hooks hooks;
  hooks.store_lost = [&](const std::string& why) { lost = why; };
  auto server = std::make_unique<Server>(io.get_executor(), durable(folder), hooks);
  const auto test = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    ServerConfig same_place = durable(folder);
    same_place.listen_on = server->local_endpoint();
    co_await client.connect(server->local_endpoint());
    const CallResult before = co_await client.call(request("1", Operation::hold), detail::soon());
    CHECK(before.response.ok());
    disk.fail = [](TestDisk::Operation operation, int) {
      return operation == TestDisk::Operation::sync ? std::optional<int>(SQLITE_IOERR_FSYNC) : std::nullopt;
    };
    const CallResult during = co_await client.call(request("2", Operation::hold), detail::soon());
    CHECK(during.error);
    CHECK(lost == "disk I/O error (SQLite error 1034)");
    const error_code refused = co_await client.connect(same_place.listen_on);
    CHECK(refused == asio::error::connection_refused);

    server.reset();
    disk.fail = nullptr;
    server = std::make_unique<Server>(io.get_executor(), same_place);
    CHECK(server->inventory().holds().at(1).user == "ann");
    const CallResult again = co_await client.call_with_retries(request("2", Operation::hold), RetryPolicy{});
    CHECK(again.response.ticket == 2);
  };
  run(io, test());
}

TEST_CASE("a stopped server writes what it has decided, and lets the event loop end", "[durable]") {
  const Folder folder;
  asio::io_context io;
  ServerConfig config = durable(folder);
  config.journal.commit_delay = 10s;
  {
    Server server(io.get_executor(), config);
    const auto test = [&]() -> asio::awaitable<void> {
      Client client(io.get_executor());
      co_await client.connect(server.local_endpoint());
      co_await client.call(request("1", Operation::hold), std::chrono::steady_clock::now() + 20ms);
      CHECK(server.inventory().version() == 1);
      server.stop();
    };
    run(io, test());
    io.restart();
    io.run_for(2s);
    CHECK(io.stopped());
  }
  CHECK(Store(folder.path, 8).take_kept().version == 1);
}

TEST_CASE("an event loop with a data folder can be destroyed in the middle of everything", "[durable]") {
  for (int steps = 0; steps < 120; steps += 3) {
    const Folder folder;
    std::optional<Client> client;
    std::optional<Server> server;
    DriveReport report;
    asio::io_context io;
    server.emplace(io.get_executor(), durable(folder));
    client.emplace(io.get_executor());
    asio::co_spawn(io, visit(*client, server->local_endpoint(), report), [](std::exception_ptr) {});
    for (int step = 0; step < steps; ++step) io.run_one_for(1ms);
    if (steps % 2 == 0) server.reset();
    server.reset();
    client.reset();
    const KeptState kept = Store(folder.path, 8).take_kept();
    CHECK(kept.holds.size() + kept.sales.size() <= 8);
  }
}
