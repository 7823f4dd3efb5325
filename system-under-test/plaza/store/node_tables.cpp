#include "system-under-test/plaza/store/node_tables.hpp"

#include <xxhash.h>

namespace plaza {

// The numbers are hashed first, and their hash is the seed of the bytes': no copy of them, whatever their size. Disks
// have these sums: they never change.
std::uint64_t sum_of(NodeRecord record, std::initializer_list<std::uint64_t> numbers, std::string_view bytes) {
  std::array<char, 64> head{};
  std::size_t size = 0;
  const auto add = [&](std::uint64_t number) {
    for (int i = 0; i < 8; ++i) head.at(size++) = static_cast<char>(number >> (8 * i));
  };
  add(static_cast<std::uint64_t>(record));
  for (const std::uint64_t number : numbers) add(number);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(head.data(), size));
}

std::uint64_t sum_of(const raft::HardState& hard_state) {
  return sum_of(NodeRecord::hard_state, {hard_state.term, hard_state.vote, hard_state.commit});
}

std::uint64_t sum_of(const NodeExtent& extent) {
  return sum_of(NodeRecord::extent, {extent.mark.index, extent.mark.term, extent.last});
}

std::uint64_t sum_of(const raft::Entry& entry) {
  return sum_of(NodeRecord::entry, {entry.index, entry.term, static_cast<std::uint64_t>(entry.kind)}, entry.data);
}

}  // namespace plaza
