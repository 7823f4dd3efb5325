#include "visualizer/model/payload.hpp"

#include <catch2/catch.hpp>

#include "sim-core/base/utf8.hpp"
#include "tests/visualizer/model/sketch.hpp"

using namespace stillpoint::test;
using namespace stillpoint::view;
using namespace std::string_literals;

namespace {

struct Piece {
  std::string what;
  std::vector<std::string> lines;
  bool operator==(const Piece&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Piece& piece) {
  out << piece.what << ":";
  for (const std::string& line : piece.lines) out << " [" << line << "]";
  return out;
}

std::vector<Piece> decoded(std::string_view bytes) {
  std::vector<Piece> result;
  for (const DecodedPayload& payload : decode_payload(bytes)) result.push_back({payload.what, payload.lines});
  return result;
}

// The example of RFC 6455, section 5.7: "Hello", unmasked and masked.
const std::string kHello = "\x81\x05Hello"s;
const std::string kMaskedHello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s;

}  // namespace

TEST_CASE("payloads are decoded", "[payload]") {
  struct Case {
    std::string bytes;
    std::vector<Piece> expected;
  };
  const std::string long_text(200, 'x');
  const std::string long_frame = "\x82\x7e\x01\x2c"s + std::string(300, 'y');
  const Case cases[] = {
      {"", {}},
      {"hello", {{"text, 5 bytes", {"hello"}}}},
      {"h\xc3\xa9\nsecond\r\nthird", {{"text, 17 bytes", {"h\xc3\xa9", "second", "third"}}}},
      {"alice\0buy\0{}"s, {{"text in 3 fields, 12 bytes", {"alice", "buy", "{}"}}}},
      {"alice\0\0"s, {{"text in 3 fields, 7 bytes", {"alice", ""}}}},
      {"tab\there", {{"text, 8 bytes", {"tab\\there"}}}},
      {long_text, {{"text, 200 bytes", {std::string(120, 'x'), std::string(80, 'x')}}}},
      {"\x01\xff", {{"2 bytes", {"0000  01 ff" + std::string(14 * 3, ' ') + "  .."}}}},
      {"\xff", {{"1 byte", {"0000  ff" + std::string(15 * 3, ' ') + "  ."}}}},
      // WebSocket
      {kHello, {{"WebSocket text, 5 bytes", {"Hello"}}}},
      {kMaskedHello, {{"WebSocket text, 5 bytes, masked", {"Hello"}}}},
      {kHello + kMaskedHello, {{"WebSocket text, 5 bytes", {"Hello"}}, {"WebSocket text, 5 bytes, masked", {"Hello"}}}},
      {"\x01\x03Hel\x80\x02lo"s,
       {{"WebSocket text, 3 bytes, to be continued", {"Hel"}}, {"WebSocket continuation, 2 bytes", {"lo"}}}},
      {"\x82\x02\x00\xff"s, {{"WebSocket binary, 2 bytes", {"0000  00 ff" + std::string(14 * 3, ' ') + "  .."}}}},
      {"\x88\x02\x03\xe8"s, {{"WebSocket close, 2 bytes", {"code 1000"}}}},
      {"\x88\x05\x03\xe9"
       "bye"s,
       {{"WebSocket close, 5 bytes", {"code 1001", "bye"}}}},
      {"\x88\x00"s, {{"WebSocket close, 0 bytes", {}}}},
      {"\x88\x01\x03"s, {{"WebSocket close, 1 byte", {"0000  03" + std::string(15 * 3, ' ') + "  ."}}}},
      {"\x89\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s, {{"WebSocket ping, 5 bytes, masked", {"Hello"}}}},
      {"\x8a\x00"s, {{"WebSocket pong, 0 bytes", {}}}},
      {"\xc1\x02\xca\x00"s,
       {{"WebSocket text, 2 bytes, compressed", {"0000  ca 00" + std::string(14 * 3, ' ') + "  .."}}}},
      {"\x81\x02\xff\xfe"s, {{"WebSocket text, 2 bytes", {"\xef\xbf\xbd\xef\xbf\xbd"}}}},
      {long_frame,
       {{"WebSocket binary, 300 bytes", {std::string(120, 'y'), std::string(120, 'y'), std::string(60, 'y')}}}},
      {"\x81\x7e\x01\x00"
       "cut off"s,
       {{"WebSocket text, 7 of 256 bytes here", {"cut off"}}}},
      {kHello + "rest", {{"WebSocket text, 5 bytes", {"Hello"}}, {"text, 4 bytes", {"rest"}}}},
      // What no frame may be (RFC 6455, sections 5.2 and 5.5)
      {"\x81\x7e\x00\x05Hello"s,
       {{"9 bytes", {"0000  81 7e 00 05 48 65 6c 6c 6f" + std::string(7 * 3, ' ') + "  .~..Hello"}}}},
      {"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s,
       {{"10 bytes", {"0000  81 7f ff ff ff ff ff ff ff ff" + std::string(6 * 3, ' ') + "  .........."}}}},
      {"\x01\x05"
       "ab"s,
       {{"4 bytes", {"0000  01 05 61 62" + std::string(12 * 3, ' ') + "  ..ab"}}}},
      {"\x83\x00"s, {{"2 bytes", {"0000  83 00" + std::string(14 * 3, ' ') + "  .."}}}},
      {"\xa1\x00"s, {{"2 bytes", {"0000  a1 00" + std::string(14 * 3, ' ') + "  .."}}}},
      {"\x09\x00"s, {{"text in 2 fields, 2 bytes", {"\\t"}}}},
      // HTTP
      {"GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n",
       {{"HTTP request", {"GET /x HTTP/1.1", "Host: a", "Upgrade: websocket"}}}},
      {"HTTP/1.1 101 Switching Protocols\r\nA: b\r\n\r\n" + kHello,
       {{"HTTP response", {"HTTP/1.1 101 Switching Protocols", "A: b"}}, {"WebSocket text, 5 bytes", {"Hello"}}}},
      {"HTTP/1.1 200 OK\r\nContent-Le", {{"HTTP response, not all of its head", {"HTTP/1.1 200 OK", "Content-Le"}}}},
      {"GET the ball", {{"text, 12 bytes", {"GET the ball"}}}},
      {"{\"a\":1}", {{"text, 7 bytes", {"{\"a\":1}"}}}},
  };
  for (const Case& one : cases) {
    CAPTURE(one.bytes);
    CHECK(decoded(one.bytes) == one.expected);
  }
}

TEST_CASE("long payloads are cut, and say so", "[payload]") {
  const std::string bytes(256 * 1024, '\xff');
  const std::vector<Piece> hex = decoded(bytes);
  REQUIRE(hex.size() == 1);
  CHECK(hex[0].lines.size() == 65);
  CHECK(hex[0].lines.back() == "... 261120 bytes more");
  const std::vector<Piece> text = decoded(std::string(256 * 1024, 'x'));
  REQUIRE(text.size() == 1);
  CHECK(text[0].lines.size() == 201);
  CHECK(text[0].lines.back() == "... 238144 bytes more of this line");
  std::string lines;
  for (int i = 0; i < 1000; ++i) lines += "line\n";
  CHECK(decoded(lines)[0].lines.size() == 201);
  std::string frames;
  for (int i = 0; i < 10'000; ++i) frames += "\x8a\x00"s;
  const std::vector<Piece> many = decoded(frames);
  CHECK(many.size() == 501);
  CHECK(many.back().what == "19000 bytes more");
}

TEST_CASE("text is made readable", "[payload]") {
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
      {"a\nb\tc\rd\0e"s, "a\\nb\\tc\\rd\\0e"},
      {"\x1b[31m\x7f", "\\x1b[31m\\x7f"},
      {"\xff", "\xef\xbf\xbd"},
      {"\xc3", "\xef\xbf\xbd"},
      {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                  // overlong
      {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},  // a surrogate
      {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
      {"\xc2\x85", "\xef\xbf\xbd"},  // NEXT LINE, a control character
      {"\xe2\x82x", "\xef\xbf\xbd\xef\xbf\xbdx"},
  };
  for (const auto& [text, expected] : cases) {
    CAPTURE(text);
    CHECK(readable(text) == expected);
    CHECK(readable(expected) == expected);
  }
}

TEST_CASE("any bytes can be decoded, into text that can be shown", "[payload]") {
  Random random(5);
  const std::string seeds[] = {kHello + kMaskedHello, "GET / HTTP/1.1\r\n\r\n" + kMaskedHello,
                               "\x81\x7e\x01\x00" + kHello, "text\0text"s};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = random(2) == 0 ? seeds[random(std::size(seeds))] : std::string(random(40), '\x81');
    for (std::uint64_t i = random(6); i-- > 0 && !bytes.empty();)
      bytes[random(bytes.size())] = static_cast<char>(random(256));
    if (random(3) == 0) bytes.resize(random(bytes.size() + 1));
    const std::vector<DecodedPayload> result = decode_payload(bytes);
    REQUIRE(result.empty() == bytes.empty());
    for (const DecodedPayload& piece : result) {
      REQUIRE(readable(piece.what) == piece.what);
      for (const std::string& line : piece.lines) {
        REQUIRE(readable(line) == line);
        REQUIRE(line.size() <= 120 * 4);
      }
    }
  }
}
