#include "system-under-test/plaza/peer/handshake.hpp"

#include "system-under-test/plaza/bytes.hpp"

namespace plaza::peer {

namespace {

constexpr std::string_view kMagic = "PLZP";
constexpr std::size_t kPrintedBytesMost = 200;

}  // namespace

std::string encode(const Hello& hello) {
  ByteWriter bytes;
  bytes.raw(kMagic).u32(hello.version);
  if (hello.version != kProtocolVersion) return bytes.take();
  bytes.text(hello.cluster).u32(hello.from).u32(hello.to);
  bytes.u8(static_cast<std::uint8_t>(hello.stream)).u64(hello.incarnation);
  return bytes.take();
}

std::string encode(const Welcome& welcome) { return ByteWriter().u64(welcome.incarnation).take(); }

std::string encode(const Refused& refused) { return ByteWriter().text(refused.reason).take(); }

std::optional<Hello> decode_hello(std::string_view payload) {
  ByteReader bytes(payload);
  if (bytes.raw(kMagic.size()) != kMagic) return std::nullopt;
  Hello hello;
  hello.version = bytes.u32();
  if (!bytes.ok()) return std::nullopt;
  if (hello.version != kProtocolVersion) return hello;
  hello.cluster = bytes.text();
  hello.from = bytes.u32();
  hello.to = bytes.u32();
  const std::uint8_t stream = bytes.u8();
  hello.stream = static_cast<Stream>(stream);
  hello.incarnation = bytes.u64();
  if (!bytes.done() || stream > static_cast<std::uint8_t>(Stream::bulk)) return std::nullopt;
  return hello;
}

std::optional<Welcome> decode_welcome(std::string_view payload) {
  ByteReader bytes(payload);
  const Welcome welcome{.incarnation = bytes.u64()};
  if (!bytes.done()) return std::nullopt;
  return welcome;
}

std::optional<Refused> decode_refused(std::string_view payload) {
  ByteReader bytes(payload);
  const std::string_view reason = bytes.text();
  if (!bytes.done()) return std::nullopt;
  return Refused{.reason = printable(reason)};
}

std::optional<std::string> objection(const Hello& hello, const MeshConfig& config, std::uint64_t latest) {
  if (hello.version != kProtocolVersion) {
    return "protocol version " + std::to_string(hello.version) + ", and not " + std::to_string(kProtocolVersion);
  }
  if (hello.cluster != config.cluster) {
    return "of cluster '" + printable(hello.cluster) + "', and this is '" + printable(config.cluster) + "'";
  }
  if (hello.to != config.node) {
    return "node " + std::to_string(hello.to) + " is meant, and this is " + std::to_string(config.node);
  }
  if (!config.peers.contains(hello.from)) return "node " + std::to_string(hello.from) + " is none of this cluster's";
  if (hello.incarnation < latest) {
    return "incarnation " + std::to_string(hello.incarnation) + " of node " + std::to_string(hello.from) +
           ", which was heard of with " + std::to_string(latest) + " since";
  }
  return std::nullopt;
}

std::string_view name_of(Stream stream) { return stream == Stream::control ? "control" : "bulk"; }

std::string printable(std::string_view text) {
  std::string printed(text.substr(0, kPrintedBytesMost));
  for (char& letter : printed) {
    if (letter < ' ' || letter > '~') letter = '?';
  }
  return printed;
}

}  // namespace plaza::peer
