// Sending and receiving, by all the calls that there are for it.
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "tests/conformance/random/generator.hpp"

namespace stillpoint::test {
namespace {

struct Flag {
  int flag;
  const char* name;
};
constexpr Flag kFlags[] = {
    {MSG_PEEK, "MSG_PEEK"},     {MSG_DONTWAIT, "MSG_DONTWAIT"}, {MSG_NOSIGNAL, "MSG_NOSIGNAL"},
    {MSG_TRUNC, "MSG_TRUNC"},   {MSG_WAITALL, "MSG_WAITALL"},   {MSG_MORE, "MSG_MORE"},
    {MSG_CTRUNC, "MSG_CTRUNC"}, {MSG_EOR, "MSG_EOR"},           {MSG_CMSG_CLOEXEC, "MSG_CMSG_CLOEXEC"}};

bool sends(const Generator::Slot& slot) {
  return is_socket(slot) ? slot.connected || slot.kind == SlotKind::udp : slot.kind == SlotKind::pipe_writer;
}
bool receives(const Generator::Slot& slot) {
  return is_socket(slot) ? slot.connected || slot.bound : slot.kind == SlotKind::pipe_reader;
}

// How much one call sends. What a TCP connection holds beyond a few thousand bytes is not compared: Linux makes its
// buffers grow by measurements of its own, and charges them by how the bytes came.
std::size_t size_to_send(Generator& generator, int slot) {
  if (slot < 0) return 5;
  Generator::Slot& from = generator.slot(slot);
  std::size_t most = 3'000;
  if (is_tcp(from) && from.sent > 15'000) most = 1;
  if (is_udp(from)) most = generator.one_in(10) ? 66'000 : 2'000;
  if (is_unix(from) || from.kind == SlotKind::pipe_writer) most = generator.one_in(3) ? 120'000 : 5'000;
  const std::size_t size = generator.size_up_to(most);
  from.sent += size;
  return size;
}

// Sizes of one to four buffers, of `total` bytes in all.
std::vector<std::size_t> parts_of(Generator& generator, std::size_t total) {
  std::vector<std::size_t> parts;
  while (parts.size() < 3 && !generator.one_in(3)) {
    parts.push_back(generator.below(total + 1));
    total -= parts.back();
  }
  parts.push_back(total);
  return parts;
}

std::vector<iovec> buffers(char* room, const std::vector<std::size_t>& parts) {
  std::vector<iovec> row;
  for (const std::size_t size : parts) {
    row.push_back({room, size});
    room += size;
  }
  return row;
}

std::size_t total(const std::vector<std::size_t>& parts) {
  std::size_t sum = 0;
  for (const std::size_t size : parts) sum += size;
  return sum;
}

// ---- sending ----

void a_send(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && sends(each); });
  const std::size_t size = size_to_send(generator, slot);
  const char letter = generator.letter();
  const int flags = generator.one_of<int>({MSG_NOSIGNAL, MSG_NOSIGNAL | MSG_DONTWAIT, 0});
  generator.add(fmt::format("send(s{}, {}*{}, {})", slot, letter, size, message_flags(flags)), [=](Caller& caller) {
    std::memset(caller.room(), letter, size);
    return outcome(send(caller.fd(slot), caller.room(), size, flags));
  });
}

void a_write(Generator& generator) {
  const int slot = generator.pick_mostly(sends);
  const auto parts = parts_of(generator, size_to_send(generator, slot));
  const char letter = generator.letter();
  if (generator.one_in(2)) {
    const std::size_t size = total(parts);
    generator.add(fmt::format("write(s{}, {}*{})", slot, letter, size), [=](Caller& caller) {
      std::memset(caller.room(), letter, size);
      return outcome(write(caller.fd(slot), caller.room(), size));
    });
    return;
  }
  generator.add(fmt::format("writev(s{}, {}*{})", slot, letter, fmt::join(parts, "+")), [=](Caller& caller) {
    std::memset(caller.room(), letter, total(parts));
    const auto row = buffers(caller.room(), parts);
    return outcome(writev(caller.fd(slot), row.data(), static_cast<int>(row.size())));
  });
}

void a_sendto(Generator& generator) {
  const int slot = generator.pick_mostly([&](const auto& each) {
    return is_udp(each) || each.kind == SlotKind::unix_datagram || (is_socket(each) && generator.one_in(8));
  });
  if (slot < 0 || !is_socket(generator.slot(slot))) return;
  const std::size_t size = size_to_send(generator, slot);
  const char letter = generator.letter();
  const Place place = generator.one_in(12) ? Place{} : target_for(generator, generator.slot(slot).kind);
  generator.add(
      fmt::format("sendto(s{}, {}*{}, MSG_NOSIGNAL, {})", slot, letter, size, place.text()), [=](Caller& caller) {
        std::memset(caller.room(), letter, size);
        const auto where = caller.resolve(place);
        return outcome(sendto(caller.fd(slot), caller.room(), size, MSG_NOSIGNAL, where.address(), where.length));
      });
}

void a_sendmsg(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && sends(each); });
  const auto parts = parts_of(generator, size_to_send(generator, slot));
  const char letter = generator.letter();
  Place place;
  if (slot >= 0 && is_socket(generator.slot(slot)) && generator.one_in(4))
    place = target_for(generator, generator.slot(slot).kind);
  generator.add(
      fmt::format("sendmsg(s{}, {}*{}, to {}, MSG_NOSIGNAL)", slot, letter, fmt::join(parts, "+"), place.text()),
      [=](Caller& caller) {
        std::memset(caller.room(), letter, total(parts));
        auto row = buffers(caller.room(), parts);
        auto where = caller.resolve(place);
        msghdr message{};
        message.msg_iov = row.data();
        message.msg_iovlen = row.size();
        message.msg_name = where.length == 0 ? nullptr : &where.storage;
        message.msg_namelen = where.length;
        return outcome(sendmsg(caller.fd(slot), &message, MSG_NOSIGNAL));
      });
}

