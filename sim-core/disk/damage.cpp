#include "sim-core/disk/damage.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "sim-core/disk/matching.hpp"

namespace stillpoint::disk {
namespace {

bool is_cold(const Inode& inode, std::uint64_t page) {
  if (inode.content.memory() != nullptr || inode.content.page(page) == nullptr || inode.content.dirty(page))
    return false;
  return inode.unsynced == nullptr || !inode.unsynced->has_given_up(page);
}

// A page that nothing is on its way to, and how many sectors come before its own.
struct ColdPage {
  Inode* inode;
  std::uint64_t page;
  std::uint64_t before;
};

struct ColdSectors {
  std::vector<ColdPage> pages;
  std::uint64_t count = 0;
};

void add_cold(Inode& inode, std::uint32_t sector, ColdSectors& sectors) {
  inode.content.for_each_page(0, [&](std::uint64_t page) {
    const std::uint64_t begin = page * kPage;
    if (begin >= inode.size || !is_cold(inode, page)) return;
    sectors.pages.push_back({&inode, page, sectors.count});
    sectors.count += (std::min<std::uint64_t>(kPage, inode.size - begin) + sector - 1) / sector;
  });
}

ColdSectors cold_sectors(FileSystem& files, std::string_view pattern) {
  ColdSectors sectors;
  for (const InodeNumber number : files_matching(files, pattern)) {
    Inode& inode = *files.find(number);
    if (inode.is(S_IFREG)) add_cold(inode, files.options().sector, sectors);
  }
  return sectors;
}

struct Where {
  Inode* inode;
  std::uint64_t offset;
};

Where find(const ColdSectors& sectors, std::uint64_t index, std::uint32_t sector) {
  const auto after = std::ranges::upper_bound(sectors.pages, index, {}, &ColdPage::before);
  const ColdPage& page = *std::prev(after);
  return {page.inode, page.page * kPage + (index - page.before) * sector};
}

// So many different numbers below `bound` (Floyd's algorithm).
std::set<std::uint64_t> choose(RandomStream& random, std::uint64_t count, std::uint64_t bound) {
  std::set<std::uint64_t> chosen;
  for (std::uint64_t last = bound - std::min(count, bound); last < bound; ++last) {
    if (!chosen.insert(random.below(last + 1)).second) chosen.insert(last);
  }
  return chosen;
}

// The device has these bytes there, and the machine has to read them.
Damage put(Inode& inode, std::uint64_t offset, std::span<const std::byte> bytes) {
  for (std::size_t done = 0; done < bytes.size();) {
    const std::uint64_t page = (offset + done) / kPage;
    const std::size_t within = (offset + done) % kPage;
    const std::size_t some = std::min(bytes.size() - done, kPage - within);
    std::memcpy(inode.content.writable_page(page) + within, bytes.data() + done, some);
    inode.content.forget_cached(page);
    done += some;
  }
  return {inode.number, offset, {bytes.begin(), bytes.end()}};
}

// What a file has of a range of sectors.
std::uint64_t within_size(const Inode& inode, std::uint64_t offset, std::uint64_t size) {
  return offset >= inode.size ? 0 : std::min(size, inode.size - offset);
}

}  // namespace

std::vector<Damage> rot(FileSystem& files, RandomStream& random, std::uint64_t sectors, std::string_view pattern) {
  const std::uint32_t sector = files.options().sector;
  const ColdSectors cold = cold_sectors(files, pattern);
  std::vector<Damage> damage;
  for (const std::uint64_t index : choose(random, sectors, cold.count)) {
    const auto [inode, offset] = find(cold, index, sector);
    std::vector<std::byte> bytes(within_size(*inode, offset, sector));
    inode->content.read(offset, bytes);
    for (const std::uint64_t bit : choose(random, random.between(std::uint64_t{1}, std::uint64_t{3}), bytes.size() * 8))
      bytes[bit / 8] ^= std::byte{1} << (bit % 8);
    damage.push_back(put(*inode, offset, bytes));
  }
  return damage;
}

Stray stray_of(const FileSystem& files, const Inode& inode, const Unsynced::Change& change) {
  const std::uint32_t sector = files.options().sector;
  Stray stray{.offset = change.offset / sector * sector};
  const std::uint64_t end = (change.offset + change.size + sector - 1) / sector * sector;
  stray.before.resize(end - stray.offset);
  inode.unsynced->read_durable(inode.content, stray.offset, stray.before);
  return stray;
}

std::vector<Damage> land_elsewhere(FileSystem& files, Inode& inode, const Stray& stray, RandomStream& random,
                                   std::string_view pattern) {
  const std::uint32_t sector = files.options().sector;
  const std::uint64_t end = stray.offset + stray.before.size();
  ColdSectors cold;
  if (random.below(2) == 0) add_cold(inode, sector, cold);
  if (cold.count <= stray.before.size() / sector) cold = cold_sectors(files, pattern);
  std::vector<Where> places;
  for (std::uint64_t index = 0; index < cold.count; ++index) {
    const Where where = find(cold, index, sector);
    if (where.inode != &inode || where.offset < stray.offset || where.offset >= end) places.push_back(where);
  }
  const std::uint64_t size = within_size(inode, stray.offset, stray.before.size());
  if (places.empty() || size == 0) return {};
  const Where place = places[random.below(places.size())];

  std::vector<std::byte> bytes(stray.before.size());
  inode.content.read(stray.offset, bytes);
  std::uint64_t landed = 0;
  for (; landed < bytes.size(); landed += sector) {
    const std::uint64_t at = place.offset + landed;
    const bool own = place.inode == &inode && at >= stray.offset && at < end;
    if (own || at >= place.inode->size || !is_cold(*place.inode, at / kPage)) break;
  }
  bytes.resize(within_size(*place.inode, place.offset, landed));
  std::vector<Damage> damage;
  damage.push_back(put(inode, stray.offset, std::span(stray.before).first(size)));
  damage.push_back(put(*place.inode, place.offset, bytes));
  return damage;
}

}  // namespace stillpoint::disk
