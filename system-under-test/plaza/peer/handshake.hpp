// The handshake: the first frame of each end of a connection. Who has dialled says hello, and sends nothing else until
// it is welcome; the other end answers with welcome, or with refused and the reason, and then hangs up.
//
//   hello     "PLZP", u32 version; and as this version has it: text cluster, u32 from, u32 to, u8 stream,
//             u64 incarnation
//   welcome   u64 incarnation
//   refused   text reason
//
// The first two members of a hello are the same in all versions, so that another version is told what is wrong.
// It keeps honest nodes from mistakes; it does not authenticate anybody.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "system-under-test/plaza/peer/mesh.hpp"

namespace plaza::peer {

inline constexpr std::uint32_t kProtocolVersion = 1;
// Of any frame before a connection is welcome.
inline constexpr std::size_t kHandshakeBytesMost = 4096;

struct Hello {
  std::uint32_t version = kProtocolVersion;  // of another version nothing else is known
  std::string cluster = {};
  NodeId from = 0;
  NodeId to = 0;
  Stream stream = Stream::control;
  std::uint64_t incarnation = 0;
  bool operator==(const Hello&) const = default;
};

struct Welcome {
  std::uint64_t incarnation = 0;
  bool operator==(const Welcome&) const = default;
};

struct Refused {
  std::string reason;
  bool operator==(const Refused&) const = default;
};

// The payloads of the frames.
std::string encode(const Hello& hello);
std::string encode(const Welcome& welcome);
std::string encode(const Refused& refused);
std::optional<Hello> decode_hello(std::string_view payload);
std::optional<Welcome> decode_welcome(std::string_view payload);
// The reason comes from somebody else and goes into a log: printable characters only, and not too many.
std::optional<Refused> decode_refused(std::string_view payload);

// Why a node that is configured like this does not want to be talked to by whoever says so; none: it is welcome.
// `latest` is the latest incarnation of that node that was heard of, or 0.
std::optional<std::string> objection(const Hello& hello, const MeshConfig& config, std::uint64_t latest);

std::string_view name_of(Stream stream);
// What somebody else says, as it may be put into a log.
std::string printable(std::string_view text);

}  // namespace plaza::peer