// Not over the internet: over loopback, Linux tells that a peer refuses the first message before the next one is sent,
// within the call.
void a_sendmmsg(Generator& generator) {
  const int slot = generator.pick([](const auto& each) { return is_unix(each) && sends(each); });
  const std::size_t first = size_to_send(generator, slot);
  const std::size_t second = size_to_send(generator, slot);
  const char letter = generator.letter();
  generator.add(fmt::format("sendmmsg(s{}, {}*{} and {}, MSG_NOSIGNAL)", slot, letter, first, second),
                [=](Caller& caller) {
                  std::memset(caller.room(), letter, std::max(first, second));
                  iovec parts[] = {{caller.room(), first}, {caller.room(), second}};
                  mmsghdr messages[2] = {};
                  for (int i = 0; i < 2; ++i) {
                    messages[i].msg_hdr.msg_iov = &parts[i];
                    messages[i].msg_hdr.msg_iovlen = 1;
                  }
                  const int sent = sendmmsg(caller.fd(slot), messages, 2, MSG_NOSIGNAL);
                  std::string seen = outcome(sent);
                  for (int i = 0; i < sent; ++i) seen += fmt::format(", {}", messages[i].msg_len);
                  return seen;
                });
}

// ---- receiving ----

int flags_to_receive(Generator& generator) {
  constexpr int kMany[] = {
      0, 0, 0, MSG_DONTWAIT, MSG_PEEK, MSG_PEEK, MSG_TRUNC, MSG_PEEK | MSG_TRUNC, MSG_WAITALL, MSG_CMSG_CLOEXEC};
  return generator.one_of(kMany);
}

// The bytes, unless they were thrown away (MSG_TRUNC of TCP), or did not fit.
std::string received(Caller& caller, ssize_t size, std::size_t room) {
  if (size < 0) return outcome(size);
  return fmt::format("{} \"{}\"", size, runs(caller.room(), std::min(static_cast<std::size_t>(size), room)));
}

std::size_t room_to_receive(Generator& generator) {
  return generator.one_in(3) ? 200'000 : generator.size_up_to(5'000);
}

void prepare(Caller& caller, std::size_t room) { std::memset(caller.room(), '.', room); }

void a_recv(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && receives(each); });
  const std::size_t room = room_to_receive(generator);
  const int flags = flags_to_receive(generator);
  generator.add(fmt::format("recv(s{}, {}, {})", slot, room, message_flags(flags)), [=](Caller& caller) {
    prepare(caller, room);
    return received(caller, recv(caller.fd(slot), caller.room(), room, flags), room);
  });
}

void a_read(Generator& generator) {
  const int slot = generator.pick_mostly(receives);
  const std::size_t room = room_to_receive(generator);
  if (generator.one_in(2)) {
    generator.add(fmt::format("read(s{}, {})", slot, room), [=](Caller& caller) {
      prepare(caller, room);
      return received(caller, read(caller.fd(slot), caller.room(), room), room);
    });
    return;
  }
  const auto parts = parts_of(generator, room);
  generator.add(fmt::format("readv(s{}, {})", slot, fmt::join(parts, "+")), [=](Caller& caller) {
    prepare(caller, room);
    const auto row = buffers(caller.room(), parts);
    return received(caller, readv(caller.fd(slot), row.data(), static_cast<int>(row.size())), room);
  });
}

