#include "sim-core/net/address.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint::net;

TEST_CASE("addresses are written and read dotted") {
  const auto text =
      GENERATE(values<const char*>({"0.0.0.0", "10.0.0.1", "127.0.0.1", "255.255.255.255", "1.20.30.200"}));
  REQUIRE(parse_ip(text));
  CHECK(to_string(*parse_ip(text)) == text);
}

TEST_CASE("what is no address is refused") {
  const auto text = GENERATE(values<const char*>({"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1",
                                                  "1..2.3", "a.b.c.d", " 1.2.3.4", "1.2.3.4 ", "0001.2.3.4"}));
  INFO(text);
  CHECK_FALSE(parse_ip(text));
}

TEST_CASE("special addresses are known") {
  CHECK(kLoopback.is_loopback());
  CHECK(parse_ip("127.255.0.9")->is_loopback());
  CHECK_FALSE(parse_ip("128.0.0.1")->is_loopback());
  CHECK(Ip{}.is_any());
  CHECK(SocketAddress{{0x0A000001}, 8080}.packed() == (0x0A000001ULL << 16 | 8080));
}
