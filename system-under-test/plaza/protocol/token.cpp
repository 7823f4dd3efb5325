#include "system-under-test/plaza/protocol/token.hpp"

#include <sodium.h>

#include "system-under-test/plaza/json_writer.hpp"
#include "system-under-test/plaza/protocol/document.hpp"
#include "system-under-test/plaza/protocol/messages.hpp"

// sodium_init() is not called on purpose: it chooses faster code for other primitives and draws from the system's
// entropy, once in a process. Signatures of Ed25519 need neither.
namespace plaza {
namespace {

static_assert(std::tuple_size_v<PublicKey> == crypto_sign_PUBLICKEYBYTES);
static_assert(std::tuple_size_v<TokenKey::Seed> == crypto_sign_SEEDBYTES);

constexpr int kBase64 = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

std::string to_base64(std::string_view bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), kBase64), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes_of(bytes), bytes.size(), kBase64);
  text.pop_back();  // it ends in a NUL
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), text.data(), text.size(), nullptr,
                        &size, &end, kBase64) != 0) {
    return std::nullopt;
  }
  if (end != text.data() + text.size()) return std::nullopt;
  bytes.resize(size);
  return bytes;
}

std::optional<TokenClaims> decode_claims(std::string_view payload) {
  const Document document(payload);
  if (!document.is_object()) return std::nullopt;
  const auto user = document.string("user");
  const auto expires = document.number<std::int64_t>("exp");
  if (!user || user->empty() || user->size() > kNameBytesMost || !expires) return std::nullopt;
  return TokenClaims{.user = std::string(*user), .expires_unix = *expires};
}

}  // namespace

std::optional<PublicKey> parse_public_key(std::string_view hex) {
  PublicKey key{};
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_hex2bin(key.data(), key.size(), hex.data(), hex.size(), nullptr, &size, &end) != 0) return std::nullopt;
  if (size != key.size() || end != hex.data() + hex.size()) return std::nullopt;
  return key;
}

std::string to_hex(const PublicKey& key) {
  std::string hex(key.size() * 2 + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), key.data(), key.size());
  hex.pop_back();
  return hex;
}

TokenKey TokenKey::make(const Seed& seed) {
  TokenKey key;
  crypto_sign_seed_keypair(key.public_.data(), key.secret_.data(), seed.data());
  return key;
}

TokenKey TokenKey::make(std::uint64_t seed) {
  Seed bytes{};
  for (std::size_t i = 0; i < sizeof(seed); ++i) bytes[i] = static_cast<unsigned char>(seed >> (8 * i));
  return make(bytes);
}

std::string TokenKey::sign(const TokenClaims& claims) const {
  return sign_payload(JsonWriter().text("user", claims.user).number("exp", claims.expires_unix).take());
}

std::string TokenKey::sign_payload(std::string_view payload) const {
  std::string token = to_base64(payload);
  std::array<unsigned char, crypto_sign_BYTES> signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(token), token.size(), secret_.data());
  token += '.';
  token += to_base64({reinterpret_cast<const char*>(signature.data()), signature.size()});
  return token;
}

std::string_view to_string(TokenError error) {
  return error == TokenError::token_expired ? "token_expired" : "bad_token";
}

std::variant<TokenClaims, TokenError> check_token(std::string_view token, const PublicKey& key, std::int64_t now_unix) {
  if (token.size() > kTokenBytesMost) return TokenError::bad_token;
  const std::size_t dot = token.find('.');
  if (dot == std::string_view::npos) return TokenError::bad_token;
  const std::string_view signed_text = token.substr(0, dot);
  const auto signature = from_base64(token.substr(dot + 1));
  if (!signature || signature->size() != crypto_sign_BYTES) return TokenError::bad_token;
  if (crypto_sign_verify_detached(bytes_of(*signature), bytes_of(signed_text), signed_text.size(), key.data()) != 0) {
    return TokenError::bad_token;
  }
  const auto payload = from_base64(signed_text);
  if (!payload) return TokenError::bad_token;
  auto claims = decode_claims(*payload);
  if (!claims) return TokenError::bad_token;
  if (claims->expires_unix <= now_unix) return TokenError::token_expired;
  return std::move(*claims);
}

}  // namespace plaza
