#pragma once
// Control data of messages (cmsg(3)): writing it for a receiver, reading it from a sender.
#include <sys/socket.h>

#include <cstddef>
#include <cstring>
#include <span>

#include "sim-core/base/result.hpp"
#include "sim-core/kernel/socket.hpp"

namespace stillpoint::kernel {

// Fills the control buffer of a received message, as put_cmsg() in Linux's net/core/scm.c does: what has no room is cut
// or left out, and MSG_CTRUNC says so.
class ControlWriter {
 public:
  explicit ControlWriter(InMessage& message) : message_(message) {}

  template <typename Value>
  void put(int level, int type, const Value& value) {
    put_bytes(level, type, std::as_bytes(std::span(&value, 1)));
  }

 private:
  void put_bytes(int level, int type, std::span<const std::byte> bytes);

  InMessage& message_;
};

// One entry of the control data that a sender gave.
struct ControlItem {
  int level = 0;
  int type = 0;
  std::span<const std::byte> bytes;

  // The value, if the entry is long enough for it. EINVAL.
  template <typename Value>
  Result<Value> as() const {
    if (bytes.size() < sizeof(Value)) return Failure{EINVAL};
    Value value;
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
};

// Calls `use` with each entry, until one of them fails. EINVAL: an entry is malformed.
template <typename Use>
Status for_each_control(std::span<const std::byte> control, Use use) {
  while (control.size() >= sizeof(cmsghdr)) {
    cmsghdr header;
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_len < sizeof header || header.cmsg_len > control.size()) return Failure{EINVAL};
    const Status used = use(ControlItem{.level = header.cmsg_level,
                                        .type = header.cmsg_type,
                                        .bytes = control.subspan(sizeof header, header.cmsg_len - sizeof header)});
    if (!used) return used;
    control = control.subspan(std::min<std::size_t>(CMSG_ALIGN(header.cmsg_len), control.size()));
  }
  return Done{};
}

}  // namespace stillpoint::kernel
