// Unmodified Boost.Asio and Beast on the virtual kernel.
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/websocket.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <set>
#include <string>

#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint16_t kPort = 5000;

tcp::endpoint at(const Simulation& simulation, HostId host) {
  return {asio::ip::make_address_v4(simulation.address(host)), kPort};
}

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

asio::awaitable<void> echo(tcp::socket socket) {
  std::array<char, 1000> bytes;
  for (;;) {
    error_code error;
    const std::size_t count =
        co_await socket.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await asio::async_write(socket, asio::buffer(bytes, count), asio::use_awaitable);
  }
}

asio::awaitable<void> serve(asio::io_context& context) {
  tcp::acceptor acceptor(context, {tcp::v4(), kPort});
  for (;;) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    spawn(context, echo(std::move(socket)));
  }
}

HostOptions server_host() {
  return {.name = "server", .role = "server", .start = [](asio::io_context& context) -> std::shared_ptr<void> {
            spawn(context, serve(context));
            return nullptr;
          }};
}

// What a client saw.
struct Seen {
  std::string text;
  std::vector<std::string> steps;
  int done = 0;
};

asio::awaitable<void> talk(asio::io_context& context, tcp::endpoint server, std::size_t bytes, Seen& seen) {
  tcp::socket socket(context);
  co_await socket.async_connect(server, asio::use_awaitable);
  std::string sent(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i) sent[i] = static_cast<char>('a' + i % 26);
  std::string got(bytes, ' ');
  // Both at once: neither side's buffers hold it all.
  spawn(context, [](tcp::socket& out, const std::string& what) -> asio::awaitable<void> {
    co_await asio::async_write(out, asio::buffer(what), asio::use_awaitable);
  }(socket, sent));
  co_await asio::async_read(socket, asio::buffer(got), asio::use_awaitable);
  seen.text = got == sent ? "equal" : "different";
  ++seen.done;
}

HostOptions client_host(std::string name, std::function<void(asio::io_context&)> start) {
  return {
      .name = std::move(name), .role = "client", .start = [start](asio::io_context& context) -> std::shared_ptr<void> {
        start(context);
        return nullptr;
      }};
}

}  // namespace

TEST_CASE("an echo server serves many clients, and a seed is one run") {
  const auto run = [](std::uint64_t seed) {
    auto seen = std::make_shared<Seen>();
    const test::Outcome outcome = test::simulate(seed, 60s, [&](Simulation& simulation) {
      simulation.default_link({.latency_min = 1ms, .latency_max = 9ms});
      const HostId server = simulation.add_host(server_host());
      for (int i = 0; i < 3; ++i) {
        simulation.add_host(
            client_host("client-" + std::to_string(i), [&simulation, server, seen](asio::io_context& context) {
              for (std::size_t n = 0; n < 10; ++n)
                spawn(context, talk(context, at(simulation, server), 100 + n * 3000, *seen));
            }));
      }
    });
    CHECK(outcome.report.verdict == Verdict::pass);
    CHECK(seen->done == 30);
    CHECK(seen->text == "equal");
    return outcome;
  };
  const test::Outcome first = run(1);
  CHECK(run(1).hash == first.hash);
  CHECK(run(2).hash != first.hash);
}

TEST_CASE("megabytes pass through finite buffers") {
  Seen seen;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(server_host());
    simulation.add_host(client_host("client", [&, server](asio::io_context& context) {
      spawn(context, talk(context, at(simulation, server), 5'000'000, seen));
    }));
  });
  CHECK(seen.text == "equal");
}

TEST_CASE("connecting to a port where nobody listens is refused; to nobody, it times out") {
  std::string refused;
  std::string timed_out;
  Duration when{};
  test::simulate(1, 200s, [&](Simulation& simulation) {
    const HostId server = simulation.add_host(client_host("server", [](asio::io_context&) {}));
    simulation.add_host(client_host("client", [&, server](asio::io_context& context) {
      auto socket = std::make_shared<tcp::socket>(context);
      socket->async_connect(at(simulation, server),
                            [&refused, socket](error_code error) { refused = error.message(); });
      auto other = std::make_shared<tcp::socket>(context);
      const tcp::endpoint nobody(asio::ip::make_address_v4("10.200.0.1"), kPort);
      other->async_connect(nobody, [&, other](error_code error) {
        timed_out = error.message();
        when = simulation.now().time_since_epoch();
      });
    }));
  });
  CHECK(refused == "Connection refused");
  CHECK(timed_out == "Connection timed out");
  CHECK(when == 127s);  // six retransmissions, as tcp(7) has it
}

