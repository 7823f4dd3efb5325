#include <catch2/catch.hpp>
#include <string>

#include <stillpoint/disk.hpp>
#include <stillpoint/error.hpp>

using namespace stillpoint;
using namespace std::chrono_literals;

namespace {

DiskOptions read(const std::string& text, DiskOptions otherwise = {}) {
  return disk_options(Settings("[disk]\n" + text + "\n", "mine.toml", {}), "disk", otherwise);
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a disk is as its table says, and otherwise as before") {
  const DiskOptions disk = read(
      "ordering = \"xfs\"\nsector = 4096\ncapacity_mib = 3\nfsync_lies = true\nflush_min = \"2ms\"\nread_max = "
      "\"1s\"\nbandwidth_mib = 0\ncommit_after = \"1s\"",
      {.write_min = 7us, .write_max = 9us});
  CHECK(disk.ordering == DiskOrdering::xfs);
  CHECK(disk.sector == 4096);
  CHECK(disk.capacity == 3 << 20);
  CHECK(disk.fsync_lies);
  CHECK(disk.flush_min == 2ms);
  CHECK(disk.flush_max == 2ms);  // it is no less than the least
  CHECK(disk.read_min == DiskOptions{}.read_min);
  CHECK(disk.read_max == 1s);
  CHECK(disk.write_min == 7us);
  CHECK(disk.write_max == 9us);
  CHECK(disk.bandwidth == 0);
  CHECK(disk.commit_after == 1s);
  const DiskOptions usual = read("");
  CHECK(usual.capacity == DiskOptions{}.capacity);
  CHECK(usual.bandwidth == DiskOptions{}.bandwidth);
  CHECK(usual.flush_max == DiskOptions{}.flush_max);
}

TEST_CASE("a disk that cannot be is refused with its line") {
  CHECK(error_of("ordering = \"zfs\"") ==
        "mine.toml:2: disk.ordering is 'zfs'; a disk's ordering is ext4, xfs or posix");
  CHECK(error_of("sector = 1000") == "mine.toml:2: disk.sector is 1000; a disk's sector is 512 or 4096 bytes");
  CHECK_THAT(error_of("capacity_mib = 0"), Catch::Contains("disk.capacity_mib is 0; a count is 1 to 1,048,576"));
  CHECK_THAT(error_of("flush_min = \"2ms\"\nflush_max = \"1ms\""), Catch::StartsWith("mine.toml:3: disk.flush_max is"));
}
