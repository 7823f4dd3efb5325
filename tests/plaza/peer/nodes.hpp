// Meshes on the loopback device, in one event loop, and sockets without a mesh that say to one what a test likes.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "system-under-test/plaza/peer/frame.hpp"
#include "system-under-test/plaza/peer/handshake.hpp"
#include "system-under-test/plaza/peer/mesh.hpp"

namespace plaza::peer::test {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

inline constexpr auto kPatience = std::chrono::seconds(20);

// Lets the event loop go on until something is so.
template <typename Condition>
void until(asio::io_context& io, const Condition& condition) {
  const auto give_up = Clock::now() + kPatience;
  while (!condition()) {
    REQUIRE(Clock::now() < give_up);
    io.restart();
    if (io.poll_one() == 0) io.run_one_for(milliseconds(1));
  }
}

inline void go_on_for(asio::io_context& io, Clock::duration duration) {
  const auto end = Clock::now() + duration;
  until(io, [&] { return Clock::now() >= end; });
}

inline tcp::endpoint loopback(std::uint16_t port = 0) { return {asio::ip::address_v4::loopback(), port}; }

inline MeshConfig config_of(NodeId node) {
  MeshConfig config;
  config.cluster = "test";
  config.node = node;
  config.incarnation = 10;
  config.listen_on = loopback();
  config.backoff_first = milliseconds(5);
  config.backoff_most = milliseconds(40);
  // No test is about these unless it says so, and the machine may be busy.
  config.connect_timeout = std::chrono::seconds(10);
  config.idle_timeout = std::chrono::seconds(10);
  config.random = [](std::uint32_t) { return 0; };
  return config;
}

// A mesh and what it has told.
struct Node {
  Node(asio::io_context& io, MeshConfig config)
      : mesh(std::make_unique<Mesh>(io.get_executor(), std::move(config), callbacks())) {}

  MeshCallbacks callbacks() {
    return {.received =
                [this](NodeId from, FrameType type, std::string_view payload) {
                  received.emplace_back(from, type, payload);
                  if (on_received) on_received();
                },
            .lost =
                [this](NodeId to, Stream stream) {
                  lost.emplace_back(to, stream);
                  if (on_lost) on_lost();
                },
            .bulk_drained =
                [this](NodeId to) {
                  drained.push_back(to);
                  if (on_drained) on_drained();
                },
            .said =
                [this](const std::string& line) {
                  said.push_back(line);
                  if (on_said) on_said();
                }};
  }

  std::uint16_t port() const { return mesh->local_endpoint().port(); }
  bool has_said(std::string_view part) const {
    return std::any_of(said.begin(), said.end(), [&](const std::string& line) { return line.find(part) != line.npos; });
  }
  std::ptrdiff_t times_said(std::string_view begin, std::string_view end) const {
    return std::count_if(said.begin(), said.end(),
                         [&](const std::string& line) { return line.starts_with(begin) && line.ends_with(end); });
  }
  Mesh::PeerView view(NodeId of) const { return mesh->view().at(of); }

  std::vector<std::tuple<NodeId, FrameType, std::string>> received;
  std::vector<std::pair<NodeId, Stream>> lost;
  std::vector<NodeId> drained;
  std::vector<std::string> said;
  std::function<void()> on_received, on_lost, on_drained, on_said;
  std::unique_ptr<Mesh> mesh;
};

// A socket that never blocks; what it says is up to the test.
class Stranger {
 public:
  explicit Stranger(tcp::socket socket) : socket_(std::move(socket)) {
    socket_.non_blocking(true);
    socket_.set_option(tcp::no_delay(true));
  }
  static Stranger that_dials(asio::io_context& io, std::uint16_t port) {
    tcp::socket socket(io);
    socket.connect(loopback(port));
    return Stranger(std::move(socket));
  }

  // As much as goes out at once; the rest is lost, as is all of it if the other end has hung up.
  void say(std::string_view bytes) {
    error_code ignored;
    socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ignored);
  }
  void say(OwnFrame type, std::string_view payload = {}) {
    std::string bytes;
    append_frame(bytes, type, payload);
    say(bytes);
  }

  // Everything that has come so far. At its end is_over().
  const std::string& heard() {
    char bytes[16 * 1024];
    for (error_code error; !error;) {
      heard_.append(bytes, socket_.read_some(asio::buffer(bytes), error));
      if (error && error != asio::error::would_block) is_over_ = true;
    }
    return heard_;
  }
  bool is_over() { return heard(), is_over_; }

  using Frames = std::vector<std::pair<int, std::string>>;
  Frames frames() {
    Frames frames;
    std::string_view left = heard();
    while (left.size() > kFrameLengthBytes) {
      std::size_t length = 0;
      for (std::size_t i = 0; i < 4; ++i) length |= std::size_t{static_cast<unsigned char>(left[i])} << (8 * i);
      if (length + kFrameLengthBytes > left.size()) break;
      frames.emplace_back(left[4], left.substr(5, length - 1));
      left.remove_prefix(kFrameLengthBytes + length);
    }
    return frames;
  }
  // Of one type: its payloads.
  std::vector<std::string> payloads(FrameType type) {
    std::vector<std::string> all;
    for (auto& frame : frames()) {
      if (frame.first == static_cast<int>(type)) all.push_back(std::move(frame.second));
    }
    return all;
  }
  bool has_heard(OwnFrame type) {
    const Frames all = frames();
    return std::any_of(all.begin(), all.end(),
                       [&](const auto& frame) { return frame.first == static_cast<int>(type); });
  }
  // Why it was refused; "": it was not.
  std::string refusal() {
    for (const auto& [type, payload] : frames()) {
      if (type == static_cast<int>(OwnFrame::refused)) return decode_refused(payload).value().reason;
    }
    return "";
  }

 private:
  tcp::socket socket_;
  std::string heard_;
  bool is_over_ = false;
};

// Where a mesh dials to and finds no mesh.
class StrangeHost {
 public:
  explicit StrangeHost(asio::io_context& io) : acceptor_(io, loopback()) { acceptor_.non_blocking(true); }
  MeshConfig::Address address() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }
  std::optional<Stranger> accept() {
    error_code error;
    tcp::socket socket(acceptor_.get_executor());
    acceptor_.accept(socket, error);
    if (error) return std::nullopt;
    return Stranger(std::move(socket));
  }
  // Lets the event loop go on until somebody comes.
  Stranger await(asio::io_context& io) {
    std::optional<Stranger> somebody;
    until(io, [&] { return (somebody = accept()).has_value(); });
    return std::move(*somebody);
  }
  // And says hello, and is welcome.
  Stranger await_and_welcome(asio::io_context& io, std::uint64_t incarnation = 1) {
    Stranger somebody = await(io);
    until(io, [&] { return somebody.has_heard(OwnFrame::hello); });
    somebody.say(OwnFrame::welcome, encode(Welcome{.incarnation = incarnation}));
    return somebody;
  }

 private:
  tcp::acceptor acceptor_;
};

inline MeshConfig::Address address_of(const Node& node) { return {"127.0.0.1", node.port()}; }

// What node 2 says to node 1, as config_of() has them.
inline Hello hello_of_2() {
  return {.cluster = "test", .from = 2, .to = 1, .stream = Stream::control, .incarnation = 10};
}

// A port for a node that does not listen yet. (Nobody else binds it meanwhile, as the kernel deals them in turn.)
inline std::uint16_t free_port(asio::io_context& io) { return tcp::acceptor(io, loopback()).local_endpoint().port(); }

}  // namespace plaza::peer::test
