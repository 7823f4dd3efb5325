// Both ends do what a seed says; what arrives is compared with what was sent.
#include <random>

#include "tests/net/network.hpp"

using namespace stillpoint;
using namespace stillpoint::net;
using namespace std::chrono_literals;
using stillpoint::test::Got;
using stillpoint::test::Network;

namespace {

// One direction: the bytes that were taken from the writer, and those that the reader got.
struct Direction {
  std::string sent;
  std::string got;
};

std::string random_bytes(std::mt19937& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

}  // namespace

TEST_CASE("every byte arrives once and in order, both ways, with any buffers") {
  const auto seed = GENERATE(range(1u, 31u));
  INFO(seed);
  std::mt19937 random(seed);
  const auto up_to = [&](std::size_t most) { return random() % (most + 1); };

  Network network(seed);
  network.fabric.set_link(Network::kUser, Network::kPlaza, {100us, 5ms});
  network.fabric.set_link(Network::kPlaza, Network::kUser, {100us, 5ms});
  const Buffers of_user{.send = 1 + up_to(100'000), .receive = 1 + up_to(100'000)};
  const Buffers of_plaza{.send = 1 + up_to(100'000), .receive = 1 + up_to(100'000)};
  auto [user, plaza] = network.establish(of_user, of_plaza);

  Direction there, back;
  const auto write = [&](TcpSide& side, Direction& direction) {
    const Got taken = network.send(side, random_bytes(random, 1 + up_to(1u << up_to(17))));
    REQUIRE((taken.error == 0 || taken.error == EAGAIN));
    direction.sent += taken.bytes;
  };
  const auto read = [&](TcpSide& side, Direction& direction) {
    const Got got = network.receive(side, 1 + up_to(1u << up_to(17)));
    REQUIRE((got.error == 0 || got.error == EAGAIN));
    direction.got += got.bytes;
  };
  for (int i = 0; i < 400; ++i) {
    switch (up_to(4)) {
      case 0:
        write(user, there);
        break;
      case 1:
        write(plaza, back);
        break;
      case 2:
        read(plaza, there);
        break;
      case 3:
        read(user, back);
        break;
      default:
        network.run_for(std::chrono::microseconds(up_to(3'000)));
        break;
    }
  }
  REQUIRE(user.shutdown_write(network.now()));
  REQUIRE(plaza.shutdown_write(network.now()));
  const auto drain = [&](TcpSide& side, Direction& direction) {
    const Got got = network.receive(side);
    direction.got += got.bytes;
    return got == Got{""};
  };
  for (bool user_done = false, plaza_done = false; !user_done || !plaza_done;) {
    network.run();
    user_done = drain(user, back) || user_done;
    plaza_done = drain(plaza, there) || plaza_done;
  }
  CHECK((there.got == there.sent));
  CHECK((back.got == back.sent));
  CHECK(there.sent.size() + back.sent.size() > 0);
}

TEST_CASE("whatever happens, what arrives is a beginning of what was sent, and nothing is left") {
  const auto seed = GENERATE(range(1u, 201u));
  INFO(seed);
  std::mt19937 random(seed);
  const auto up_to = [&](std::size_t most) { return random() % (most + 1); };

  Network network(seed);
  network.fabric.set_link(Network::kUser, Network::kPlaza, {100us, 5ms});
  network.fabric.set_link(Network::kPlaza, Network::kUser, {100us, 5ms});
  auto [user, plaza] = network.establish({.send = 5'000, .receive = 5'000}, {.send = 5'000, .receive = 5'000});
  struct End {
    TcpSide* side;
    Direction* out;
    Direction* in;
    bool open = true;
  };
  Direction there, back;
  End ends[] = {{&user, &there, &back}, {&plaza, &back, &there}};
  for (int i = 0; i < 200; ++i) {
    End& end = ends[up_to(1)];
    const auto operation = up_to(40);
    if (!end.open || operation > 30) {
      network.run_for(std::chrono::microseconds(up_to(2'000)));
    } else if (operation > 15) {
      end.out->sent += network.send(*end.side, random_bytes(random, 1 + up_to(3'000))).bytes;
    } else if (operation > 2) {
      end.in->got += network.receive(*end.side, 1 + up_to(3'000)).bytes;
    } else if (operation == 2) {
      static_cast<void>(end.side->shutdown_write(network.now()));
    } else if (operation == 1) {
      end.side->shutdown_read();
    } else {
      network.close(*end.side);
      end.open = false;
    }
  }
  CHECK((there.sent.starts_with(there.got)));
  CHECK((back.sent.starts_with(back.got)));
}
