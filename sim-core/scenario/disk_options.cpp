#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

#include <stillpoint/disk.hpp>

namespace stillpoint {
namespace {

constexpr std::array<std::pair<std::string_view, DiskOrdering>, 3> kOrderings{
    {{"ext4", DiskOrdering::ext4_ordered}, {"xfs", DiskOrdering::xfs}, {"posix", DiskOrdering::strict_posix}}};

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20;

}  // namespace

DiskOptions disk_options(const Settings& settings, std::string_view table, DiskOptions otherwise) {
  using std::chrono::hours, std::chrono::seconds;
  DiskOptions disk = otherwise;
  const auto key = [&](std::string_view name) { return fmt::format("{}.{}", table, name); };

  const auto* const standard = std::ranges::find(kOrderings, otherwise.ordering, [](auto& row) { return row.second; });
  const std::string ordering = settings.text(key("ordering"), standard->first);
  const auto* const wanted = std::ranges::find(kOrderings, ordering, [](auto& row) { return row.first; });
  if (wanted == kOrderings.end())
    settings.reject(key("ordering"), fmt::format("is '{}'; a disk's ordering is ext4, xfs or posix", ordering));
  disk.ordering = wanted->second;

  disk.sector = static_cast<std::uint32_t>(settings.count(key("sector"), {512, 4096}, otherwise.sector));
  if (disk.sector != 512 && disk.sector != 4096)
    settings.reject(key("sector"), fmt::format("is {}; a disk's sector is 512 or 4096 bytes", disk.sector));
  disk.capacity = settings.count(key("capacity_mib"), {1, 1 << 20}, otherwise.capacity / kMebi) * kMebi;
  disk.fsync_lies = settings.flag(key("fsync_lies"), otherwise.fsync_lies);
  disk.write_back_after = settings.duration(key("write_back_after"), {}, otherwise.write_back_after);
  disk.commit_after = settings.duration(key("commit_after"), {}, otherwise.commit_after);

  const auto between = [&](std::string_view name, Duration& least, Duration& most) {
    const Duration usual_most = most;
    least = settings.duration(key(fmt::format("{}_min", name)), {.most = hours(1)}, least);
    most = settings.duration(key(fmt::format("{}_max", name)), {.least = least, .most = hours(1)},
                             std::max(least, usual_most));
  };
  between("read", disk.read_min, disk.read_max);
  between("write", disk.write_min, disk.write_max);
  between("flush", disk.flush_min, disk.flush_max);
  disk.bandwidth = settings.count(key("bandwidth_mib"), {0, 1 << 20}, otherwise.bandwidth / kMebi) * kMebi;
  return disk;
}

}  // namespace stillpoint
