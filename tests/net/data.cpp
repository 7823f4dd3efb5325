#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::failed;
using stillpoint::test::Got;
using stillpoint::test::Network;

TEST_CASE("bytes are a stream: the borders of writes are lost, the order is not") {
  Network network;
  auto [user, plaza] = network.establish();
  for (const char* word : {"one ", "two ", "three"}) network.send(user, word);
  network.run();
  CHECK(plaza.unread() == 13);
  CHECK(network.receive(plaza, 6) == Got{"one tw"});
  CHECK(plaza.unread() == 7);
  CHECK(network.receive(plaza) == Got{"o three"});
  CHECK(network.receive(plaza) == failed(EAGAIN));
}

TEST_CASE("peeking takes nothing") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "abc");
  network.send(user, "def");
  network.run();
  CHECK(network.receive(plaza, 1) == Got{"a"});
  CHECK(network.receive(plaza, 4, Network::Mode::peek) == Got{"bcde"});
  CHECK(network.receive(plaza, 4, Network::Mode::peek) == Got{"bcde"});
  CHECK(plaza.unread() == 5);
  CHECK(network.receive(plaza) == Got{"bcdef"});
}

TEST_CASE("several buffers are one") {
  Network network;
  auto [user, plaza] = network.establish();
  const std::string_view words[] = {"ab", "", "cde"};
  std::vector<std::span<const std::byte>> from;
  for (const std::string_view word : words) from.push_back(std::as_bytes(std::span(word)));
  CHECK(user.send(from, network.now()).value() == 5);
  network.run();
  char first[1], second[3];
  const std::span<std::byte> to[] = {std::as_writable_bytes(std::span(first)),
                                     std::as_writable_bytes(std::span(second))};
  CHECK(plaza.receive(to, {}, network.now()).value() == 4);
  CHECK(std::string(first, 1) + std::string(second, 3) == "abcd");
}

TEST_CASE("sending nothing sends nothing") {
  Network network;
  auto [user, plaza] = network.establish();
  const auto before = network.trace.events(EventKind::send).size();
  CHECK(network.send(user, "") == Got{""});
  CHECK(network.trace.events(EventKind::send).size() == before);
}

