#include "sim-core/kernel/control_data.hpp"

#include <algorithm>

#include "sim-core/base/program_memory.hpp"

namespace stillpoint::kernel {

void ControlWriter::put_bytes(int level, int type, std::span<const std::byte> bytes) {
  const std::span<std::byte> room = message_.control.subspan(message_.control_size);
  if (room.size() < sizeof(cmsghdr)) {
    message_.result_flags |= MSG_CTRUNC;
    return;
  }
  cmsghdr header{};
  header.cmsg_level = level;
  header.cmsg_type = type;
  header.cmsg_len = sizeof header + bytes.size();
  if (room.size() < header.cmsg_len) {
    message_.result_flags |= MSG_CTRUNC;
    header.cmsg_len = room.size();
  }
  // put_cmsg() fails, which nobody looks at.
  if (!is_writable_bytes(room.data(), header.cmsg_len)) return;
  std::memcpy(room.data(), &header, sizeof header);
  std::memcpy(room.data() + sizeof header, bytes.data(), header.cmsg_len - sizeof header);
  message_.control_size += std::min(CMSG_SPACE(bytes.size()), room.size());
}

}  // namespace stillpoint::kernel
