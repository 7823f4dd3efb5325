// Patterns of paths: as fnmatch(3) has them, and which files they find.
#include "sim-core/disk/matching.hpp"

#include <fnmatch.h>

#include <catch2/catch.hpp>

#include "tests/disk/machine.hpp"

using namespace stillpoint;
using namespace stillpoint::test;
using disk::matches;

namespace {

constexpr disk::Owner kOwner{0, 0};

// The paths of what a pattern finds.
std::set<std::string> found(disk::FileSystem& files, std::string_view pattern, const std::set<std::string>& all) {
  const std::set<disk::InodeNumber> numbers = disk::files_matching(files, pattern);
  std::set<std::string> paths;
  for (const std::string& path : all) {
    disk::Inode* inode = &files.root();
    for (std::size_t at = 1; at < path.size();) {
      const std::size_t end = std::min(path.find('/', at), path.size());
      inode = inode->directory.find(path.substr(at, end - at));
      at = end + 1;
    }
    if (numbers.contains(inode->number)) paths.insert(path);
  }
  CHECK(paths.size() == numbers.size());
  return paths;
}

}  // namespace

TEST_CASE("patterns of paths match as people expect") {
  CHECK(matches("/srv/*.db", "/srv/work.db"));
  CHECK(matches("/srv/*.db", "/srv/deep/work.db"));
  CHECK_FALSE(matches("/srv/*.db", "/srv/work.db-wal"));
  CHECK(matches("/srv/work.db*", "/srv/work.db-wal"));
  CHECK(matches("*/[a-c]?", "/srv/b7"));
  CHECK_FALSE(matches("*/[!a-c]?", "/srv/b7"));
  CHECK(matches("a\\*", "a*"));
  CHECK_FALSE(matches("a\\*", "ab"));
  CHECK(matches("[", "["));
  CHECK_FALSE(matches("", "a"));
}

TEST_CASE("random patterns match what fnmatch says") {
  RandomStream random(1, "patterns", "fnmatch");
  const auto some = [&](std::string_view from, std::size_t most) {
    std::string text;
    for (std::size_t size = random.below(most + 1); size > 0; --size) text += from[random.below(from.size())];
    return text;
  };
  std::size_t matching = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string pattern = some("ab/*?", 6);
    if (random.below(3) == 0)
      pattern += "[" + some("!", 1) + some("ab-", 1) + "a" + some("-b", 2) + "]" + some("a*?", 2);
    const std::string text = some("ab/-", 6);
    const bool expected = fnmatch(pattern.c_str(), text.c_str(), 0) == 0;
    matching += expected;
    INFO(pattern << " and " << text);
    REQUIRE(matches(pattern, text) == expected);
  }
  CHECK(matching > 10'000);
}

TEST_CASE("a pattern finds files wherever they are, by any of their names") {
  DiskMachine machine;
  disk::FileSystem files(machine, {}, kOwner);
  disk::Inode& srv = files.place(files.root(), "srv", S_IFDIR | 0755, kOwner);
  disk::Inode& deep = files.place(srv, "deep", S_IFDIR | 0755, kOwner);
  disk::Inode& one = files.place(srv, "one.db", S_IFREG | 0644, kOwner, "1");
  files.place(deep, "two.db", S_IFREG | 0644, kOwner, "2");
  disk::Inode& zones = files.place(files.root(), "zones", S_IFDIR | 0755, kOwner);
  files.place(zones, "UTC", S_IFREG | 0644, kOwner, "0");
  zones.of_elsewhere = true;  // what is in it is the real machine's
  const std::set<std::string> all{"/", "/srv", "/srv/deep", "/srv/one.db", "/srv/deep/two.db", "/zones", "/zones/UTC"};
  using Paths = std::set<std::string>;
  CHECK(found(files, "", all) == Paths{"/", "/srv", "/srv/deep", "/srv/one.db", "/srv/deep/two.db", "/zones"});
  CHECK(found(files, "/srv/*.db", all) == Paths{"/srv/one.db", "/srv/deep/two.db"});
  CHECK(found(files, "/srv/deep/*", all) == Paths{"/srv/deep/two.db"});
  CHECK(found(files, "*.db", all) == Paths{"/srv/one.db", "/srv/deep/two.db"});
  CHECK(found(files, "/srv", all) == Paths{"/srv"});
  CHECK(found(files, "/*", all) == found(files, "", all));
  CHECK(found(files, "/srv/one.db/*", all).empty());
  CHECK(found(files, "/none/*", all).empty());
  CHECK(found(files, "/zones/*", all).empty());
  const std::uint64_t before = files.name_changes();
  REQUIRE(files.link(one, deep, "again"));
  CHECK(files.name_changes() > before);
  CHECK(found(files, "/srv/deep/again", all) == Paths{"/srv/one.db"});
}
