// Session tokens: who a client is, until when, and the signature of whoever knows that.
//
//   TOKEN = base64url(payload) '.' base64url(signature)          base64url of RFC 4648 §5, without padding
//   payload = {"user":"user-0412","exp":1767225600}              JSON; exp in seconds of Unix time
//   signature = Ed25519 (RFC 8032) over the characters before the '.'
//
// The nodes know the public key and make no tokens. Nothing here draws randomness or looks at a clock: equal seeds give
// equal keys, and equal payloads equal tokens.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace plaza {

using PublicKey = std::array<unsigned char, 32>;

// 64 hexadecimal digits. None if the text is something else.
std::optional<PublicKey> parse_public_key(std::string_view hex);
std::string to_hex(const PublicKey& key);

struct TokenClaims {
  std::string user;               // 1 to kNameBytesMost bytes
  std::int64_t expires_unix = 0;  // in seconds
  bool operator==(const TokenClaims&) const = default;
};

// The half that signs: of tests, simulated users and load generators, and of whatever logs users in.
class TokenKey {
 public:
  using Seed = std::array<unsigned char, 32>;
  static TokenKey make(const Seed& seed);
  static TokenKey make(std::uint64_t seed);  // for tests and simulations: everybody can guess it

  const PublicKey& public_key() const { return public_; }
  std::string sign(const TokenClaims& claims) const;
  // Any payload, well-formed or not.
  std::string sign_payload(std::string_view payload) const;

 private:
  PublicKey public_{};
  std::array<unsigned char, 64> secret_{};
};

enum class TokenError : std::uint8_t { bad_token, token_expired };
std::string_view to_string(TokenError error);

inline constexpr std::size_t kTokenBytesMost = 1024;

// What the token says, if the key has signed it and it has not expired.
std::variant<TokenClaims, TokenError> check_token(std::string_view token, const PublicKey& key, std::int64_t now_unix);

}  // namespace plaza
