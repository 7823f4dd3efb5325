// Unmodified Boost.Asio between the descriptors of one host: local sockets, pipes, standard streams.
#include <unistd.h>

#include <boost/asio.hpp>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/interpose/in_simulation.hpp"

using namespace stillpoint;
using namespace std::chrono_literals;
namespace asio = boost::asio;
using asio::local::datagram_protocol;
using asio::local::stream_protocol;
using boost::system::error_code;

namespace {

constexpr const char* kPath = "/tmp/stillpoint-asio";

void spawn(asio::io_context& context, asio::awaitable<void> coroutine) {
  asio::co_spawn(context, std::move(coroutine), [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  });
}

// Runs coroutines on one host.
test::Outcome on_one_host(std::function<void(asio::io_context&)> start) {
  return test::simulate(1, 60s, [&](Simulation& simulation) {
    simulation.add_host(
        {.name = "host", .role = "test", .start = [&](asio::io_context& context) -> std::shared_ptr<void> {
           start(context);
           return nullptr;
         }});
  });
}

template <typename Stream>
asio::awaitable<void> echo(Stream stream) {
  std::array<char, 5000> bytes;
  for (;;) {
    error_code error;
    const std::size_t count =
        co_await stream.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await asio::async_write(stream, asio::buffer(bytes, count), asio::use_awaitable);
  }
}

asio::awaitable<void> serve(asio::io_context& context, stream_protocol::acceptor acceptor) {
  for (;;) spawn(context, echo(co_await acceptor.async_accept(asio::use_awaitable)));
}

// What `bytes` bytes become on their way there and back.
template <typename Stream>
asio::awaitable<void> talk(asio::io_context& context, Stream& stream, std::size_t bytes,
                           std::vector<std::string>& seen) {
  std::string sent(bytes, ' ');
  for (std::size_t i = 0; i < bytes; ++i) sent[i] = static_cast<char>('a' + i % 26);
  std::string got(bytes, ' ');
  // Both at once: neither side's buffers hold it all.
  spawn(context, [](Stream& out, const std::string& what) -> asio::awaitable<void> {
    co_await asio::async_write(out, asio::buffer(what), asio::use_awaitable);
  }(stream, sent));
  co_await asio::async_read(stream, asio::buffer(got), asio::use_awaitable);
  seen.push_back(got == sent ? "equal" : "different");
}

}  // namespace

TEST_CASE("a local stream server echoes to many clients, of paths and of abstract names") {
  std::vector<std::string> seen;
  const auto start = [&](asio::io_context& context) {
    ::unlink(kPath);  // as servers do before they bind
    for (const std::string& name : {std::string(kPath), std::string("\0abstract", 9)}) {
      const stream_protocol::endpoint endpoint(name);
      spawn(context, serve(context, stream_protocol::acceptor(context, endpoint)));
      for (std::size_t n = 0; n < 10; ++n) {
        spawn(context,
              [](asio::io_context& io, stream_protocol::endpoint to, std::size_t bytes,
                 std::vector<std::string>& results) -> asio::awaitable<void> {
                stream_protocol::socket socket(io);
                co_await socket.async_connect(to, asio::use_awaitable);
                if (socket.remote_endpoint() != to) results.push_back("connected to another");
                co_await talk(io, socket, bytes, results);
              }(context, endpoint, 100 + n * 100'000, seen));
      }
    }
  };
  const test::Outcome first = on_one_host(start);
  CHECK(first.report.verdict == Verdict::pass);
  CHECK(seen == std::vector<std::string>(20, "equal"));
  CHECK(on_one_host(start).hash == first.hash);
}

TEST_CASE("connecting to a path where nobody listens is refused or finds nothing") {
  std::vector<std::string> seen;
  on_one_host([&](asio::io_context& context) {
    auto socket = std::make_shared<stream_protocol::socket>(context);
    socket->async_connect(kPath, [&seen, socket](error_code error) { seen.push_back(error.message()); });
    { stream_protocol::acceptor closed(context, stream_protocol::endpoint("/tmp/closed")); }
    auto other = std::make_shared<stream_protocol::socket>(context);
    other->async_connect("/tmp/closed", [&seen, other](error_code error) { seen.push_back(error.message()); });
  });
  CHECK(seen == std::vector<std::string>{"No such file or directory", "Connection refused"});
}

TEST_CASE("local datagrams keep their boundaries, and a full queue holds the sender up") {
  std::vector<std::string> seen;
  int sent = 0;
  on_one_host([&](asio::io_context& context) {
    auto receiver = std::make_shared<datagram_protocol::socket>(context, datagram_protocol::endpoint(kPath));
    auto sender = std::make_shared<datagram_protocol::socket>(context, datagram_protocol::endpoint("/tmp/sender"));
    spawn(context, [](auto socket, int& count) -> asio::awaitable<void> {
      socket->connect(kPath);
      for (; count < 100; ++count)
        co_await socket->async_send(asio::buffer("message " + std::to_string(count)), asio::use_awaitable);
    }(sender, sent));
    spawn(
        context,
        [](auto socket, asio::io_context& io, std::vector<std::string>& results, int& count) -> asio::awaitable<void> {
          asio::steady_timer pause(io, 1s);
          co_await pause.async_wait(asio::use_awaitable);
          results.push_back(count < 100 ? "held up" : "not held up");
          for (int i = 0; i < 100; ++i) {
            std::array<char, 100> bytes;
            datagram_protocol::endpoint from;
            const std::size_t size =
                co_await socket->async_receive_from(asio::buffer(bytes), from, asio::use_awaitable);
            if (i == 99) results.push_back(std::string(bytes.data(), size) + " from " + from.path());
          }
        }(receiver, context, seen, sent));
  });
  CHECK(seen == std::vector<std::string>{"held up", "message 99 from /tmp/sender"});
  CHECK(sent == 100);
}

TEST_CASE("connected pairs of streams and datagrams, and the end of a stream") {
  std::vector<std::string> seen;
  on_one_host([&](asio::io_context& context) {
    spawn(context, [](asio::io_context& io, std::vector<std::string>& results) -> asio::awaitable<void> {
      stream_protocol::socket one(io), other(io);
      asio::local::connect_pair(one, other);
      spawn(io, echo(std::move(other)));
      co_await talk(io, one, 1'000'000, results);
      one.shutdown(stream_protocol::socket::shutdown_send);
      error_code error;
      char byte;
      co_await one.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, error));
      results.push_back(error.message());

      datagram_protocol::socket first(io), second(io);
      asio::local::connect_pair(first, second);
      co_await first.async_send(asio::buffer(std::string("datagram")), asio::use_awaitable);
      std::array<char, 100> bytes;
      const std::size_t size = co_await second.async_receive(asio::buffer(bytes), asio::use_awaitable);
      results.emplace_back(bytes.data(), size);
    }(context, seen));
  });
  CHECK(seen == std::vector<std::string>{"equal", "End of file", "datagram"});
}

