// What tests of the mesh draw: numbers, bytes, messages.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "system-under-test/plaza/raft/types.hpp"
#include "tests/plaza/split_mix.hpp"

namespace plaza::peer::test {

class Random : public plaza::test::SplitMix {
 public:
  using SplitMix::SplitMix;
  // Of all magnitudes alike, as a varint's length depends on it.
  std::uint64_t number() { return next() >> below(64); }
  std::string bytes(std::size_t most) {
    std::string text(below(most + 1), '\0');
    for (char& byte : text) byte = static_cast<char>(next());
    return text;
  }
};

inline raft::Message any_message(Random& random) {
  raft::Message message;
  const auto kinds = static_cast<std::uint64_t>(raft::Message::Kind::time_out_now) + 1;
  message.kind = static_cast<raft::Message::Kind>(random.below(kinds));
  message.from = static_cast<raft::NodeId>(random.number());
  message.to = static_cast<raft::NodeId>(random.number());
  for (auto* member : {&message.term, &message.index, &message.log_term, &message.commit, &message.hint_index,
                       &message.hint_term, &message.context}) {
    *member = random.number();
  }
  message.reject = random.one_in(2);
  message.by_transfer = random.one_in(2);
  const std::uint64_t entries = random.one_in(2) ? 0 : random.below(8);
  for (std::uint64_t i = 0; i < entries; ++i) {
    message.entries.push_back({.index = random.number(),
                               .term = random.number(),
                               .kind = static_cast<raft::EntryKind>(random.below(2)),
                               .data = random.bytes(200)});
  }
  return message;
}

}  // namespace plaza::peer::test
