#include "system-under-test/plaza/store/node_tables.hpp"

#include <endian.h>
#include <xxhash.h>

namespace plaza {

// The numbers are hashed first, and their hash is the seed of the bytes': no copy of them, whatever their size. Disks
// have these sums: they never change.
std::uint64_t sum_of(NodeRecord record, std::initializer_list<std::uint64_t> numbers, std::string_view bytes) {
  std::array<std::uint64_t, 10> head{};
  std::size_t count = 0;
  head.at(count++) = htole64(static_cast<std::uint64_t>(record));
  for (const std::uint64_t number : numbers) head.at(count++) = htole64(number);
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), XXH3_64bits(head.data(), count * sizeof(std::uint64_t)));
}

std::uint64_t sum_of(const NodeStanding& standing) {
  const auto& [hard_state, log, applied, hash] = standing;
  return sum_of(NodeRecord::standing, {hard_state.term, hard_state.vote, hard_state.commit, log.mark.index,
                                       log.mark.term, log.last, applied, hash});
}

std::uint64_t sum_of(const raft::Entry& entry) {
  return sum_of(NodeRecord::entry, {entry.index, entry.term, static_cast<std::uint64_t>(entry.kind)}, entry.data);
}

}  // namespace plaza