TEST_CASE("pipes carry megabytes, and end") {
  std::vector<std::string> seen;
  const test::Outcome outcome = on_one_host([&](asio::io_context& context) {
    spawn(context, [](asio::io_context& io, std::vector<std::string>& results) -> asio::awaitable<void> {
      asio::readable_pipe in(io);
      asio::writable_pipe out(io);
      asio::connect_pipe(in, out);
      spawn(io, [](asio::writable_pipe end) -> asio::awaitable<void> {
        co_await asio::async_write(end, asio::buffer(std::string(3'000'000, 'x')), asio::use_awaitable);
      }(std::move(out)));
      std::string got;
      error_code error;
      co_await asio::async_read(in, asio::dynamic_buffer(got), asio::redirect_error(asio::use_awaitable, error));
      results.push_back(std::to_string(got.size()) + ", then " + error.message());
    }(context, seen));
  });
  CHECK(outcome.report.verdict == Verdict::pass);
  CHECK(seen == std::vector<std::string>{"3000000, then End of file"});
}

TEST_CASE("a local acceptor's connection is passed on as a descriptor") {
  std::vector<std::string> seen;
  on_one_host([&](asio::io_context& context) {
    spawn(context, [](asio::io_context& io, std::vector<std::string>& results) -> asio::awaitable<void> {
      stream_protocol::acceptor acceptor(io, stream_protocol::endpoint(kPath));
      stream_protocol::socket user(io);
      co_await user.async_connect(kPath, asio::use_awaitable);
      stream_protocol::socket server = co_await acceptor.async_accept(asio::use_awaitable);
      const int copy = ::dup(server.release());
      stream_protocol::socket adopted(io, stream_protocol(), copy);
      co_await asio::async_write(user, asio::buffer(std::string("hello")), asio::use_awaitable);
      std::array<char, 5> bytes;
      co_await asio::async_read(adopted, asio::buffer(bytes), asio::use_awaitable);
      results.emplace_back(bytes.data(), bytes.size());
    }(context, seen));
  });
  CHECK(seen == std::vector<std::string>{"hello"});
}

TEST_CASE("standard output is a stream descriptor, and standard input is at its end") {
  std::vector<std::string> seen;
  on_one_host([&](asio::io_context& context) {
    spawn(context, [](asio::io_context& io, std::vector<std::string>& results) -> asio::awaitable<void> {
      asio::posix::stream_descriptor out(io, ::dup(STDOUT_FILENO));
      const std::size_t count =
          co_await asio::async_write(out, asio::buffer(std::string("a line")), asio::use_awaitable);
      results.push_back(std::to_string(count));
      asio::posix::stream_descriptor in(io, ::dup(STDIN_FILENO));
      error_code error;
      char byte;
      co_await in.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, error));
      results.push_back(error.message());
    }(context, seen));
  });
  CHECK(seen == std::vector<std::string>{"6", "End of file"});
}
