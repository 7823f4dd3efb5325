// Boost.Asio's async_resolve: a thread of Asio's own that calls getaddrinfo, on a host that is driven by its event loop
// and in an ordinary program.
#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tests/interpose/in_simulation.hpp"
#include "tests/interpose/programs.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

asio::awaitable<void> answer(tcp::socket socket) {
  error_code ignored;
  co_await asio::async_write(socket, asio::buffer("hello", 5), asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<void> serve(asio::io_context& context) {
  tcp::acceptor acceptor(context, {tcp::v4(), 80});
  for (;;) co_await answer(co_await acceptor.async_accept(asio::use_awaitable));
}

std::string text_of(const tcp::resolver::results_type& results) {
  std::string text;
  for (const auto& entry : results)
    text += entry.endpoint().address().to_string() + ':' + std::to_string(entry.endpoint().port()) + ' ';
  return text;
}

// What a name resolves to, or why it does not.
asio::awaitable<std::string> resolve(asio::io_context& context, std::string name, std::string service) {
  tcp::resolver resolver(context);
  error_code error;
  const auto results = co_await resolver.async_resolve(name, service, asio::redirect_error(asio::use_awaitable, error));
  co_return error ? error.message() : text_of(results);
}

struct Seen {
  std::vector<std::string> answers;
  std::vector<Duration> durations;
};

asio::awaitable<void> ask(asio::io_context& context, Seen& seen) {
  for (const char* name : {"server", "nowhere", "127.0.0.1", "localhost"}) {
    const auto start = std::chrono::steady_clock::now();
    seen.answers.push_back(co_await resolve(context, name, "http"));
    seen.durations.push_back(std::chrono::steady_clock::now() - start);
  }
  tcp::resolver resolver(context);
  tcp::socket socket(context);
  co_await asio::async_connect(socket, co_await resolver.async_resolve("server", "80", asio::use_awaitable),
                               asio::use_awaitable);
  std::string text(5, ' ');
  co_await asio::async_read(socket, asio::buffer(text), asio::use_awaitable);
  seen.answers.push_back(text);
}

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

void check(const Seen& seen) {
  CHECK(seen.answers == std::vector<std::string>{"fd00::a00:1:80 10.0.0.1:80 ", "Host not found (authoritative)",
                                                 "127.0.0.1:80 ", "::1:80 127.0.0.1:80 ", "hello"});
  // A query takes 500 us to 2 ms, where nobody says otherwise; what needs none takes no time.
  REQUIRE(seen.durations.size() == 4);
  for (const Duration query : {seen.durations[0], seen.durations[1]}) CHECK((query >= 500us && query <= 2ms));
  CHECK(seen.durations[2] == 0us);
  CHECK(seen.durations[3] == 0us);
}

}  // namespace

TEST_CASE("async_resolve works on a host that is driven by its event loop, and replays") {
  const auto run = [](std::uint64_t seed) {
    Seen seen;
    const ::test::Outcome outcome = ::test::simulate(seed, 10s, [&](Simulation& simulation) {
      simulation.add_host({.name = "server", .role = "server", .start = [](asio::io_context& context) {
                             spawn(context, serve(context));
                             return std::shared_ptr<void>();
                           }});
      simulation.add_host({.name = "client", .role = "client", .start = [&seen](asio::io_context& context) {
                             spawn(context, ask(context, seen));
                             return std::shared_ptr<void>();
                           }});
    });
    CHECK(outcome.report.verdict == Verdict::pass);
    check(seen);
    return outcome.hash;
  };
  const ::test::Replay replay = ::test::twenty_seeds(run);
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

TEST_CASE("async_resolve works in an ordinary program, and replays") {
  const auto run = [](std::uint64_t seed) {
    Seen seen;
    ::test::Programs programs(seed);
    programs.add("server", [](int, char**) {
      asio::io_context context;
      spawn(context, serve(context));
      context.run_for(1s);
      return 0;
    });
    programs.add("client", [&seen](int, char**) {
      asio::io_context context;
      spawn(context, ask(context, seen));
      context.run();
      return 0;
    });
    programs.run();
    CHECK(programs.status("client") == 0);
    CHECK(programs.status("server") == 0);
    check(seen);
    return programs.hash();
  };
  const ::test::Replay replay = ::test::twenty_seeds(run);
  CHECK(replay.alike);
  CHECK(replay.different == 20);
}

TEST_CASE("many names at once are asked for one after the other, and a failing server shows") {
  ::test::Programs programs(1);
  std::vector<std::string> answers;
  Duration whole{};
  programs.kernel.names.set_latency(10ms, 10ms);
  programs.kernel.names.fail("down", net::NameFault::timeout());
  programs.add("client", [&](int, char**) {
    asio::io_context context;
    tcp::resolver resolver(context);
    const auto start = std::chrono::steady_clock::now();
    for (const char* name : {"client-2", "down", "client-3"}) {
      resolver.async_resolve(name, "443", [&](error_code error, const tcp::resolver::results_type& results) {
        answers.push_back(error ? error.message() : text_of(results));
      });
    }
    context.run();
    whole = std::chrono::steady_clock::now() - start;
    return 0;
  });
  programs.add("client-2", [](int, char**) { return 0; });
  programs.add("client-3", [](int, char**) { return 0; });
  programs.run();
  CHECK(answers == std::vector<std::string>{"fd00::a00:2:443 10.0.0.2:443 ",
                                            "Host not found (non-authoritative), try again later",
                                            "fd00::a00:3:443 10.0.0.3:443 "});
  CHECK(whole == 10ms + 10s + 10ms);  // Asio has one thread for it
}

TEST_CASE("an endpoint leads back to a name") {
  ::test::Programs programs(1);
  std::string name;
  programs.add("server", [](int, char**) { return 0; });
  programs.add("client", [&](int, char**) {
    asio::io_context context;
    tcp::resolver resolver(context);
    const tcp::endpoint server(asio::ip::make_address("10.0.0.1"), 443);
    resolver.async_resolve(server, [&](error_code error, const tcp::resolver::results_type& results) {
      name = error ? error.message() : results->host_name() + ' ' + results->service_name();
    });
    context.run();
    return 0;
  });
  programs.run();
  CHECK(name == "server https");
}
