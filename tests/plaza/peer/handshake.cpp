#include "system-under-test/plaza/peer/handshake.hpp"

#include <catch2/catch.hpp>
#include <functional>
#include <string>
#include <vector>

using namespace plaza::peer;

namespace {

const Hello kHello{.cluster = "boxes", .from = 2, .to = 1, .stream = Stream::bulk, .incarnation = 1ull << 40};

MeshConfig config() {
  MeshConfig config;
  config.cluster = "boxes";
  config.node = 1;
  config.peers = {{2, {}}, {3, {}}};
  return config;
}

}  // namespace

TEST_CASE("what the handshake says comes back from its bytes") {
  CHECK(decode_hello(encode(kHello)) == kHello);
  CHECK(decode_hello(encode(Hello{})) == Hello{});
  CHECK(decode_welcome(encode(Welcome{.incarnation = 7})) == Welcome{.incarnation = 7});
  CHECK(decode_refused(encode(Refused{.reason = "no"})) == Refused{.reason = "no"});
}

TEST_CASE("of another version's hello the version is understood") {
  const std::string bytes = std::string("PLZP\2\0\0\0", 8) + "who knows what";
  CHECK(decode_hello(bytes) == Hello{.version = 2});
}

TEST_CASE("what is no handshake is not taken for one") {
  const std::string hello = encode(kHello);
  for (std::size_t length = 0; length < hello.size(); ++length) {
    CAPTURE(length);
    CHECK_FALSE(decode_hello(hello.substr(0, length)));
  }
  CHECK_FALSE(decode_hello(hello + "x"));
  CHECK_FALSE(decode_hello("plzp" + hello.substr(4)));
  std::string third_stream = hello;
  third_stream[hello.size() - 9] = 2;
  CHECK_FALSE(decode_hello(third_stream));
  CHECK_FALSE(decode_welcome("1234567"));
  CHECK_FALSE(decode_welcome("123456789"));
  CHECK_FALSE(decode_refused(""));
  CHECK_FALSE(decode_refused("\5four"));
}

TEST_CASE("a reason is fit for a log") {
  const auto refused = decode_refused(encode(Refused{.reason = "a\nb\x1b[31m\xc3\xa4" + std::string(500, 'x')}));
  REQUIRE(refused);
  CHECK(refused->reason.substr(0, 10) == "a?b?[31m??");
  CHECK(refused->reason.size() == 200);
}

TEST_CASE("a hello is refused with the reason") {
  struct Case {
    std::function<void(Hello&)> change;
    std::string reason;  // "": it is welcome
  };
  const std::vector<Case> cases = {
      {[](Hello&) {}, ""},
      {[](Hello& hello) { hello.incarnation = 5; }, ""},
      {[](Hello& hello) { hello.version = 9; }, "protocol version 9, and not 1"},
      {[](Hello& hello) { hello.cluster = "box\n"; }, "of cluster 'box?', and this is 'boxes'"},
      {[](Hello& hello) { hello.to = 3; }, "node 3 is meant, and this is 1"},
      {[](Hello& hello) { hello.from = 4; }, "node 4 is none of this cluster's"},
      {[](Hello& hello) { hello.from = 1; }, "node 1 is none of this cluster's"},
      {[](Hello& hello) { hello.incarnation = 4; }, "incarnation 4 of node 2, which was heard of with 5 since"},
  };
  for (const Case& each : cases) {
    Hello hello = kHello;
    each.change(hello);
    CHECK(objection(hello, config(), 5).value_or("") == each.reason);
  }
}