TEST_CASE("steady and system timers, cancellation, post and strands keep their order and their time") {
  Seen seen;
  const test::Outcome outcome = test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.add_host(client_host("host", [&](asio::io_context& context) {
      const auto note = [&seen, &simulation](std::string what) {
        const auto us = std::chrono::duration_cast<std::chrono::microseconds>(simulation.now().time_since_epoch());
        seen.steps.push_back(what + "@" + std::to_string(us.count()));
      };
      auto steady = std::make_shared<asio::steady_timer>(context, 1500us);
      steady->async_wait([note, steady](error_code) { note("steady"); });
      auto system = std::make_shared<asio::system_timer>(context, std::chrono::system_clock::now() + 2s);
      system->async_wait([note, system](error_code) { note("system"); });
      auto cancelled = std::make_shared<asio::steady_timer>(context, 1h);
      cancelled->async_wait([note, cancelled](error_code error) {
        note(error == asio::error::operation_aborted ? "cancelled" : "expired");
      });
      auto canceller = std::make_shared<asio::steady_timer>(context, 3s);
      canceller->async_wait([cancelled, canceller](error_code) { cancelled->cancel(); });
      auto strand = asio::make_strand(context);
      for (int i = 0; i < 3; ++i) asio::post(strand, [note, i] { note("strand " + std::to_string(i)); });
      asio::io_context::strand legacy(context);
      asio::post(legacy, [note] { note("legacy strand"); });
      asio::dispatch(context, [note] { note("dispatched"); });
    }));
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  // A strand hands one handler over at a time, and is back in the queue behind what was posted meanwhile: Asio's own
  // order.
  CHECK(seen.steps == std::vector<std::string>{"strand 0@0", "legacy strand@0", "dispatched@0", "strand 1@0",
                                               "strand 2@0", "steady@1500", "system@2000000", "cancelled@3000000"});
}

TEST_CASE("a host whose slices cost time falls behind, and its work takes that time") {
  std::vector<std::int64_t> times;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    HostOptions options = client_host("host", [&](asio::io_context& context) {
      for (int i = 0; i < 5; ++i) asio::post(context, [&] { times.push_back(to_ns(simulation.now()) / 1000); });
    });
    options.slice_cost = 100us;
    simulation.add_host(std::move(options));
  });
  // Started in the slice that ends at 100 us; each handler is a slice of its own.
  CHECK(times == std::vector<std::int64_t>{200, 300, 400, 500, 600});
}

TEST_CASE("a host's clock never goes back, also after a slice that spun on it") {
  using Clock = std::chrono::steady_clock;
  std::vector<Clock::duration> seen;
  test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.add_host(client_host("host", [&](asio::io_context& context) {
      const Clock::time_point start = Clock::now();
      auto first = std::make_shared<asio::steady_timer>(context, 1000us);
      first->async_wait([&seen, first, start](error_code) {
        while (Clock::now() - start < 1500us) {
        }
        seen.push_back(Clock::now() - start);
      });
      auto second = std::make_shared<asio::steady_timer>(context, 1001us);
      second->async_wait([&seen, second, start](error_code) { seen.push_back(Clock::now() - start); });
    }));
  });
  REQUIRE(seen.size() == 2);
  CHECK(seen[0] >= 1500us);
  CHECK(seen[1] >= seen[0]);
}

TEST_CASE("entropy and process ids are each host's own, and depend on its name, not on its number") {
  const auto draw = [](bool with_another) {
    std::vector<unsigned> drawn;
    test::simulate(7, 1s, [&](Simulation& simulation) {
      if (with_another) simulation.add_host(client_host("another", [](asio::io_context&) { std::random_device()(); }));
      simulation.add_host(client_host("host", [&](asio::io_context&) {
        std::random_device device;
        drawn.push_back(device());
        drawn.push_back(device());
      }));
    });
    return drawn;
  };
  CHECK(draw(true) == draw(false));
  CHECK(draw(true)[0] != draw(true)[1]);
}

namespace {

using WebSocket = beast::websocket::stream<beast::tcp_stream>;

asio::awaitable<void> serve_websocket(asio::io_context& context) {
  tcp::acceptor acceptor(context, {tcp::v4(), kPort});
  tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
  WebSocket stream(std::move(socket));
  stream.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::server));
  co_await stream.async_accept(asio::use_awaitable);
  for (;;) {
    beast::flat_buffer buffer;
    error_code error;
    co_await stream.async_read(buffer, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    stream.text(stream.got_text());
    co_await stream.async_write(buffer.data(), asio::use_awaitable);
  }
}

asio::awaitable<void> talk_websocket(asio::io_context& context, tcp::endpoint server, Seen& seen) {
  WebSocket stream(context);
  stream.set_option(beast::websocket::stream_base::timeout::suggested(beast::role_type::client));
  co_await beast::get_lowest_layer(stream).async_connect(server, asio::use_awaitable);
  co_await stream.async_handshake("server", "/", asio::use_awaitable);
  for (const std::size_t size : {std::size_t{1}, std::size_t{70'000}, std::size_t{3'000'000}}) {
    const std::string sent(size, 'w');
    beast::flat_buffer buffer;
    co_await stream.async_write(asio::buffer(sent), asio::use_awaitable);
    co_await stream.async_read(buffer, asio::use_awaitable);
    seen.steps.push_back(beast::buffers_to_string(buffer.data()) == sent ? "equal" : "different");
  }
  co_await stream.async_close(beast::websocket::close_code::normal, asio::use_awaitable);
  ++seen.done;
}

}  // namespace

TEST_CASE("Beast WebSocket: handshake, large messages, close") {
  Seen seen;
  const test::Outcome outcome = test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.default_link({.latency_min = 2ms, .latency_max = 4ms});
    const HostId server = simulation.add_host(
        client_host("server", [](asio::io_context& context) { spawn(context, serve_websocket(context)); }));
    simulation.add_host(client_host("client", [&, server](asio::io_context& context) {
      spawn(context, talk_websocket(context, at(simulation, server), seen));
    }));
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(seen.steps == std::vector<std::string>{"equal", "equal", "equal"});
  CHECK(seen.done == 1);
}
