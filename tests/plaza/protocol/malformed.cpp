// Texts that are no messages: what is made of them, and that nothing worse is.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "system-under-test/plaza/protocol/messages.hpp"
#include "tests/plaza/protocol/mutation.hpp"

using namespace plaza;
using namespace plaza::test;

namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

TEST_CASE("malformed requests", "[protocol]") {
  const std::string long_name(65, 'x');
  struct Case {
    std::string text;
    Malformed expected;
  };
  const Malformed nameless{};
  const Malformed named{.id = "a", .error = Error::bad_request};
  const std::vector<Case> cases{
      {"", nameless},
      {"nonsense", nameless},
      {"[]", nameless},
      {"null", nameless},
      {"{}", nameless},
      {R"({"id":"a","op":"look","event":"e"} )"
       "x",
       nameless},
      {R"({"id":"a","op":"look","event":"e")", nameless},
      {R"({"op":"look","event":"e"})", nameless},
      {R"({"id":"","op":"look","event":"e"})", nameless},
      {R"({"id":7,"op":"look","event":"e"})", nameless},
      {R"({"id":")" + long_name + R"(","op":"look","event":"e"})", nameless},
      {R"({"id":"a"})", named},
      {R"({"id":"a","op":1})", named},
      {R"({"id":"a","op":"steal","event":"e"})", {.id = "a", .error = Error::unknown_op}},
      {R"({"id":"a","op":"look"})", named},
      {R"({"id":"a","op":"look","event":["e"]})", named},
      {R"({"id":"a","op":"look","event":""})", named},
      {R"({"id":"a","op":"look","event":")" + long_name + R"("})", named},
      {R"({"id":"a","op":"hold","event":"e"})", named},
      {R"({"id":"a","op":"hold","event":"e","count":0})", named},
      {R"({"id":"a","op":"hold","event":"e","count":-1})", named},
      {R"({"id":"a","op":"hold","event":"e","count":1.5})", named},
      {R"({"id":"a","op":"hold","event":"e","count":4294967296})", named},
      {R"({"id":"a","op":"hold","event":"e","count":1e999})", named},
      {R"({"id":"a","op":"hold","event":"e","count":"1"})", named},
      {R"({"id":"a","op":"hold","event":"e","count":null})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[]})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":4})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[4,"5"]})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[4,4]})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[0]})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[99999999999999999999]})", named},
      {R"({"id":"a","op":"hold","event":"e","seats":[1],"count":1})", named},
      {R"({"id":"a","op":"wait","event":"e","seats":[1]})", named},
      {R"({"id":"a","op":"purchase","event":"e"})", named},
      {R"({"id":"a","op":"release","event":"e","hold":""})", named},
      {R"({"id":"a","op":"watch"})", named},
      {R"({"id":"a","op":"watch","topic":""})", named},
      {R"({"id":"a","op":"watch","topic":")" + repeated("t", 71) + R"("})", named},
      {R"({"id":"a","op":"watch","topic":"user","after":-1})", named},
      {R"({"id":"a","op":"watch","topic":"user","after":18446744073709551616})", named},
      {R"({"id":"a","op":"look","event":"e","x":)" + repeated("[", 33) + repeated("]", 33) + "}", nameless},
      {repeated(R"({"a":)", 8000), nameless},
  };
  for (const Case& c : cases) {
    INFO(c.text.substr(0, 200));
    const auto decoded = decode_request(c.text);
    REQUIRE(std::holds_alternative<Malformed>(decoded));
    CHECK(std::get<Malformed>(decoded) == c.expected);
  }
}

TEST_CASE("requests that are well-formed, strange as they are", "[protocol]") {
  struct Case {
    std::string text;
    Request expected;
  };
  const std::string longest(64, 'x');
  const std::vector<Case> cases{
      {R"( { "op" : "look" , "event" : "e" , "id" : "a" , "unknown" : { "x" : [ 1 ] } } )",
       {.id = "a", .op = Operation::look, .event = "e"}},
      {R"({"id":"a","op":"hold","event":"e","seats":[5,4]})",
       {.id = "a", .op = Operation::hold, .event = "e", .seats = {4, 5}}},
      {R"({"id":"a","op":"hold","event":"e","count":2.0})",
       {.id = "a", .op = Operation::hold, .event = "e", .count = 2}},
      {R"({"id":")" + longest + R"(","op":"look","event":")" + longest + R"("})",
       {.id = longest, .op = Operation::look, .event = longest}},
      {R"({"id":"\u0000","op":"look","event":"e"})", {.id = std::string(1, '\0'), .op = Operation::look, .event = "e"}},
      {R"({"id":"a","op":"look","event":"e","count":"not looked at"})",
       {.id = "a", .op = Operation::look, .event = "e"}},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const auto decoded = decode_request(c.text);
    REQUIRE(std::holds_alternative<Request>(decoded));
    CHECK(std::get<Request>(decoded) == c.expected);
  }
}

TEST_CASE("texts that no server says", "[protocol]") {
  const std::vector<std::string> texts{
      "",
      "[]",
      "{}",
      R"({"id":"a","ok":true})",
      R"({"id":"a","ok":1,"version":1})",
      R"({"id":"a","ok":false,"version":1})",
      R"({"id":"a","ok":false,"version":1,"error":"no such error"})",
      R"({"id":"a","ok":true,"version":-1})",
      R"({"id":"a","ok":true,"version":1,"seats":["x"]})",
      R"({"id":"a","ok":true,"version":1,"free":1})",
      R"({"push":1,"version":1})",
      R"({"push":"event/","version":1,"free":1,"held":1,"sold":1,"waiting":1})",
      R"({"push":"event/e","version":1,"free":1,"held":1,"sold":1})",
      R"({"push":"user","version":1,"holds":[],"offers":[],"sales":[]})",
      R"({"push":"user","version":1,"holds":[1],"offers":[],"waits":[],"sales":[]})",
      R"({"push":"weather","version":1})",
  };
  for (const std::string& text : texts) {
    INFO(text);
    CHECK(std::holds_alternative<std::monostate>(decode_server_message(text)));
  }
}

TEST_CASE("mutated frames are decoded to something, and what is a request can be said again", "[protocol]") {
  const std::vector<std::string> seeds{
      R"({"id":"r-1","op":"hold","event":"concert","count":2})",
      R"({"id":"r-2","op":"buy","event":"concert","seats":[4,5,6]})",
      R"({"id":"r-3","op":"purchase","event":"concert","hold":"r-1"})",
      R"({"id":"r-4","op":"watch","topic":"event/concert","after":17})",
      R"({"id":"r-5","op":"wait","event":"Größe \ud83c\udfab","count":3})",
      R"({"id":"r-1","ok":true,"version":12,"hold":"r-1","count":2,"seats":[4,5],"lasts_ms":30000})",
      R"({"push":"user","version":7,"holds":[{"event":"e","id":"r-1","count":2}],"offers":[],"waits":[],"sales":[]})",
  };
  Random random(1);
  std::size_t requests = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = mutated(seeds[random.below(seeds.size())], random);
    const auto decoded = decode_request(text);
    if (const auto* request = std::get_if<Request>(&decoded)) {
      ++requests;
      const auto again = decode_request(encode(*request));
      INFO(text);
      REQUIRE(std::holds_alternative<Request>(again));
      REQUIRE(std::get<Request>(again) == *request);
    }
    decode_server_message(text);
  }
  CHECK(requests > 200);  // mutations that leave nothing to be looked at would test the parser of JSON only
}
