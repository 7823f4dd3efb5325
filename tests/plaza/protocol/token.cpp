#include "system-under-test/plaza/protocol/token.hpp"

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/plaza/protocol/mutation.hpp"

using namespace plaza;

namespace {

constexpr std::int64_t kNow = 1'767'225'600;

TokenError error_of(const std::string& token, const PublicKey& key, std::int64_t now = kNow) {
  const auto checked = check_token(token, key, now);
  REQUIRE(std::holds_alternative<TokenError>(checked));
  return std::get<TokenError>(checked);
}

}  // namespace

TEST_CASE("a token says who and until when", "[token]") {
  const TokenKey key = TokenKey::make(7);
  const TokenClaims claims{.user = "user \"0412\"", .expires_unix = kNow + 1};
  const std::string token = key.sign(claims);
  CHECK(token == TokenKey::make(7).sign(claims));
  const auto checked = check_token(token, key.public_key(), kNow);
  REQUIRE(std::holds_alternative<TokenClaims>(checked));
  CHECK(std::get<TokenClaims>(checked) == claims);
  CHECK(error_of(token, key.public_key(), kNow + 1) == TokenError::token_expired);
  CHECK(error_of(token, TokenKey::make(8).public_key()) == TokenError::bad_token);
}

TEST_CASE("RFC 8032's keys are those of this library", "[token]") {
  // §7.1, test 1.
  const auto seed = parse_public_key("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  REQUIRE(seed);
  const TokenKey key = TokenKey::make(*seed);
  CHECK(to_hex(key.public_key()) == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  CHECK(parse_public_key(to_hex(key.public_key())) == key.public_key());
  CHECK_FALSE(parse_public_key(""));
  CHECK_FALSE(parse_public_key("d75a"));
  CHECK_FALSE(parse_public_key(std::string(64, 'x')));
  CHECK_FALSE(parse_public_key(std::string(66, 'a')));
}

TEST_CASE("payloads that are signed, and say nothing", "[token]") {
  const TokenKey key = TokenKey::make(7);
  const std::vector<std::string> payloads{
      "",
      "{}",
      "[]",
      "nonsense",
      R"({"user":"a"})",
      R"({"exp":1900000000})",
      R"({"user":"","exp":1900000000})",
      R"({"user":7,"exp":1900000000})",
      R"({"user":"a","exp":"1900000000"})",
      R"({"user":"a","exp":99999999999999999999})",
      R"({"user":")" + std::string(65, 'x') + R"(","exp":1900000000})",
  };
  for (const std::string& payload : payloads) {
    INFO(payload);
    CHECK(error_of(key.sign_payload(payload), key.public_key()) == TokenError::bad_token);
  }
}

TEST_CASE("no token that was changed is believed", "[token]") {
  const TokenKey key = TokenKey::make(7);
  const std::string token = key.sign({.user = "ann", .expires_unix = kNow + 100});
  const std::vector<std::string> others{"",
                                        ".",
                                        "..",
                                        token + ".",
                                        token + "=",
                                        token + "A",
                                        "." + token,
                                        "a.b",
                                        token.substr(0, token.find('.')),
                                        std::string(4096, 'a')};
  for (const std::string& other : others) CHECK(error_of(other, key.public_key()) == TokenError::bad_token);
  for (std::size_t at = 0; at < token.size(); ++at) {
    for (const char c : {'A', 'B', 'w', '.', '-', '\0'}) {
      if (token[at] == c) continue;
      std::string other = token;
      other[at] = c;
      INFO(other);
      REQUIRE(error_of(other, key.public_key()) == TokenError::bad_token);
      REQUIRE(error_of(token.substr(0, at), key.public_key()) == TokenError::bad_token);
    }
  }
}

TEST_CASE("mutated tokens, and mutated payloads that are signed", "[token]") {
  const TokenKey key = TokenKey::make(7);
  const std::string payload = R"({"user":"ann","exp":1900000000})";
  const std::string token = key.sign_payload(payload);
  test::Random random(2);
  for (int i = 0; i < 2'000; ++i) {
    const std::string other = test::mutated(token, random);
    if (other != token) REQUIRE(std::holds_alternative<TokenError>(check_token(other, key.public_key(), kNow)));
    const auto checked = check_token(key.sign_payload(test::mutated(payload, random)), key.public_key(), kNow);
    if (const auto* claims = std::get_if<TokenClaims>(&checked)) {
      REQUIRE_FALSE(claims->user.empty());
      REQUIRE(claims->user.size() <= 64);
    }
  }
}
