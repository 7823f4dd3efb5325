// read(2), write(2), pread(2), pwrite(2): places, ends and sizes.
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void in_turn(World& w) {
  const int fd = open(w, "a");
  w.notes("write", {write(fd, "hello, "), write(fd, "world")});
  w.note("place", place(fd));
  w.note("read at the end", read(fd));
  w.notes("from the beginning", {seek(fd, 0), read(fd, 5), read(fd)});
  w.notes("over it", {seek(fd, 7), write(fd, "there")});
  w.note("contents", contents(fd));
  w.notes("over the end", {seek(fd, 10), write(fd, "after"), contents(fd)});
}

void at_an_offset(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "0123456789"));
  w.note("pread", pread(fd, 3, 4));
  w.note("pread over the end", pread(fd, 30, 8));
  w.note("pread at the end", pread(fd, 30, 10));
  w.note("pread behind the end", pread(fd, 30, 1'000'000));
  w.note("pwrite", pwrite(fd, "xyz", 2));
  w.note("pwrite behind the end", pwrite(fd, "z", 14));
  w.note("the place is the same", place(fd));
  w.note("contents", contents(fd));
  w.notes("a negative offset", {pread(fd, 1, -1), pwrite(fd, "x", -1)});
}

void a_hole(World& w) {
  const int fd = open(w, "a");
  w.notes("behind the end", {seek(fd, 100'000), size(fd)});
  w.note("read there", read(fd));
  w.note("write there", write(fd, "end"));
  w.note("size", size(fd));
  w.notes("the hole is zeros", {pread(fd, 10, 0), pread(fd, 10, 99'995)});
  w.note("write into it", pwrite(fd, "mid", 50'000));
  w.note("contents", contents(fd));
  struct stat status {};
  fstat(fd, &status);
  w.note("it takes less room than its size", status.st_blocks * 512 < status.st_size);
}

void of_nothing(World& w) {
  const int fd = open(w, "a");
  w.note("write nothing", write(fd, ""));
  w.notes("behind the end", {pwrite(fd, "", 100), size(fd)});
  w.note("read nothing", read(fd, 0));
  w.notes("from no address", {result(::read(fd, nullptr, 0)), result(::write(fd, nullptr, 0))});
  w.note("a negative offset", result(::pread(fd, nullptr, 0, -5)));
}

void large(World& w) {
  const int fd = open(w, "a");
  std::string bytes;
  for (int i = 0; i < 300'000; ++i) bytes += static_cast<char>('a' + i / 1'000 % 26);
  w.notes("write", {write(fd, bytes), size(fd)});
  std::string back(400'000, '?');
  w.note("read", result(::pread(fd, back.data(), back.size(), 0)));
  back.resize(bytes.size());
  w.note("the same", back == bytes);
  w.note("across pages", pread(fd, 2'005, 4'090));
  w.notes("overwrite across pages", {pwrite(fd, std::string(5'000, '#'), 8'000), pread(fd, 5'010, 7'995)});
}

void descriptions_of_one_file(World& w) {
  const int a = open(w, "a");
  const int b = open(w, "a");
  w.note("write", write(a, "first"));
  w.note("the other reads it", read(b));
  w.note("and writes behind it", write(b, " second"));
  w.note("the first reads on", read(a));
  w.notes("places", {place(a), place(b)});
  w.notes("what one writes again, both have", {pwrite(a, "FIRST", 0), contents(b)});
}

void duplicates(World& w) {
  const int a = open(w, "a");
  const int copy = w.keep(dup(a));
  w.note("write", write(a, "abcdef"));
  w.note("one place for both", place(copy));
  w.notes("seek by the copy", {seek(copy, 2), read(a, 2), place(copy)});
  w.notes("write by turns", {write(a, "X"), write(copy, "Y"), contents(a)});
  w.close(a);
  w.notes("the copy alone", {place(copy), write(copy, "Z"), contents(copy)});
  const int third = w.keep(fcntl(copy, F_DUPFD_CLOEXEC, 20));
  w.notes("F_DUPFD", {seek(third, 1), place(copy)});
  fcntl(third, F_SETFL, O_APPEND);
  w.notes("O_APPEND for both", {write(copy, "end"), contents(copy)});
}

void appending(World& w) {
  put("a", "begin ");
  const int one = open(w, "a", O_RDWR | O_APPEND);
  const int two = open(w, "a", O_WRONLY | O_APPEND);
  w.notes("places at first", {place(one), place(two)});
  w.notes("by turns", {write(one, "1"), write(two, "2"), write(one, "3"), contents(one)});
  w.notes("places", {place(one), place(two)});
  w.notes("a seek changes nothing", {seek(one, 0), write(one, "4"), place(one)});
  w.notes("but where it reads", {seek(one, 1), read(one, 4)});
  w.notes("nor does an offset", {pwrite(one, "5", 0), place(one), contents(one)});
  w.notes("behind the end", {seek(two, 1'000), write(two, "6"), size(two)});
  w.notes("cut", {result(ftruncate(one, 3)), write(two, "7"), contents(one)});
}

void appending_or_not(World& w) {
  const int fd = open(w, "a");
  const int other = open(w, "a", O_RDWR);
  w.note("write", write(fd, "12345"));
  w.notes("append", {result(fcntl(other, F_SETFL, O_APPEND)), write(other, "6"), place(other)});
  w.notes("no more", {result(fcntl(other, F_SETFL, 0)), seek(other, 1), write(other, "x")});
  w.note("contents", contents(fd));
}

void large_offsets(World& w) {
  constexpr off_t kMost = 0x7FFFFFFFFFFFFFFF;
  constexpr off_t kTera = 1LL << 40;
  const int fd = open(w, "a");
  w.notes("a terabyte on", {pwrite(fd, "x", kTera), size(fd)});
  w.note("read there", pread(fd, 10, kTera));
  w.notes("the last offset of all", {pwrite(fd, "x", kMost), pread(fd, 1, kMost)});
  w.notes("over it", {pwrite(fd, "xx", kMost), pread(fd, 2, kMost)});
  w.note("size", size(fd));
  // Of ext4 with blocks of 4 KiB, whose largest file this is.
  constexpr off_t kLargest = 0xFFFFFFFF000;
  w.notes("at the end of the largest", {pwrite(fd, "x", kLargest), pwrite(fd, "x", kLargest - 1)});
  w.notes("over the end of the largest", {pwrite(fd, "xyz", kLargest - 2), pread(fd, 9, kLargest - 3)});
  w.note("size", size(fd));
}

void reading_what_is_cut(World& w) {
  put("a", "0123456789");
  const int reader = open(w, "a", O_RDONLY);
  w.note("some", read(reader, 6));
  w.note("cut", result(truncate("a", 3)));
  w.notes("read on", {read(reader), place(reader)});
  w.note("longer", result(truncate("a", 9)));
  w.note("read on", read(reader));
}

void blocking_or_not(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR | O_NONBLOCK);
  w.note("read", read(fd));
  w.note("at the end", read(fd));
  w.note("ready", w.ready(fd));
  const int epoll = w.epoll();
  w.note("epoll", w.add(epoll, fd, EPOLLIN, 1));
  w.note("of a directory", w.add(epoll, open(w, ".", O_RDONLY), EPOLLIN, 1));
  w.note("a directory is ready", w.ready(open(w, ".", O_RDONLY)));
}

constexpr Case kCases[] = {
    {"in turn", in_turn},
    {"at an offset", at_an_offset},
    {"a hole", a_hole},
    {"of nothing", of_nothing},
    {"large", large},
    {"descriptions of one file", descriptions_of_one_file},
    {"duplicates", duplicates},
    {"O_APPEND", appending},
    {"O_APPEND by fcntl", appending_or_not},
    {"large offsets", large_offsets},
    {"reading what is cut", reading_what_is_cut},
    {"blocking or not", blocking_or_not},
};
const Suite suite("files/read_write", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
