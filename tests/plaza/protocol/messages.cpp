// Messages and their text, there and back.
#include "system-under-test/plaza/protocol/messages.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace plaza;
using namespace std::chrono_literals;

TEST_CASE("requests and their text", "[protocol]") {
  struct Case {
    Request request;
    std::string text;
  };
  const std::vector<Case> cases{
      {{.id = "r-1", .op = Operation::hold, .event = "concert", .count = 2},
       R"({"id":"r-1","op":"hold","event":"concert","count":2})"},
      {{.id = "r-2", .op = Operation::hold, .event = "concert", .seats = {4, 5}},
       R"({"id":"r-2","op":"hold","event":"concert","seats":[4,5]})"},
      {{.id = "r-3", .op = Operation::buy, .event = "concert", .count = 4294967295},
       R"({"id":"r-3","op":"buy","event":"concert","count":4294967295})"},
      {{.id = "r-4", .op = Operation::purchase, .event = "concert", .hold = "r-1"},
       R"({"id":"r-4","op":"purchase","event":"concert","hold":"r-1"})"},
      {{.id = "r-5", .op = Operation::release, .event = "a\"b\\c\n", .hold = "r-1"},
       R"({"id":"r-5","op":"release","event":"a\"b\\c\u000a","hold":"r-1"})"},
      {{.id = "r-6", .op = Operation::wait, .event = "Größe", .count = 1},
       R"({"id":"r-6","op":"wait","event":"Größe","count":1})"},
      {{.id = "r-7", .op = Operation::leave, .event = "concert"}, R"({"id":"r-7","op":"leave","event":"concert"})"},
      {{.id = "r-8", .op = Operation::look, .event = "concert"}, R"({"id":"r-8","op":"look","event":"concert"})"},
      {{.id = "r-9", .op = Operation::watch, .topic = "event/concert"},
       R"({"id":"r-9","op":"watch","topic":"event/concert"})"},
      {{.id = "r-10", .op = Operation::watch, .topic = "user", .after = 18446744073709551615U},
       R"({"id":"r-10","op":"watch","topic":"user","after":18446744073709551615})"},
      {{.id = "r-11", .op = Operation::unwatch, .topic = "user"}, R"({"id":"r-11","op":"unwatch","topic":"user"})"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(encode(c.request) == c.text);
    const auto decoded = decode_request(c.text);
    REQUIRE(std::holds_alternative<Request>(decoded));
    CHECK(std::get<Request>(decoded) == c.request);
  }
}

TEST_CASE("what servers say and its text", "[protocol]") {
  struct Case {
    Response response;
    std::string text;
  };
  const std::vector<Case> cases{
      {{.id = "r-1", .version = 12, .hold = "r-1", .count = 2, .seats = {4, 5}, .lasts = 30000ms},
       R"({"id":"r-1","ok":true,"version":12,"hold":"r-1","count":2,"seats":[4,5],"lasts_ms":30000})"},
      {{.id = "r-1", .version = 12, .error = Error::sold_out},
       R"({"id":"r-1","ok":false,"version":12,"error":"sold_out"})"},
      {{.id = "", .version = 0, .error = Error::bad_request},
       R"({"id":"","ok":false,"version":0,"error":"bad_request"})"},
      {{.id = "w", .version = 3, .place = 2}, R"({"id":"w","ok":true,"version":3,"place":2})"},
      {{.id = "l", .version = 3, .counts = EventCounts{.free = 40, .held = 3, .sold = 57, .waiting = 0}},
       R"({"id":"l","ok":true,"version":3,"free":40,"held":3,"sold":57,"waiting":0})"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    CHECK(encode(c.response) == c.text);
    const ServerMessage decoded = decode_server_message(c.text);
    REQUIRE(std::holds_alternative<Response>(decoded));
    CHECK(std::get<Response>(decoded) == c.response);
  }
}

TEST_CASE("pushes and their text", "[protocol]") {
  const std::string event = encode_push("event/concert", 12, R"({"free":40,"held":3,"sold":57,"waiting":0})");
  CHECK(event == R"({"push":"event/concert","version":12,"free":40,"held":3,"sold":57,"waiting":0})");
  CHECK(decode_server_message(event) ==
        ServerMessage(
            EventPush{.event = "concert", .version = 12, .counts = {.free = 40, .held = 3, .sold = 57, .waiting = 0}}));

  const std::string user = encode_push(
      "user", 7,
      R"({"holds":[{"event":"e","id":"r-1","count":2,"seats":[1,2],"deadline":31,"paying":true}],"offers":[],)"
      R"("waits":[{"event":"f","id":"r-2","count":3}],"sales":[]})");
  const UserPush expected{
      .version = 7,
      .holds = {{.event = "e", .id = "r-1", .count = 2, .seats = {1, 2}, .paying = true}},
      .waits = {{.event = "f", .id = "r-2", .count = 3}},
  };
  CHECK(decode_server_message(user) == ServerMessage(expected));

  const std::string server = encode(ServerPush{.reconnect = true});
  CHECK(server == R"({"push":"server","reconnect":true})");
  CHECK(decode_server_message(server) == ServerMessage(ServerPush{.reconnect = true}));
  CHECK(encode_push("x", 1, "{}") == R"({"push":"x","version":1})");
}

TEST_CASE("every name of the protocol is found again", "[protocol]") {
  for (std::size_t i = 0; i < kOperations; ++i) {
    const auto op = static_cast<Operation>(i);
    CHECK(find_operation(to_string(op)) == op);
  }
  for (std::size_t i = 0; i < kErrors; ++i) {
    const auto error = static_cast<Error>(i);
    CHECK(find_error(to_string(error)) == error);
  }
  CHECK_FALSE(find_operation("steal"));
  CHECK_FALSE(find_error("?"));
}
