// plazad, the process, on the real disk: killed in the middle of everything, and started again.
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "system-under-test/plaza/client/client.hpp"
#include "system-under-test/plaza/store/store.hpp"
#include "tests/plaza/drive_client.hpp"
#include "tests/plaza/run_loop.hpp"
#include "tests/support/folder.hpp"
#include "tests/support/shell.hpp"

using namespace plaza;
using namespace plaza::test;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using boost::system::error_code;
using ::test::Folder;

namespace {

constexpr TicketNumber kTickets = 200;

// A plazad that listens on `server`.
class Plazad {
 public:
  // `before` is what the shell does first.
  explicit Plazad(const std::string& options, const std::string& before = "") {
    const std::string command = before + "exec " + ::test::binary("plazad") + " " + options;
    std::array<int, 2> output{};
    REQUIRE(pipe(output.data()) == 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, output[0]);
    const std::array<const char*, 4> argv{"bash", "-c", command.c_str(), nullptr};
    REQUIRE(posix_spawn(&pid_, "/bin/bash", &actions, nullptr, const_cast<char**>(argv.data()), environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(output[1]);
    std::string line;
    for (char next = 0; read(output[0], &next, 1) == 1 && next != '\n';) line += next;
    close(output[0]);
    REQUIRE(line.starts_with("plazad: listening on 127.0.0.1:"));
    server = {asio::ip::address_v4::loopback(),
              static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)))};
  }
  ~Plazad() { end(SIGKILL); }
  Plazad(const Plazad&) = delete;
  Plazad& operator=(const Plazad&) = delete;

  // Its exit code, or 128 + the signal's number. Without a signal it ends by itself.
  int end(int signal = 0) {
    if (pid_ == 0) return -1;
    if (signal != 0) kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  asio::ip::tcp::endpoint server;

 private:
  pid_t pid_ = 0;
};

std::string options(const Folder& folder, std::uint16_t port = 0, TicketNumber capacity = kTickets) {
  return "--port " + std::to_string(port) + " --capacity " + std::to_string(capacity) + " --hold-ttl 10m --data " +
         folder.path.string();
}

}  // namespace

TEST_CASE("plazad is killed again and again: nothing that it said is lost, and nobody gets two tickets", "[plazad]") {
  const Folder folder;
  auto plazad = std::make_unique<Plazad>(options(folder));
  const asio::ip::tcp::endpoint place = plazad->server;
  asio::io_context io;
  std::map<RequestKey, std::uint32_t> sold;  // as users were told
  std::size_t done = 0;

  // Every user buys some tickets, one after the other, however often the server goes away.
  const auto shop = [&](Client& client, std::string user) -> asio::awaitable<void> {
    co_await client.connect(place);
    RetryPolicy stubborn;
    stubborn.attempts_max = 1000;
    stubborn.attempt_timeout = 500ms;
    stubborn.backoff_max = 20ms;
    for (int i = 0; i < 15; ++i) {
      const Request wish = request(std::to_string(i), Operation::buy, user);
      const CallResult result = co_await client.call_with_retries(wish, stubborn);
      REQUIRE_FALSE(result.error);
      REQUIRE(result.response.ok());
      sold[{user, wish.id}] = result.response.ticket;
    }
    ++done;
  };
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 10; ++i) {
    clients.push_back(std::make_unique<Client>(io.get_executor()));
    asio::co_spawn(io, shop(*clients.back(), "user-" + std::to_string(i)), [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }
  int kills = 0;
  const auto reap = [&]() -> asio::awaitable<void> {
    while (done < clients.size()) {
      const std::size_t before = sold.size();
      while (sold.size() < before + 20 && done < clients.size()) co_await detail::pause(1ms);
      CHECK(plazad->end(SIGKILL) == 128 + SIGKILL);
      ++kills;
      const std::map<RequestKey, std::uint32_t> told = sold;  // some answers may still be on their way
      plazad.reset();
      {
        Store store(folder.path, kTickets);
        const KeptState kept = store.take_kept();
        for (const auto& [key, ticket] : told) {
          const Sale sale{.ticket = ticket, .user = key.user, .request_id = key.request_id};
          CHECK(std::find(kept.sales.begin(), kept.sales.end(), sale) != kept.sales.end());
        }
      }
      plazad = std::make_unique<Plazad>(options(folder, place.port()));
    }
  };
  run(io, reap());
  CHECK(kills > 4);
  CHECK(plazad->end(SIGTERM) == 0);

  const KeptState kept = Store(folder.path, kTickets).take_kept();
  CHECK(kept.sales.size() == 150);
  CHECK(sold.size() == 150);
  std::set<std::uint32_t> tickets;
  for (const Sale& sale : kept.sales) {
    CHECK(sold.at({sale.user, sale.request_id}) == sale.ticket);
    tickets.insert(sale.ticket);
  }
  CHECK(tickets.size() == 150);
}

TEST_CASE("ack-before-fsync: plazad sells a ticket, dies, and knows nothing of it", "[plazad][bugs]") {
  const bool planted = GENERATE(false, true);
  const Folder folder;
  Plazad plazad(options(folder) + " --commit-delay 300ms" + (planted ? " --bug ack-before-fsync" : ""));
  asio::io_context io;
  const auto buy = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    co_await client.connect(plazad.server);
    const CallResult bought = co_await client.call(request("1", Operation::buy), detail::soon());
    CHECK(bought.response.ticket == 1);
  };
  run(io, buy());
  plazad.end(SIGKILL);
  CHECK(Store(folder.path, kTickets).take_kept().sales.size() == (planted ? 0 : 1));
}

TEST_CASE("plazad says in one line what is wrong with its folder, and exits with 2", "[plazad]") {
  const Folder folder;
  const std::string plazad = ::test::binary("plazad") + " --port 0 --data ";
  const ::test::Ran nowhere = ::test::shell(plazad + (folder / "none").string());
  CHECK(nowhere.exit_code == 2);
  CHECK(nowhere.err == "plazad: " + (folder / "none/plaza.db").string() +
                           " cannot be used: unable to open database file (SQLite error 14)\n");
  const Plazad first(options(folder));
  const ::test::Ran second = ::test::shell(plazad + folder.path.string());
  CHECK(second.exit_code == 2);
  CHECK(second.err == "plazad: " + (folder / "plaza.db").string() + " is in use by another process\n");
}

TEST_CASE("plazad stops when its disk fails and exits with 3; what it said before is there", "[plazad]") {
  const Folder folder;
  const std::filesystem::path said = folder / "stderr.txt";
  // A limit on the size of files: the write that reaches it fails, and not for want of space.
  Plazad plazad(options(folder, 0, 10'000), "trap '' XFSZ; ulimit -f 100; exec 2> " + said.string() + "; ");
  asio::io_context io;
  int told = 0;
  const auto hold_on = [&]() -> asio::awaitable<void> {
    Client client(io.get_executor());
    co_await client.connect(plazad.server);
    for (;;) {
      const CallResult result = co_await client.call(request(std::to_string(told), Operation::hold), detail::soon());
      if (result.error) break;
      REQUIRE(result.response.ok());
      ++told;
    }
  };
  run(io, hold_on());
  CHECK(plazad.end() == 3);
  std::string line;
  std::getline(std::ifstream(said) >> std::ws, line);
  CHECK(line == "plazad: its database has failed: disk I/O error (SQLite error 778)");
  CHECK(told > 0);
  const KeptState kept = Store(folder.path, 10'000).take_kept();
  CHECK(kept.version >= static_cast<Version>(told));
  CHECK(kept.version <= static_cast<Version>(told) + 1);
}
