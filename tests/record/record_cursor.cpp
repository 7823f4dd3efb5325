#include "sim-core/record/record_cursor.hpp"

#include <catch2/catch.hpp>
#include <cstring>

#include "tests/record/synthetic.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

std::size_t count(std::span<const std::byte> records) {
  RecordCursor cursor(records);
  std::size_t result = 0;
  while (cursor.next()) ++result;
  return result;
}

}  // namespace

TEST_CASE("a cursor gives every record", "[record_cursor]") {
  MemoryStream stream;
  stream.writer.event(EventKind::slice, at(1s), {.host = 1, .boot = 1}, 1);
  stream.writer.event(EventKind::note, at(1s), {}, 0, 0, 0, {}, "odd size"sv);
  RecordCursor cursor(stream.records());
  REQUIRE(cursor.next());
  CHECK(cursor.record().payload.empty());
  REQUIRE(cursor.next());
  CHECK(cursor.record().text() == "odd size");
  CHECK_FALSE(cursor.next());
  CHECK_FALSE(cursor.damaged());
}

TEST_CASE("a damaged header ends the walk", "[record_cursor]") {
  MemoryStream stream;
  for (int i = 0; i < 3; ++i) stream.writer.event(EventKind::note, at(1s), {}, 0, 0, 0, {}, "twelve bytes"sv);
  std::byte* second = stream.memory().data() + record_size(12);
  RecordHeader header;
  std::memcpy(&header, second, sizeof header);

  SECTION("no size") { header.size = 0; }
  SECTION("a size beyond the payload") { header.size = 1 << 20; }
  SECTION("a record beyond the end") { header.size = record_size(header.payload_size = 1000); }
  SECTION("a size that is no multiple of 8") { header.size = 63; }
  SECTION("a payload beyond the record") { header.payload_size = 0xffff'fff8; }
  SECTION("a payload that does not fill the record") { header.payload_size = 1; }
  SECTION("an unknown type") { header.type = static_cast<RecordType>(99); }
  std::memcpy(second, &header, sizeof header);
  RecordCursor cursor(stream.records());
  CHECK(cursor.next());
  CHECK_FALSE(cursor.next());
  CHECK(cursor.damaged());
  CHECK_FALSE(cursor.next());
}

TEST_CASE("half a header ends the walk", "[record_cursor]") {
  MemoryStream stream;
  stream.writer.event(EventKind::slice, at(1s), {}, 1);
  CHECK(count(stream.records()) == 1);
  CHECK(count(stream.records().first(40)) == 0);
}

TEST_CASE("payloads have fields", "[record_cursor]") {
  CHECK(fields<3>("a\0b\0c"sv) == std::array{"a"sv, "b"sv, "c"sv});
  CHECK(fields<3>("a\0b\0c\0d"sv) == std::array{"a"sv, "b"sv, "c\0d"sv});
  CHECK(fields<3>("a"sv) == std::array{"a"sv, ""sv, ""sv});
  CHECK(fields<2>(""sv) == std::array{""sv, ""sv});
}