TEST_CASE("a full send buffer takes a part, then nothing, and says when it can take more") {
  Network network;
  auto [user, plaza] = network.establish({.send = 10'000}, {.receive = 1'000'000});
  CHECK(network.sent(user, 8'000) == 8'000);
  CHECK(network.sent(user, 5'000) == 2'000);
  CHECK(network.sent(user, 1) == -EAGAIN);
  CHECK((network.ready(user) & EPOLLOUT) == 0);
  // The acknowledgement takes the way there and back.
  network.run_for(Network::kRoundTrip - 1us);
  CHECK(network.user.take() == 0);
  CHECK(network.sent(user, 1) == -EAGAIN);
  network.run_for(1us);
  CHECK(network.user.take() == EPOLLOUT);
  CHECK((network.ready(user) & EPOLLOUT) != 0);
  CHECK(network.sent(user, 10'000) == 10'000);
}

// sk_stream_is_writeable() in Linux: at least a third of the buffer is free.
TEST_CASE("writable means that the free part is at least half of the used one") {
  Network network;
  auto [user, plaza] = network.establish({.send = 9'000}, {.receive = 1'000'000});
  network.sent(user, 6'000);
  CHECK((network.ready(user) & EPOLLOUT) != 0);
  network.sent(user, 1);
  CHECK((network.ready(user) & EPOLLOUT) == 0);
}

TEST_CASE("whoever looked and found no room is told when there is some, even if every send succeeded") {
  Network network;
  auto [user, plaza] = network.establish({.send = 10'000}, {.receive = 1'000'000});
  CHECK(network.sent(user, 10'000) == 10'000);
  CHECK((network.ready(user) & EPOLLOUT) == 0);
  network.run_for(Network::kRoundTrip);
  CHECK(network.user.take() == EPOLLOUT);
}

TEST_CASE("an unblocked sender is not woken by acknowledgements") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "hello");
  network.run();
  CHECK(network.user.take() == 0);
}

TEST_CASE("a reader that stops closes the window, and opens it by reading") {
  Network network;
  auto [user, plaza] = network.establish({.send = 100'000}, {.receive = 5'000});
  CHECK(network.sent(user, 50'000) == 50'000);
  network.run();
  CHECK(plaza.unread() == 5'000);
  network.run_for(10s);
  CHECK(plaza.unread() == 5'000);

  CHECK(network.receive(plaza, 2'000).bytes.size() == 2'000);
  network.run_for(Network::kRoundTrip - 1us);
  CHECK(plaza.unread() == 3'000);
  network.run_for(1us);
  CHECK(plaza.unread() == 5'000);

  std::size_t rest = 50'000 - 2'000;
  while (rest > 0) {
    const Got got = network.receive(plaza);
    REQUIRE(got.error == 0);
    REQUIRE(got.bytes.size() <= 5'000);
    rest -= got.bytes.size();
    network.run();
  }
  CHECK(network.receive(plaza) == failed(EAGAIN));
}

TEST_CASE("the send buffer holds what the window does not let through") {
  Network network;
  auto [user, plaza] = network.establish({.send = 10'000}, {.receive = 4'000});
  CHECK(network.sent(user, 20'000) == 10'000);
  network.run();
  // 4,000 bytes have arrived and are acknowledged: there is room for as many, but they will not fly.
  CHECK(network.sent(user, 20'000) == 4'000);
  network.run();
  CHECK(plaza.unread() == 4'000);
  CHECK(network.sent(user, 1) == -EAGAIN);
}

TEST_CASE("a larger receive buffer lets more through") {
  Network network;
  auto [user, plaza] = network.establish({.send = 100'000}, {.receive = 1'000});
  network.sent(user, 20'000);
  network.run();
  CHECK(plaza.unread() == 1'000);
  plaza.set_receive_buffer(6'000);
  network.run();
  CHECK(plaza.unread() == 6'000);
  plaza.set_receive_buffer(10);  // a window that was offered is not taken back
  network.receive(plaza);
  network.run();
  CHECK(plaza.unread() == 6'000);
}

TEST_CASE("a large write travels in segments of at most 64 KiB") {
  Network network;
  auto [user, plaza] = network.establish({.send = 1'000'000}, {.receive = 1'000'000});
  CHECK(network.sent(user, 150'000) == 150'000);
  std::vector<std::uint64_t> sizes;
  for (const auto& sent : network.trace.events(EventKind::send)) {
    if (sent.segment() == Segment::data) sizes.push_back(sent.header.b);
  }
  CHECK(sizes == std::vector<std::uint64_t>{65'536, 65'536, 18'928});
}

TEST_CASE("a reader knows which delivery brought what it read") {
  Network network;
  auto [user, plaza] = network.establish();
  network.send(user, "first");
  network.run();
  const EventId first = network.trace.writer.last_event();
  network.send(user, "second");
  network.run();
  const EventId second = network.trace.writer.last_event();
  network.receive(plaza, 5);
  CHECK(plaza.last_read() == first);
  network.receive(plaza, 1);
  CHECK(plaza.last_read() == second);
  CHECK(network.plaza.last_cause == second);
  CHECK(network.trace.events(EventKind::send).back().payload == "second");
}

TEST_CASE("a user's operation is the cause of one packet, the next") {
  Network network;
  auto [user, plaza] = network.establish();
  network.tcp.cause_of_next_send = {77, CauseKind::user};
  network.send(user, "because");
  network.send(user, "just so");
  const auto sends = network.trace.events(EventKind::send);
  CHECK(sends.at(sends.size() - 2).header.cause == 77);
  CHECK(sends.at(sends.size() - 2).header.cause_kind == CauseKind::user);
  CHECK(sends.back().header.cause == kNoEvent);
}

TEST_CASE("packets do not overtake each other, however their latencies fall") {
  Network network;
  network.fabric.set_link(Network::kUser, Network::kPlaza, {10us, 10ms});
  auto [user, plaza] = network.establish();
  std::string all;
  for (int i = 0; i < 500; ++i) {
    const std::string word = std::to_string(i) + ' ';
    network.send(user, word);
    all += word;
    network.run_for(20us);
  }
  network.run();
  CHECK(network.receive(plaza) == Got{all});
}

TEST_CASE("a larger send buffer makes room at once") {
  Network network;
  auto [user, plaza] = network.establish({.send = 10'000}, {.receive = 1'000});
  CHECK(network.sent(user, 20'000) == 10'000);
  user.set_send_buffer(11'000);
  CHECK(network.user.take() == 0);  // not enough to be writable
  user.set_send_buffer(100'000);
  CHECK(network.user.take() == EPOLLOUT);
  CHECK(network.sent(user, 100'000) == 90'000);
}
