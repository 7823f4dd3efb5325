// lseek(2), with SEEK_DATA and SEEK_HOLE. Data and holes are whole pages of 4 KiB.
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

constexpr off_t kPage = 4'096;
constexpr off_t kMost = 0x7FFFFFFFFFFFFFFF;

void whence(World& w) {
  const int fd = open(w, "a");
  w.notes("write", {write(fd, "0123456789"), place(fd)});
  w.notes("SEEK_SET", {seek(fd, 3, SEEK_SET), read(fd, 1)});
  w.notes("SEEK_CUR", {seek(fd, 2, SEEK_CUR), seek(fd, -1, SEEK_CUR), read(fd, 1)});
  w.notes("SEEK_END", {seek(fd, -2, SEEK_END), read(fd)});
  w.notes("behind the end", {seek(fd, 5, SEEK_END), size(fd)});
  w.notes("unknown", {seek(fd, 0, 5), seek(fd, 0, -1), seek(fd, 0, 99), place(fd)});
}

void negative(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  w.note("SEEK_SET", seek(fd, -1));
  w.note("SEEK_CUR", seek(fd, -11, SEEK_CUR));
  w.note("SEEK_END", seek(fd, -11, SEEK_END));
  w.notes("the place stays", {place(fd), seek(fd, -10, SEEK_END)});
}

void far_off(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  constexpr off_t kLargest = 0xFFFFFFFF000;  // of ext4
  w.notes("the largest file", {seek(fd, kLargest), seek(fd, kLargest + 1), place(fd)});
  w.note("the last offset of all", seek(fd, kMost));
  w.notes("over it", {seek(fd, kMost, SEEK_CUR), seek(fd, kMost, SEEK_END)});
  w.notes("read and write there", {seek(fd, kLargest), read(fd), write(fd, "x"), size(fd)});
}

void data_and_holes(World& w) {
  const int fd = open(w, "a");
  w.notes("of nothing", {seek(fd, 0, SEEK_DATA), seek(fd, 0, SEEK_HOLE)});
  pwrite(fd, "one", 0);
  pwrite(fd, "two", 4 * kPage + 100);
  w.notes("the first data, and its end", {seek(fd, 0, SEEK_DATA), seek(fd, 0, SEEK_HOLE)});
  w.notes("from within it", {seek(fd, 2, SEEK_DATA), seek(fd, 100, SEEK_HOLE)});
  w.notes("from the hole", {seek(fd, 2 * kPage + 5, SEEK_DATA), seek(fd, 2 * kPage + 5, SEEK_HOLE)});
  w.notes("from the second", {seek(fd, 4 * kPage + 7, SEEK_DATA), seek(fd, 4 * kPage + 7, SEEK_HOLE)});
  w.notes("from the end", {seek(fd, 4 * kPage + 103, SEEK_DATA), seek(fd, 4 * kPage + 103, SEEK_HOLE)});
  w.notes("behind the end", {seek(fd, 1 << 20, SEEK_DATA), seek(fd, 1 << 20, SEEK_HOLE)});
  w.notes("negative", {seek(fd, -1, SEEK_DATA), seek(fd, -1, SEEK_HOLE)});
  w.notes("what fails leaves the place", {seek(fd, 50), seek(fd, 1 << 20, SEEK_DATA), place(fd)});
  w.notes("what does not, moves it", {seek(fd, kPage, SEEK_DATA), place(fd), read(fd, 103)});
}

void holes_at_the_end(World& w) {
  const int fd = open(w, "a");
  pwrite(fd, "begin", 0);
  ftruncate(fd, 10 * kPage);
  w.notes("data, hole", {seek(fd, 0, SEEK_DATA), seek(fd, 0, SEEK_HOLE)});
  w.notes("no data behind", {seek(fd, kPage, SEEK_DATA), seek(fd, kPage, SEEK_HOLE)});
  w.notes("in the last page", {seek(fd, 10 * kPage - 1, SEEK_DATA), seek(fd, 10 * kPage - 1, SEEK_HOLE)});
  const int empty = open(w, "b");
  ftruncate(empty, 3 * kPage);
  w.notes("nothing but a hole", {seek(empty, 0, SEEK_DATA), seek(empty, 0, SEEK_HOLE)});
  w.notes("zeros that were written are data",
          {pwrite(empty, std::string(kPage, '\0'), kPage), seek(empty, 0, SEEK_DATA), seek(empty, kPage, SEEK_HOLE)});
}

void holes_that_are_made(World& w) {
  const int fd = open(w, "a");
  write(fd, std::string(8 * kPage, 'd'));
  w.notes("all data", {seek(fd, 0, SEEK_DATA), seek(fd, 0, SEEK_HOLE)});
  w.note("punch", result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 2 * kPage, 3 * kPage)));
  w.notes("the hole", {seek(fd, 0, SEEK_HOLE), seek(fd, 2 * kPage, SEEK_DATA), seek(fd, 5 * kPage, SEEK_HOLE)});
  w.note("a piece of a page is no hole",
         result(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 6 * kPage + 10, 100)));
  w.notes("but zeros", {seek(fd, 5 * kPage, SEEK_HOLE), pread(fd, 108, 6 * kPage + 6)});
  w.notes("cut, and longer", {result(ftruncate(fd, kPage + 10)), result(ftruncate(fd, 4 * kPage))});
  w.notes("what was cut is a hole", {seek(fd, 0, SEEK_HOLE), seek(fd, 2 * kPage, SEEK_DATA), pread(fd, 20, kPage)});
}

void of_no_file(World& w) {
  int ends[2];
  w.note("pipe", result(pipe(ends)));
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("of a pipe", {seek(ends[0], 0), seek(ends[1], 0, SEEK_END), pread(ends[0], 1, 0), pwrite(ends[1], "x", 0)});
  w.notes("of a socket", {seek(w.socket(), 0), pread(w.socket(), 1, 0)});
  const int closed = open(w, "a");
  w.close(closed);
  w.notes("of nothing", {seek(closed, 0), pread(closed, 1, 0), pwrite(closed, "x", 0)});
}

void of_a_directory(World& w) {
  put("a", "x");
  const int fd = open(w, ".", O_RDONLY);
  w.notes("beginning, place", {seek(fd, 0), place(fd)});
  w.note("negative", seek(fd, -1));
}

constexpr Case kCases[] = {
    {"whence", whence},
    {"negative", negative},
    {"far off", far_off},
    {"data and holes", data_and_holes},
    {"holes at the end", holes_at_the_end},
    {"holes that are made", holes_that_are_made},
    {"of no file", of_no_file},
    {"of a directory", of_a_directory},
};
const Suite suite("files/seek", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
