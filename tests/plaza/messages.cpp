#include "system-under-test/plaza/protocol/messages.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <variant>

using namespace plaza;

TEST_CASE("requests survive the round trip", "[protocol]") {
  const Request request = GENERATE(
      Request{.id = "r-1", .op = Operation::hold, .user = "user-0412", .ticket = 0},
      Request{.id = "r-2", .op = Operation::buy, .user = "u", .ticket = 0},
      Request{.id = "r-3", .op = Operation::purchase, .user = "\"quoted\" \\ \u00e9", .ticket = 57},
      Request{.id = std::string(kNameBytesMax, 'x'), .op = Operation::release, .user = "u", .ticket = 4294967295},
      Request{.id = "r-5", .op = Operation::watch, .user = "u", .ticket = 0});
  const auto decoded = decode_request(encode(request));
  REQUIRE(std::holds_alternative<Request>(decoded));
  CHECK(std::get<Request>(decoded) == request);
}

TEST_CASE("what a server sends survives the round trip", "[protocol]") {
  const Response response =
      GENERATE(Response{.id = "r-1", .error = std::nullopt, .ticket = 57, .version = 12},
               Response{.id = "r-1", .error = std::nullopt, .ticket = 0, .version = 18446744073709551615U},
               Response{.id = "", .error = Error::bad_request, .ticket = 0, .version = 0},
               Response{.id = "r-1", .error = Error::in_progress, .ticket = 0, .version = 3});
  CHECK(std::get<Response>(decode_server_message(encode(response))) == response);
  const StockPush push{.version = 9, .free = 1, .held = 2, .sold = 3};
  CHECK(std::get<StockPush>(decode_server_message(encode(push))) == push);
}

TEST_CASE("the text of a message is fixed", "[protocol]") {
  CHECK(encode(Request{.id = "r-1", .op = Operation::purchase, .user = "user-0412", .ticket = 57}) ==
        R"({"id":"r-1","op":"purchase","user":"user-0412","ticket":57})");
  CHECK(encode(Response{.id = "r-1", .error = std::nullopt, .ticket = 57, .version = 12}) ==
        R"({"id":"r-1","ok":true,"ticket":57,"version":12})");
  CHECK(encode(Response{.id = "r-1", .error = Error::not_held, .ticket = 0, .version = 12}) ==
        R"({"id":"r-1","ok":false,"error":"not_held","version":12})");
  CHECK(encode(StockPush{.version = 12, .free = 40, .held = 3, .sold = 57}) ==
        R"({"push":"stock","version":12,"free":40,"held":3,"sold":57})");
}

TEST_CASE("a request that cannot be served says why, under its id where that could be read", "[protocol]") {
  const auto [text, id, error] = GENERATE(table<std::string, std::string, Error>({
      {"", "", Error::bad_request},
      {"{", "", Error::bad_request},
      {"[]", "", Error::bad_request},
      {"\xff\xfe", "", Error::bad_request},
      {R"({"op":"hold","user":"u"})", "", Error::bad_request},
      {R"({"id":7,"op":"hold","user":"u"})", "", Error::bad_request},
      {R"({"id":"","op":"hold","user":"u"})", "", Error::bad_request},
      {R"({"id":"a","user":"u"})", "a", Error::bad_request},
      {R"({"id":"a","op":"hold"})", "a", Error::bad_request},
      {R"({"id":"a","op":"hold","user":""})", "a", Error::bad_request},
      {R"({"id":"a","op":"steal","user":"u"})", "a", Error::unknown_op},
      {R"({"id":"a","op":"purchase","user":"u"})", "a", Error::bad_request},
      {R"({"id":"a","op":"purchase","user":"u","ticket":0})", "a", Error::bad_request},
      {R"({"id":"a","op":"purchase","user":"u","ticket":-1})", "a", Error::bad_request},
      {R"({"id":"a","op":"purchase","user":"u","ticket":1.5})", "a", Error::bad_request},
      {R"({"id":"a","op":"purchase","user":"u","ticket":4294967296})", "a", Error::bad_request},
      {R"({"id":"a","op":"release","user":"u","ticket":"1"})", "a", Error::bad_request},
      {R"({"id":"a","op":"hold","user":")" + std::string(kNameBytesMax + 1, 'x') + "\"}", "a", Error::bad_request},
      {std::string(1000, '['), "", Error::bad_request},
  }));
  CAPTURE(text);
  const auto decoded = decode_request(text);
  REQUIRE(std::holds_alternative<Malformed>(decoded));
  CHECK(std::get<Malformed>(decoded).id == id);
  CHECK(std::get<Malformed>(decoded).error == error);
}

TEST_CASE("a client does not take anything for an answer", "[protocol]") {
  const std::string text = GENERATE(
      as<std::string>(), "", "nonsense", "[]", "{}", R"({"id":"a","ok":true})", R"({"id":"a","ok":1,"version":1})",
      R"({"id":"a","ok":false,"version":1})", R"({"id":"a","ok":false,"error":"tired","version":1})",
      R"({"id":"a","ok":true,"ticket":-1,"version":1})", R"({"push":"stock","version":1,"free":1,"held":1})",
      R"({"push":"weather","version":1,"free":1,"held":1,"sold":1})");
  CAPTURE(text);
  CHECK(std::holds_alternative<std::monostate>(decode_server_message(text)));
}
