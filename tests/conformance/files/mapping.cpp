// mmap(2) of files: what is shared, and what is not.
#include <sys/mman.h>

#include <cstring>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/mapping.hpp"

namespace stillpoint::test::files {
namespace {

void written_through(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd);
  w.note("what is there", map.shown(12));
  map.put(2, "xy");
  w.notes("read sees it", {pread(fd, 20, 0), contents("a")});
  w.notes("msync", {result(msync(map.at(0), kPage, MS_SYNC)), contents("a"), size("a")});
}

void read_through(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  const Mapping map(fd, PROT_READ);
  w.notes("write", {pwrite(fd, "abc", 4), map.shown(12)});
  w.notes("write longer", {pwrite(fd, "Z", 15), map.shown(17)});
  w.notes("written by another", {pwrite(open(w, "a", O_WRONLY), "##", 0), map.shown(4)});
  w.notes("appended", {write(open(w, "a", O_WRONLY | O_APPEND), "end"), map.shown(20)});
}

void private_copies(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  Mapping other(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  map.put(0, "own");
  w.notes("its own", {map.shown(10), other.shown(10), contents(fd)});
  other.put(5, "x");
  w.notes("and the other's", {map.shown(10), other.shown(10)});
  w.notes("msync changes nothing", {result(msync(map.at(0), kPage, MS_SYNC)), contents(fd)});
  w.notes("what was copied stays", {pwrite(fd, "ABCDEFGHIJ", 0), map.shown(10)});
}

void private_of_one_that_may_only_be_read(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDONLY);
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  map.put(0, "own");
  w.notes("written", {map.shown(10), contents("a")});
}

void two_mappings(World& w) {
  const int fd = open(w, "a");
  ftruncate(fd, 2 * kPage);
  Mapping one(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * kPage);
  Mapping two(open(w, "a", O_RDWR), PROT_READ | PROT_WRITE, MAP_SHARED, kPage, kPage);
  one.put(kPage + 5, "from one");
  w.note("seen by the other", two.shown(20));
  two.put(0, "two");
  w.notes("and back", {one.shown(20, kPage), pread(fd, 20, kPage)});
  w.note("at two places", one.at(kPage) != two.at(0));
}

void at_an_offset(World& w) {
  const int fd = open(w, "a");
  write(fd, std::string(kPage, 'a') + std::string(kPage, 'b') + "end");
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * kPage, kPage);
  w.notes("pages", {map.shown(4), map.shown(6, kPage)});
  map.put(1, "X");
  w.note("written", pread(fd, 4, kPage));
  w.note("an offset within a page", map_result(fd, kPage, PROT_READ, MAP_SHARED, 100));
  w.note("a negative one", map_result(fd, kPage, PROT_READ, MAP_SHARED, -static_cast<off_t>(kPage)));
}

void behind_the_end(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 3 * kPage);
  w.note("zeros up to the page's end", map.shown(20));
  map.put(8, "89abc");
  w.notes("written there it is lost", {size(fd), contents(fd), result(msync(map.at(0), kPage, MS_SYNC))});
  w.note("behind the page there is nothing", readable(w, map.at(kPage)));
  w.notes("longer, it is there",
          {result(ftruncate(fd, 2 * kPage)), readable(w, map.at(kPage)), readable(w, map.at(2 * kPage))});
  map.put(kPage + 3, "there");
  w.note("written there", pread(fd, 10, kPage));
  w.notes("shorter, it is not", {result(ftruncate(fd, 10)), readable(w, map.at(kPage))});
  w.notes("longer again, all is zeros", {result(ftruncate(fd, 2 * kPage)), map.shown(10, kPage), map.shown(20)});
}

void of_an_empty_file(World& w) {
  const int fd = open(w, "a");
  Mapping map(fd);
  w.note("nothing there", readable(w, map.at(0)));
  w.notes("written", {pwrite(fd, "now", 0), readable(w, map.at(0)), map.shown(5)});
}

void after_close_and_unlink(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd);
  w.notes("closed", {w.close(fd), map.shown(10)});
  map.put(0, "still");
  w.note("written", contents("a"));
  const int again = open(w, "a", O_RDONLY);
  w.notes("unlinked", {result(unlink("a")), map.shown(10)});
  map.put(5, "here");
  w.notes("by who has it open", {contents(again)});
  w.notes("a new file of that name", {put("a", "another"), map.shown(10)});
}

void renamed_over(World& w) {
  put("a", "old");
  put("b", "new");
  const Mapping map(open(w, "a", O_RDWR));
  w.notes("rename", {result(rename("b", "a")), map.shown(4), contents("a")});
}

void unmapped(World& w) {
  put("a", std::string(3 * kPage, 'x'));
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 3 * kPage);
  map.put(0, "first");
  map.put(kPage, "second");
  w.notes("the middle",
          {result(munmap(map.at(kPage), kPage)), readable(w, map.at(kPage)), readable(w, map.at(2 * kPage))});
  w.notes("what was written stays", {pread(fd, 6, 0), pread(fd, 7, kPage)});
  map.put(2 * kPage, "third");
  w.note("the rest is still mapped", pread(fd, 6, 2 * kPage));
}

void with_other_calls(World& w) {
  put("a", std::string(2 * kPage, 'x'));
  const int fd = open(w, "a", O_RDWR);
  Mapping map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * kPage);
  w.notes("written from a mapping of it", {result(::pwrite(fd, map.at(0), 5, kPage)), map.shown(4, kPage)});
  map.put(0, "mapped");
  w.notes("to itself", {result(::pwrite(fd, map.at(0), 6, 100)), map.shown(8, 98)});
  w.notes("read into it", {result(::pread(fd, map.at(kPage), 6, 0)), map.shown(8, kPage), pread(fd, 8, kPage)});
  w.notes("a hole under it", {result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, kPage)), map.shown(8),
                              map.shown(8, kPage)});
  const int other = open(w, "b");
  w.notes("to another file", {result(::write(other, map.at(kPage), 6)), contents(other)});
}

void made_private(World& w) {
  put("a", std::string(10, 'x'));
  const int fd = open(w, "a", O_RDWR);
  auto* const place =
      static_cast<char*>(mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  std::memcpy(place, "anonymous", 9);
  void* const fixed = mmap(place + kPage, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0);
  w.note("MAP_FIXED", fixed == place + kPage);
  w.notes("both", {shown({place, 9}), shown({place + kPage, 10})});
  place[kPage] = 'X';
  w.note("written", contents(fd));
  void* const over = mmap(place + kPage, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  w.notes("memory over it", {over == place + kPage ? "there" : result(-1), shown({place + kPage, 5})});
  place[kPage] = 'Y';
  w.note("the file does not change", contents(fd));
  munmap(place, 2 * kPage);
}

constexpr Case kCases[] = {
    {"written through", written_through},
    {"read through", read_through},
    {"MAP_PRIVATE", private_copies},
    {"MAP_PRIVATE of one that may only be read", private_of_one_that_may_only_be_read},
    {"two mappings", two_mappings},
    {"at an offset", at_an_offset},
    {"behind the end", behind_the_end},
    {"of an empty file", of_an_empty_file},
    {"after close and unlink", after_close_and_unlink},
    {"renamed over", renamed_over},
    {"unmapped", unmapped},
    {"with other calls", with_other_calls},
    {"MAP_FIXED", made_private},
};
const Suite suite("files/mapping", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
