// Bytes that were good once. Deterministic: a case that fails, fails again.
#include <cstring>
#include <functional>

#include "system-under-test/plaza/peer/codec.hpp"
#include "tests/plaza/peer/allocations.hpp"
#include "tests/plaza/peer/nodes.hpp"
#include "tests/plaza/peer/random.hpp"

using namespace plaza::peer;
using namespace plaza::peer::test;

namespace {

Hello any_hello(Random& random) {
  Hello hello{.cluster = random.bytes(20),
              .from = static_cast<NodeId>(random.number()),
              .to = static_cast<NodeId>(random.number()),
              .stream = static_cast<Stream>(random.below(2)),
              .incarnation = random.number()};
  if (random.one_in(10)) hello = Hello{.version = static_cast<std::uint32_t>(random.number())};
  return hello;
}

std::string any_frames(Random& random) {
  std::string bytes;
  const std::uint64_t frames = 1 + random.below(6);
  for (std::uint64_t i = 0; i < frames; ++i) {
    append_frame(bytes, static_cast<std::uint8_t>(16 + random.below(5)), random.bytes(100));
  }
  return bytes;
}

// Flips, cuts, inserts, splices with something else that is good; several times now and then.
std::string mutated(std::string bytes, Random& random, const std::function<std::string()>& another) {
  do {
    const std::size_t at = random.below(bytes.size() + 1);
    switch (random.below(6)) {
      case 0:
        if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.below(8)));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random.one_in(2) ? 0xff : random.next());
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.erase(at, 1 + random.below(4));
        break;
      case 4:
        bytes.insert(at, random.bytes(8));
        break;
      default: {
        const std::string other = another();
        bytes = bytes.substr(0, at) + other.substr(random.below(other.size() + 1));
      }
    }
  } while (random.one_in(2));
  return bytes;
}

constexpr std::size_t kAllocatedAlways = 256;  // whatever is decoded: a message itself, a reason's text

}  // namespace

TEST_CASE("no bytes are too bad for the codec") {
  Random random(11);
  int decoded = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto another = [&] { return encode(any_message(random)); };
    const std::string bytes = mutated(another(), random, another);
    take_largest_allocation();
    const auto message = decode_message(bytes);
    // An entry of 4 bytes takes 56.
    REQUIRE(take_largest_allocation() <= 16 * bytes.size() + kAllocatedAlways);
    if (!message) continue;
    ++decoded;
    REQUIRE(decode_message(encode(*message)) == message);
  }
  CHECK(decoded > 2'000);
  CHECK(decoded < 18'000);
}

TEST_CASE("no bytes are too bad for the handshake") {
  Random random(12);
  int decoded = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto another = [&] { return encode(any_hello(random)); };
    const std::string bytes = mutated(another(), random, another);
    take_largest_allocation();
    const auto hello = decode_hello(bytes);
    const auto welcome = decode_welcome(bytes);
    const auto refused = decode_refused(bytes);
    REQUIRE(take_largest_allocation() <= bytes.size() + kAllocatedAlways);
    if (welcome) REQUIRE(decode_welcome(encode(*welcome)) == welcome);
    if (refused) REQUIRE(decode_refused(encode(*refused)) == refused);
    if (!hello) continue;
    ++decoded;
    REQUIRE(decode_hello(encode(*hello)) == hello);
    objection(*hello, config_of(1), random.number());
  }
  CHECK(decoded > 2'000);
  CHECK(decoded < 18'000);
}

TEST_CASE("no bytes are too bad for a reader of frames, and how they are cut makes no difference") {
  Random random(13);
  int broken = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto another = [&] { return any_frames(random); };
    const std::string bytes = mutated(another(), random, another);
    const auto read = [&](std::size_t buffer_bytes) {
      std::vector<std::pair<int, std::string>> frames;
      FrameReader reader({.frame_bytes_most = 1'000'000, .buffer_bytes = buffer_bytes});
      for (std::size_t at = 0; at < bytes.size();) {
        const auto room = reader.prepare();
        const std::size_t count =
            std::min({room.size(), bytes.size() - at, static_cast<std::size_t>(1 + random.below(64))});
        std::memcpy(room.data(), bytes.data() + at, count);
        at += count;
        reader.commit(count);
        while (const auto frame = reader.next()) frames.emplace_back(frame->type, frame->payload);
      }
      REQUIRE(reader.capacity() <= 2 * bytes.size() + buffer_bytes + 16);
      broken += reader.is_broken() ? 1 : 0;
      return frames;
    };
    take_largest_allocation();
    const auto frames = read(16);
    REQUIRE(take_largest_allocation() <= 48 * bytes.size() + kAllocatedAlways);  // what `frames` takes included
    REQUIRE(read(4096) == frames);
    std::string again;
    for (const auto& [type, payload] : frames) append_frame(again, static_cast<std::uint8_t>(type), payload);
    REQUIRE(bytes.starts_with(again));
  }
  CHECK(broken > 1'000);
}

TEST_CASE("whatever strangers say, the frames of others still come") {
  asio::io_context io;
  MeshConfig config = config_of(1);
  config.peers = {{2, {"127.0.0.1", 1}}, {61, {"127.0.0.1", 1}}, {62, {"127.0.0.1", 1}}};
  Node node(io, config);
  MeshConfig its = config_of(2);
  its.peers = {{1, address_of(node)}};
  Node good(io, its);
  std::size_t of_strangers = 0;
  std::vector<std::string> of_good;
  node.on_received = [&] {
    const auto& [from, type, payload] = node.received.back();
    if (from == 2) of_good.push_back(payload);
    if (from != 2) ++of_strangers;
    node.received.clear();
  };
  node.mesh->start();
  good.mesh->start();
  until(io, [&] { return good.view(1).connected; });

  Random random(14);
  std::size_t sent = 0;
  for (int i = 0; i < 600; ++i) {
    // Node 61 says hello wrongly, and so may say that it is in a later incarnation than it ever will be; node 62 says
    // nonsense only when it is welcome. From node 2 both are more than a bit away.
    const bool in_hello = random.one_in(2);
    const auto hello = [&] {
      Hello greeting = hello_of_2();
      greeting.from = in_hello ? 61 : 62;
      greeting.stream = static_cast<Stream>(random.below(2));
      std::string bytes;
      append_frame(bytes, OwnFrame::hello, encode(greeting));
      return bytes;
    };
    const auto another = [&] { return in_hello ? hello() + any_frames(random) : any_frames(random); };
    Stranger stranger = Stranger::that_dials(io, node.port());
    const std::string bytes = (in_hello ? "" : hello()) + mutated(another(), random, another);
    const std::size_t cut = random.below(bytes.size() + 1);
    stranger.say(bytes.substr(0, cut));
    go_on_for(io, std::chrono::microseconds(100));
    stranger.say(bytes.substr(cut));
    go_on_for(io, std::chrono::microseconds(100));
    REQUIRE(good.mesh->send(1, Stream::control, FrameType::raft, std::to_string(sent++)));
    until(io, [&] { return of_good.size() == sent; });
    REQUIRE(of_good.back() == std::to_string(sent - 1));
    node.said.clear();
  }
  CHECK(of_strangers > 300);
  CHECK(good.lost.empty());
  CHECK(good.said.size() == 1);  // connected, once
}
