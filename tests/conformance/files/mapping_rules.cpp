// mmap(2), mprotect(2), msync(2), mremap(2), madvise(2) of files: what is refused, and what moves.
#include <sys/mman.h>

#include <vector>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/mapping.hpp"

namespace stillpoint::test::files {
namespace {

void what_the_descriptor_may(World& w) {
  put("a", "0123456789");
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  const int both = open(w, "a", O_RDWR);
  constexpr int kBoth = PROT_READ | PROT_WRITE;
  const auto all = [](int fd) {
    return map_result(fd, kPage, PROT_READ, MAP_SHARED) + ' ' + map_result(fd, kPage, PROT_WRITE, MAP_SHARED) + ' ' +
           map_result(fd, kPage, kBoth, MAP_SHARED) + ' ' + map_result(fd, kPage, PROT_READ, MAP_PRIVATE) + ' ' +
           map_result(fd, kPage, kBoth, MAP_PRIVATE) + ' ' + map_result(fd, kPage, PROT_NONE, MAP_SHARED);
  };
  w.note("O_RDONLY", all(reader));
  w.note("O_WRONLY", all(writer));
  w.note("O_RDWR", all(both));
}

void of_what_cannot_be_mapped(World& w) {
  w.note("a directory", map_result(open(w, ".", O_RDONLY), kPage, PROT_READ, MAP_SHARED));
  int ends[2];
  pipe(ends);
  w.keep(ends[1]);
  w.note("a pipe", map_result(w.keep(ends[0]), kPage, PROT_READ, MAP_SHARED));
  w.note("a socket", map_result(w.keep(::socket(AF_INET, SOCK_DGRAM, 0)), kPage, PROT_READ | PROT_WRITE, MAP_SHARED));
  w.note("an eventfd", map_result(w.eventfd(), kPage, PROT_READ | PROT_WRITE, MAP_SHARED));
  w.notes("none", {map_result(-1, kPage, PROT_READ, MAP_SHARED), map_result(9'999, kPage, PROT_READ, MAP_PRIVATE)});
  w.note("/dev/null", map_result(open(w, "/dev/null", O_RDWR), kPage, PROT_READ, MAP_SHARED));
  const Mapping zeros(open(w, "/dev/zero", O_RDWR), PROT_READ | PROT_WRITE, MAP_PRIVATE);
  w.note("/dev/zero", zeros.shown(10));
}

void arguments(World& w) {
  put("a", "0123456789");
  const int fd = open(w, "a", O_RDWR);
  w.note("no size", map_result(fd, 0, PROT_READ, MAP_SHARED));
  w.note("neither shared nor private", map_result(fd, kPage, PROT_READ, 0));
  w.note("shared and validated", map_result(fd, kPage, PROT_READ, MAP_SHARED_VALIDATE));
  w.note("an unknown flag, validated", map_result(fd, kPage, PROT_READ, MAP_SHARED_VALIDATE | 1 << 26));
  w.note("too large", map_result(fd, static_cast<std::size_t>(-1) / 2, PROT_READ, MAP_SHARED));
  w.note("the size is rounded up", map_result(fd, 10, PROT_READ, MAP_SHARED));
  w.note("far behind the end", map_result(fd, kPage, PROT_READ, MAP_SHARED, 1 << 30));
  w.note("where it may not be",
         mmap(reinterpret_cast<void*>(100), kPage, PROT_READ, MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED ? result(-1)
                                                                                                           : "mapped");
  const Mapping map(fd);
  void* const taken = mmap(map.at(0), kPage, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
  w.note("where something is", taken == MAP_FAILED ? result(-1) : "mapped");
}

void protected_later(World& w) {
  put("a", "0123456789");
  const Mapping reads(open(w, "a", O_RDONLY), PROT_READ);
  const Mapping both(open(w, "a", O_RDWR), PROT_READ);
  const Mapping own(open(w, "a", O_RDONLY), PROT_READ, MAP_PRIVATE);
  w.note("to be written, of one for reading", result(mprotect(reads.at(0), kPage, PROT_READ | PROT_WRITE)));
  w.note("of one for both", result(mprotect(both.at(0), kPage, PROT_READ | PROT_WRITE)));
  both.put(0, "x");
  w.notes("written", {contents("a")});
  w.note("private", result(mprotect(own.at(0), kPage, PROT_READ | PROT_WRITE)));
  own.put(0, "y");
  w.notes("written for itself", {own.shown(4), contents("a")});
  w.notes("not to be read", {result(mprotect(both.at(0), kPage, PROT_NONE)), readable(w, both.at(0))});
}

void read_only(World& w) {
  put("a", "0123456789");
  const Mapping map(open(w, "a", O_RDWR), PROT_READ);
  const int other = open(w, "b");
  write(other, "text");
  w.notes("a call may not write there", {result(::pread(other, map.at(0), 4, 0)), contents("a")});
  w.notes("but from there", {result(::pwrite(other, map.at(0), 10, 0)), contents(other)});
}

void synced(World& w) {
  put("a", std::string(2 * kPage, 'x'));
  const int fd = open(w, "a", O_RDWR);
  const Mapping map(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * kPage);
  map.put(0, "y");
  w.notes("msync", {result(msync(map.at(0), 2 * kPage, MS_SYNC)), result(msync(map.at(0), kPage, MS_ASYNC)),
                    result(msync(map.at(0), kPage, MS_INVALIDATE)), result(msync(map.at(0), kPage, 0))});
  w.notes("refused", {result(msync(map.at(1), kPage, MS_SYNC)), result(msync(map.at(0), kPage, MS_SYNC | MS_ASYNC)),
                      result(msync(map.at(0), kPage, 64))});
  munmap(map.at(kPage), kPage);
  w.notes("where nothing is", {result(msync(map.at(0), 2 * kPage, MS_SYNC)), result(msync(map.at(0), 0, MS_SYNC))});
}

void made_longer(World& w) {
  const int fd = open(w, "a");
  ftruncate(fd, 3 * kPage);
  pwrite(fd, "one", 0);
  pwrite(fd, "two", kPage);
  void* const first = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  void* const longer = mremap(first, kPage, 3 * kPage, MREMAP_MAYMOVE);
  w.note("mremap", longer == MAP_FAILED ? result(-1) : "mapped");
  if (longer == MAP_FAILED) return;
  auto* const bytes = static_cast<char*>(longer);
  w.notes("all of it", {shown({bytes, 4}), shown({bytes + kPage, 4})});
  bytes[2 * kPage] = '3';
  w.notes("written", {pread(fd, 3, 2 * kPage)});
  void* const shorter = mremap(longer, 3 * kPage, kPage, 0);
  w.notes("shorter", {shorter == longer ? "at its place" : result(-1), readable(w, bytes + kPage), shown({bytes, 3})});
  munmap(shorter, kPage);
}

void advised(World& w) {
  put("a", std::string(2 * kPage, 'x'));
  const int fd = open(w, "a", O_RDWR);
  const Mapping shared(fd, PROT_READ | PROT_WRITE, MAP_SHARED, 2 * kPage);
  const Mapping own(fd, PROT_READ | PROT_WRITE, MAP_PRIVATE, 2 * kPage);
  shared.put(0, "shared");
  own.put(0, "own");
  w.notes("how it is read", {result(madvise(shared.at(0), 2 * kPage, MADV_SEQUENTIAL)),
                             result(madvise(shared.at(0), kPage, MADV_WILLNEED)),
                             result(posix_madvise(shared.at(0), kPage, POSIX_MADV_RANDOM))});
  w.notes("not needed", {result(madvise(shared.at(0), kPage, MADV_DONTNEED)), shared.shown(8), pread(fd, 8, 0)});
  w.notes("a private copy is lost", {result(madvise(own.at(0), kPage, MADV_DONTNEED)), own.shown(8)});
  w.notes("refused", {result(madvise(shared.at(0), kPage, 99)), result(madvise(shared.at(1), kPage, MADV_NORMAL))});
}

void many(World& w) {
  const int fd = open(w, "a");
  constexpr std::size_t kMany = 200;
  ftruncate(fd, static_cast<off_t>(kMany * kPage));
  std::vector<char*> places;
  for (std::size_t i = 0; i < kMany; ++i) {
    void* const place = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd, static_cast<off_t>(i * kPage));
    if (place != MAP_FAILED) places.push_back(static_cast<char*>(place));
  }
  w.note("mapped", std::to_string(places.size()));
  for (std::size_t i = 0; i < places.size(); ++i) places[i][0] = static_cast<char>('a' + i % 26);
  std::string first;
  for (std::size_t i = 0; i < kMany; ++i) {
    char byte = '?';
    if (::pread(fd, &byte, 1, static_cast<off_t>(i * kPage)) == 1) first += byte;
  }
  w.note("first bytes", first);
  for (char* place : places) munmap(place, kPage);
}

constexpr Case kCases[] = {
    {"what the descriptor may", what_the_descriptor_may},
    {"of what cannot be mapped", of_what_cannot_be_mapped},
    {"arguments", arguments},
    {"mprotect", protected_later},
    {"read only", read_only},
    {"msync", synced},
    {"mremap", made_longer},
    {"madvise", advised},
    {"many", many},
};
const Suite suite("files/mapping_rules", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
