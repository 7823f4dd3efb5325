// Boost.Asio in ordinary programs: main calls io_context::run(), in one thread and in several.
#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/interpose/programs.hpp"

using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using test::Programs;
using test::twenty_seeds;

namespace {

asio::awaitable<void> echo(tcp::socket socket) {
  char bytes[1000];
  for (;;) {
    error_code error;
    const std::size_t count =
        co_await socket.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await asio::async_write(socket, asio::buffer(bytes, count), asio::use_awaitable);
  }
}

asio::awaitable<void> serve() {
  tcp::acceptor acceptor(co_await asio::this_coro::executor, {tcp::v4(), 7000});
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    const auto executor = co_await asio::this_coro::executor;
    asio::co_spawn(executor, echo(std::move(socket)), asio::detached);
  }
}

asio::awaitable<void> talk(int& done) {
  tcp::socket socket(co_await asio::this_coro::executor);
  asio::steady_timer timer(co_await asio::this_coro::executor);
  co_await socket.async_connect({asio::ip::make_address_v4("10.0.0.1"), 7000}, asio::use_awaitable);
  for (std::size_t round = 0; round < 10; ++round) {
    const std::string sent(round * 500 + 1, 'x');
    std::string got(sent.size(), ' ');
    co_await asio::async_write(socket, asio::buffer(sent), asio::use_awaitable);
    co_await asio::async_read(socket, asio::buffer(got), asio::use_awaitable);
    if (got != sent) co_return;
    timer.expires_after(2ms);
    co_await timer.async_wait(asio::use_awaitable);
  }
  ++done;
}

// Runs the context in so many threads, main's among them.
void run_in(asio::io_context& context, int threads) {
  std::vector<std::thread> others;
  for (int i = 1; i < threads; ++i) others.emplace_back([&context] { context.run(); });
  context.run();
  for (std::thread& thread : others) thread.join();
}

int server(int threads) {
  asio::io_context context;
  asio::co_spawn(context, serve(), asio::detached);
  asio::steady_timer end(context, 1s);
  end.async_wait([&context](error_code) { context.stop(); });
  run_in(context, threads);
  return 0;
}

}  // namespace

TEST_CASE("an echo server and clients whose main calls io_context::run()") {
  const int server_threads = GENERATE(1, 4);
  const test::Replay replay = twenty_seeds([server_threads](std::uint64_t seed) {
    Programs programs(seed);
    programs.kernel.fabric.set_default_link({1ms, 3ms});
    programs.add("server", [server_threads](int, char**) { return server(server_threads); });
    for (const char* name : {"client-1", "client-2"}) {
      programs.add(name, [](int, char**) {
        asio::io_context context;
        int done = 0;
        std::this_thread::sleep_for(1ms);  // until the server listens
        for (int i = 0; i < 3; ++i) asio::co_spawn(context, talk(done), asio::detached);
        context.run();
        return done == 3 ? 0 : 1;
      });
    }
    programs.run();
    for (const char* name : {"server", "client-1", "client-2"}) {
      INFO(name);
      CHECK(programs.status(name) == 0);
    }
    return programs.hash();
  });
  CHECK(replay.alike);
  CHECK(replay.different > 1);
}

TEST_CASE("four threads run one context, and strands keep their handlers apart and in order") {
  const test::Replay replay = twenty_seeds([](std::uint64_t seed) {
    Programs programs(seed);
    programs.add("program", [](int, char**) {
      asio::io_context context(4);
      struct Line {
        explicit Line(asio::io_context& io) : strand(asio::make_strand(io)) {}
        asio::strand<asio::io_context::executor_type> strand;
        bool inside = false;
        bool apart = true;
        std::vector<int> order;
      };
      std::vector<std::unique_ptr<Line>> lines;
      for (int i = 0; i < 3; ++i) lines.push_back(std::make_unique<Line>(context));
      for (int n = 0; n < 20; ++n) {
        for (const auto& line : lines) {
          asio::post(line->strand, [&line = *line, n] {
            line.apart = line.apart && !line.inside;
            line.inside = true;
            std::this_thread::sleep_for(100us);
            line.inside = false;
            line.order.push_back(n);
          });
        }
      }
      run_in(context, 4);
      for (const auto& line : lines) {
        if (!line->apart || !std::ranges::is_sorted(line->order) || line->order.size() != 20) return 1;
      }
      return 0;
    });
    programs.run();
    CHECK(programs.status("program") == 0);
    return programs.hash();
  });
  CHECK(replay.alike);
  CHECK(replay.different > 1);
}

TEST_CASE("a thread pool works while main waits for it") {
  const test::Replay replay = twenty_seeds([](std::uint64_t seed) {
    Programs programs(seed);
    programs.add("program", [](int, char**) {
      asio::thread_pool pool(3);
      std::atomic<int> sum = 0;
      for (int i = 1; i <= 10; ++i) {
        asio::post(pool, [&sum, i] {
          std::this_thread::sleep_for(1ms);
          sum += i;
        });
      }
      pool.join();
      return sum == 55 ? 0 : 1;
    });
    programs.run();
    CHECK(programs.status("program") == 0);
    return programs.hash();
  });
  CHECK(replay.alike);
  CHECK(replay.different > 1);
}
