#pragma once
// Two hosts, a link for each direction, and TCP between them: the transport alone, without kernel and descriptors.
#include <sys/epoll.h>

#include <catch2/catch.hpp>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "sim-core/net/tcp.hpp"
#include "tests/trace/memory_trace.hpp"

namespace stillpoint::test {

using namespace std::chrono_literals;

// Stands for a descriptor: collects what it is told.
struct Watcher final : net::TcpObserver {
  void on_tcp(std::uint32_t events, EventId cause) override {
    told |= events;
    last_cause = cause;
  }
  std::uint32_t take() { return std::exchange(told, 0); }
  std::uint32_t told = 0;
  EventId last_cause = kNoEvent;
};

// What a call on a side gave: bytes, or an errno.
struct Got {
  std::string bytes;
  int error = 0;
  friend bool operator==(const Got&, const Got&) = default;
};
inline std::ostream& operator<<(std::ostream& out, const Got& got) {
  return got.error != 0 ? out << strerrorname_np(got.error) : out << '"' << got.bytes << '"';
}
inline Got failed(int error) { return {"", error}; }

class Network {
 public:
  static constexpr HostId kUser = 1;
  static constexpr HostId kPlaza = 2;
  static constexpr net::SocketAddress kService{{0x0A000002}, 80};
  static constexpr Duration kThere = 1ms;
  static constexpr Duration kBack = 3ms;
  static constexpr Duration kRoundTrip = kThere + kBack;

  explicit Network(std::uint64_t seed = 1, net::TcpOptions options = {})
      : fabric(seed), tcp(queue, trace.writer, fabric, seed, options) {
    fabric.add_host(kUser, {0x0A000001});
    fabric.add_host(kPlaza, {0x0A000002});
    fabric.set_latency(kUser, kPlaza, kThere, kThere);
    fabric.set_latency(kPlaza, kUser, kBack, kBack);
  }
  // Whatever a test does, nothing of it may be left once everybody has closed and all has arrived.
  ~Network() {
    for (net::TcpSide* side : open_) side->close(queue.now());
    if (listener != nullptr) tcp.stop_listening(listener);
    run();
    if (std::uncaught_exceptions() == 0) CHECK(tcp.connections() == 0);
  }
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  VirtualTime now() const { return queue.now(); }
  // Turns the queue until nothing is left to happen.
  void run() {
    while (!queue.empty()) queue.pop().fire();
  }
  // Lets time pass.
  void run_for(Duration duration) {
    const VirtualTime end = now() + duration;
    while (!queue.empty() && queue.next_time() <= end) queue.pop().fire();
    queue.advance(end);
  }

  void listen(std::size_t backlog = 16, net::Buffers buffers = {}) {
    if (port == nullptr) port = tcp.bind(kPlaza, kService).value();
    listener = tcp.listen({kPlaza, 1}, *port, backlog, {.buffers = buffers}, &listening).value();
  }
  net::TcpSide* connect(net::Buffers buffers = {}, net::SocketAddress to = kService, Watcher* watcher = nullptr) {
    auto local = tcp.bind_for_connect(kUser, {0x0A000001}, to).value();
    watcher = watcher == nullptr ? &user : watcher;
    return open_.emplace_back(tcp.connect({kUser, 1}, local, to, {.buffers = buffers}, watcher, now()).value());
  }
  // From a certain port. It is not closed at the end.
  net::TcpSide* connect_from(std::uint16_t local_port) {
    auto local = tcp.bind(kUser, {{0x0A000001}, local_port}).value();
    return tcp.connect({kUser, 1}, local, kService, {}, &user, now()).value();
  }
  net::TcpSide* accept(Watcher* watcher = nullptr) {
    net::TcpSide* side = tcp.accept(*listener).value();
    side->observer = watcher == nullptr ? &plaza : watcher;
    return open_.emplace_back(side);
  }
  // An established connection; both watchers start clean.
  struct Pair {
    net::TcpSide& user;
    net::TcpSide& plaza;
  };
  Pair establish(net::Buffers of_user = {}, net::Buffers of_plaza = {}) {
    if (listener == nullptr) listen(16, of_plaza);
    net::TcpSide* from = connect(of_user);
    run();
    net::TcpSide* to = accept();
    user.take();
    plaza.take();
    return {*from, *to};
  }

  Got send(net::TcpSide& side, std::string_view bytes) {
    const std::span<const std::byte> part = std::as_bytes(std::span(bytes));
    const auto sent = side.send({&part, 1}, now());
    return sent ? Got{std::string(bytes.substr(0, sent.value())), 0} : failed(sent.error());
  }
  // The number of bytes that were taken, or -errno.
  long sent(net::TcpSide& side, std::size_t size) {
    const Got got = send(side, std::string(size, 'x'));
    return got.error != 0 ? -got.error : static_cast<long>(got.bytes.size());
  }
  enum class Mode { take, peek };
  Got receive(net::TcpSide& side, std::size_t most = 1 << 20, Mode mode = Mode::take) {
    std::string bytes(most, '\0');
    const std::span<std::byte> part = std::as_writable_bytes(std::span(bytes));
    const auto received = side.receive({&part, 1}, {.peek = mode == Mode::peek}, now());
    if (!received) return failed(received.error());
    bytes.resize(received.value());
    return {bytes, 0};
  }
  std::uint32_t ready(net::TcpSide& side) { return side.readiness(now()) & ~std::uint32_t{EPOLLRDNORM | EPOLLWRNORM}; }
  // Closes it now, and not again at the end.
  void close(net::TcpSide& side) {
    std::erase(open_, &side);
    side.close(now());
  }
  void stop_listening() { tcp.stop_listening(std::exchange(listener, nullptr)); }

  MemoryTrace trace{1 << 25};
  EventQueue queue;
  net::Fabric fabric;
  net::Tcp tcp;
  std::unique_ptr<net::PortClaim> port;
  net::Listener* listener = nullptr;
  Watcher listening, user, plaza;

 private:
  std::vector<net::TcpSide*> open_;
};

}  // namespace stillpoint::test
