#include "sim-core/net/address.hpp"

#include <catch2/catch.hpp>

using namespace stillpoint::net;

TEST_CASE("addresses are written and read in their usual forms") {
  const auto text = GENERATE(values<const char*>({"0.0.0.0", "10.0.0.1", "127.0.0.1", "255.255.255.255", "1.20.30.200",
                                                  "::", "::1", "fd00::a00:1", "2001:db8::8:800:200c:417a"}));
  REQUIRE(parse_ip(text));
  CHECK(to_string(*parse_ip(text)) == text);
}

TEST_CASE("what is no address is refused") {
  const auto text = GENERATE(values<const char*>({"", "1", "1.2.3", "1.2.3.", "1.2.3.4.", "1.2.3.4.5", "256.0.0.1",
                                                  "1..2.3", "a.b.c.d", " 1.2.3.4", "1.2.3.4 ", "0001.2.3.4", ":::",
                                                  "1::2::3", "fd00::a00:1%eth0"}));
  INFO(text);
  CHECK_FALSE(parse_ip(text));
}

TEST_CASE("special addresses are known") {
  CHECK(kLoopback.is_loopback());
  CHECK(parse_ip("127.255.0.9")->is_loopback());
  CHECK_FALSE(parse_ip("128.0.0.1")->is_loopback());
  CHECK(kLoopback6.is_loopback());
  CHECK(Ip{}.is_any());
  CHECK(kAny6.is_any());
  CHECK(parse_ip("239.1.2.3")->is_multicast());
  CHECK(parse_ip("ff02::1")->is_multicast());
  CHECK(parse_ip("::ffff:10.0.0.1") == Ip{0x0A000001});
  CHECK(v6_of({0x0A000001}) == parse_ip("fd00::a00:1"));
  CHECK(SocketAddress{{0x0A000001}, 8080}.packed() == (0x0A000001ULL << 16 | 8080));
  CHECK(SocketAddress{v6_of({0x0A000001}), 8080}.packed() == (1ULL << 48 | 0x0A000001ULL << 16 | 8080));
}