void a_recvfrom(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && receives(each); });
  const std::size_t room = room_to_receive(generator);
  const int flags = flags_to_receive(generator);
  generator.add(fmt::format("recvfrom(s{}, {}, {})", slot, room, message_flags(flags)), [=](Caller& caller) {
    prepare(caller, room);
    sockaddr_storage from{};
    socklen_t length = sizeof from;
    const ssize_t size =
        recvfrom(caller.fd(slot), caller.room(), room, flags, reinterpret_cast<sockaddr*>(&from), &length);
    std::string seen = received(caller, size, room);
    if (size >= 0) seen += " from " + caller.shown(caller.fd(slot), from, length);
    return seen;
  });
}

void a_recvmsg(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && receives(each); });
  const std::size_t room = room_to_receive(generator);
  const auto parts = parts_of(generator, room);
  const int flags = flags_to_receive(generator);
  generator.add(fmt::format("recvmsg(s{}, {}, {})", slot, fmt::join(parts, "+"), message_flags(flags)),
                [=](Caller& caller) {
                  prepare(caller, room);
                  auto row = buffers(caller.room(), parts);
                  sockaddr_storage from{};
                  msghdr message{};
                  message.msg_name = &from;
                  message.msg_namelen = sizeof from;
                  message.msg_iov = row.data();
                  message.msg_iovlen = row.size();
                  const ssize_t size = recvmsg(caller.fd(slot), &message, flags);
                  std::string seen = received(caller, size, room);
                  if (size >= 0)
                    seen += fmt::format(" from {}, {}", caller.shown(caller.fd(slot), from, message.msg_namelen),
                                        message_flags(message.msg_flags));
                  return seen;
                });
}

void a_recvmmsg(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return is_socket(each) && receives(each); });
  const int flags = generator.one_of<int>({0, MSG_DONTWAIT, MSG_PEEK});
  generator.add(fmt::format("recvmmsg(s{}, 3 of 100, {})", slot, message_flags(flags)), [=](Caller& caller) {
    prepare(caller, 300);
    iovec parts[3];
    mmsghdr messages[3] = {};
    for (std::size_t i = 0; i < 3; ++i) {
      parts[i] = {caller.room() + i * 100, 100};
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
    const int count = recvmmsg(caller.fd(slot), messages, 3, flags, nullptr);
    std::string seen = outcome(count);
    for (int i = 0; i < count; ++i)
      seen += fmt::format(", {} \"{}\" {}", messages[i].msg_len, runs(caller.room() + i * 100, messages[i].msg_len),
                          message_flags(messages[i].msg_hdr.msg_flags));
    return seen;
  });
}

// ---- counters ----

void a_counter_up(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return each.kind == SlotKind::eventfd; });
  if (slot < 0) return;
  const std::uint64_t value = generator.one_of({1ul, 1ul, 2ul, 0ul, UINT64_MAX - 1, UINT64_MAX});
  const std::size_t size = generator.one_in(8) ? generator.below(8) : sizeof value;
  generator.add(fmt::format("write(s{}, the number {}, {})", slot, value, size), [=](Caller& caller) {
    std::memcpy(caller.room(), &value, sizeof value);
    return outcome(write(caller.fd(slot), caller.room(), size));
  });
}

void a_counter_down(Generator& generator) {
  const int slot = generator.pick_mostly([](const auto& each) { return each.kind >= SlotKind::eventfd; });
  if (slot < 0) return;
  const std::size_t size = generator.one_in(8) ? generator.below(20) : 8;
  generator.add(fmt::format("read(s{}, a number, {})", slot, size), [=](Caller& caller) {
    std::memset(caller.room(), 0, 8);
    const ssize_t got = read(caller.fd(slot), caller.room(), size);
    return got < 0 ? outcome(got) : fmt::format("{}: {}", got, hex(caller.room(), static_cast<std::size_t>(got)));
  });
}

constexpr Kind kKinds[] = {{14, a_send},    {8, a_write},    {6, a_sendto},     {8, a_sendmsg},
                           {1, a_sendmmsg}, {16, a_recv},    {10, a_read},      {6, a_recvfrom},
                           {8, a_recvmsg},  {2, a_recvmmsg}, {4, a_counter_up}, {4, a_counter_down}};

}  // namespace

std::string message_flags(int flags) {
  std::string text;
  for (const Flag& known : kFlags) {
    if ((flags & known.flag) == 0) continue;
    text += (text.empty() ? "" : "|") + std::string(known.name);
    flags &= ~known.flag;
  }
  if (flags != 0) text += fmt::format("{}{:#x}", text.empty() ? "" : "|", flags);
  return text.empty() ? "0" : text;
}

const std::span<const Kind> kTransferring(kKinds);

}  // namespace stillpoint::test
