// The bytes of a command in the log:
//
//   u8   format (1)
//   u64  time, in µs
//   u8   domain
//   u8   length of the user's name, the name; the same of the id
//   …    body: all that is left
//
// Every command has exactly one encoding, so equal bytes are the same request, and different bytes are not.
#include <algorithm>

#include "system-under-test/plaza/bytes.hpp"
#include "system-under-test/plaza/domain/machine.hpp"

namespace plaza {

namespace {

constexpr std::uint8_t kFormat = 1;

bool known(DomainId domain) { return domain == DomainId::none || domain == DomainId::tickets; }

// One that is too long for its length's byte is marked as what no decoder takes.
void write_name(ByteWriter& writer, std::string_view name) {
  writer.u8(static_cast<std::uint8_t>(std::min<std::size_t>(name.size(), 255))).raw(name);
}

std::string_view read_name(ByteReader& reader) { return reader.raw(reader.u8()); }

}  // namespace

std::string encode(const Command& command) {
  ByteWriter writer(12 + command.key.user.size() + command.key.id.size() + command.body.size());
  writer.u8(kFormat).u64(static_cast<std::uint64_t>(command.time.count()));
  writer.u8(static_cast<std::uint8_t>(command.domain));
  write_name(writer, command.key.user);
  write_name(writer, command.key.id);
  return writer.raw(command.body).take();
}

std::optional<Command> decode_command(std::string_view bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kFormat) return std::nullopt;
  const std::uint64_t time = reader.u64();
  if (time > static_cast<std::uint64_t>(kLogTimeMost.count())) return std::nullopt;
  const auto domain = static_cast<DomainId>(reader.u8());
  const std::string_view user = read_name(reader);
  const std::string_view id = read_name(reader);
  const std::string_view body = reader.rest();
  if (!reader.ok() || !known(domain)) return std::nullopt;
  if (user.size() > kNameBytesMost || id.size() > kNameBytesMost) return std::nullopt;
  // Either somebody asked, and under an id, or nobody did.
  if (user.empty() != id.empty()) return std::nullopt;
  return Command{.time = LogTime(static_cast<std::int64_t>(time)),
                 .key = {std::string(user), std::string(id)},
                 .domain = domain,
                 .body = std::string(body)};
}

}  // namespace plaza
