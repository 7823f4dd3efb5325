// fallocate(2), posix_fallocate(3).
#include <cstring>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

constexpr off_t kPage = 4'096;
constexpr int kPunch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

std::string allocate(int fd, int mode, off_t offset, off_t length) {
  return result(fallocate(fd, mode, offset, length));
}
// posix_fallocate gives the error itself.
std::string posix_allocate(int fd, off_t offset, off_t length) {
  const int error = posix_fallocate(fd, offset, length);
  return error == 0 ? "0" : strerrorname_np(error);
}
bool takes_room(int fd, off_t bytes) {
  struct stat status {};
  return fstat(fd, &status) == 0 && status.st_blocks * 512 >= bytes;
}
// How many pieces of 16 pages a file takes, once the file system has placed what was written. Not to the page: ext4 may
// need one of its own to remember where the others are.
constexpr off_t kPiece = 16 * kPage;
std::string pieces(int fd) {
  struct stat status {};
  if (fsync(fd) != 0 || fstat(fd, &status) != 0) return result(-1);
  return std::to_string(status.st_blocks * 512 / kPiece);
}

void room(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "text"));
  w.notes("longer", {allocate(fd, 0, 0, 20'000), size(fd)});
  w.notes("contents", {contents(fd), place(fd)});
  w.note("it takes room", takes_room(fd, 20'000));
  w.notes("within", {allocate(fd, 0, 100, 50), size(fd)});
  w.notes("behind the end", {allocate(fd, 0, 30'000, 10), size(fd)});
  w.notes("written there", {pwrite(fd, "x", 25'000), pread(fd, 3, 24'999)});
}

void room_behind_the_end(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "text"));
  w.notes("keep the size", {allocate(fd, FALLOC_FL_KEEP_SIZE, 0, 100'000), size(fd), contents(fd)});
  w.note("it takes room", takes_room(fd, 100'000));
  w.notes("written behind", {pwrite(fd, "x", 50'000), size(fd)});
  w.notes("cut gives it back", {result(ftruncate(fd, 0)), size(fd)});
  w.note("it takes room", takes_room(fd, 1));
}

// It is the file's until the file is cut.
void room_that_stays(World& w) {
  const int fd = open(w, "a");
  constexpr int kKeep = FALLOC_FL_KEEP_SIZE;
  w.notes("write", {write(fd, "text"), pieces(fd)});
  w.notes("keep the size", {allocate(fd, kKeep, 0, 25 * kPiece), pieces(fd)});
  w.notes("again", {allocate(fd, kKeep, 20 * kPiece, 10 * kPiece), pieces(fd)});
  w.notes("a hole behind the end", {allocate(fd, kPunch, 10 * kPiece, kPiece), pieces(fd)});
  w.notes("longer", {result(ftruncate(fd, 12 * kPiece)), pieces(fd), seek(fd, 4 * kPiece, SEEK_DATA)});
  w.notes("a hole over the end", {allocate(fd, kPunch, 10 * kPiece, 10 * kPiece), pieces(fd)});
  w.notes("written within", {pwrite(fd, std::string(2 * kPiece, 'x'), 5 * kPiece), pieces(fd)});
  w.notes("written behind", {pwrite(fd, std::string(kPiece, 'x'), 14 * kPiece), pieces(fd), size(fd)});
  w.notes("zeros", {allocate(fd, FALLOC_FL_ZERO_RANGE | kKeep, 29 * kPiece, 2 * kPiece), pieces(fd), size(fd)});
  w.notes("cut to its size", {result(ftruncate(fd, 15 * kPiece)), pieces(fd)});
  w.notes("emptied", {allocate(fd, kKeep, 0, 25 * kPiece), opening("a", O_WRONLY | O_TRUNC), pieces(fd)});
}

void room_is_no_data(World& w) {
  const int fd = open(w, "a");
  w.notes("allocate", {allocate(fd, 0, 0, 8 * kPiece), pieces(fd), seek(fd, 0, SEEK_DATA), seek(fd, 0, SEEK_HOLE)});
  w.notes("write", {pwrite(fd, std::string(kPiece, 'x'), 3 * kPiece), pieces(fd), seek(fd, 0, SEEK_DATA),
                    seek(fd, 3 * kPiece, SEEK_HOLE)});
  w.notes("punch", {allocate(fd, kPunch, 2 * kPiece, 4 * kPiece), pieces(fd), seek(fd, 0, SEEK_DATA)});
  w.notes("less than a page", {allocate(fd, kPunch, 100, kPage), pieces(fd)});
}

void holes(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, std::string(5 * kPage, 'd')));
  w.notes("punch", {allocate(fd, kPunch, kPage, 2 * kPage), size(fd), contents(fd)});
  w.notes("pieces of pages", {allocate(fd, kPunch, 3 * kPage + 100, kPage), contents(fd)});
  w.notes("over the end", {allocate(fd, kPunch, 5 * kPage - 10, 100'000), size(fd), pread(fd, 20, 5 * kPage - 20)});
  w.notes("behind the end", {allocate(fd, kPunch, 10 * kPage, kPage), size(fd)});
  w.note("it takes less room", !takes_room(fd, 4 * kPage));
}

void zeros(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, std::string(3 * kPage, 'd')));
  w.notes("within", {allocate(fd, FALLOC_FL_ZERO_RANGE, 100, kPage), size(fd), contents(fd)});
  w.notes("over the end, which stays", {allocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 3 * kPage - 5, 100),
                                        size(fd), pread(fd, 100, 3 * kPage - 10)});
  w.notes("over the end", {allocate(fd, FALLOC_FL_ZERO_RANGE, 3 * kPage - 10, 100), size(fd)});
  w.note("contents", contents(fd));
}

void taking_out_and_putting_in(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, std::string(kPage, 'a') + std::string(kPage, 'b') + std::string(kPage, 'c')));
  w.notes("collapse", {allocate(fd, FALLOC_FL_COLLAPSE_RANGE, kPage, kPage), size(fd), contents(fd)});
  w.notes("insert", {allocate(fd, FALLOC_FL_INSERT_RANGE, kPage, kPage), size(fd), contents(fd)});
  w.notes("pieces of pages",
          {allocate(fd, FALLOC_FL_COLLAPSE_RANGE, 100, kPage), allocate(fd, FALLOC_FL_INSERT_RANGE, kPage, 100)});
  w.notes("up to the end", {allocate(fd, FALLOC_FL_COLLAPSE_RANGE, kPage, 2 * kPage),
                            allocate(fd, FALLOC_FL_INSERT_RANGE, 3 * kPage, kPage)});
  w.notes("with another flag", {allocate(fd, FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_KEEP_SIZE, 0, kPage),
                                allocate(fd, FALLOC_FL_INSERT_RANGE | FALLOC_FL_KEEP_SIZE, 0, kPage)});
}

void refused(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  w.notes("no length", {allocate(fd, 0, 0, 0), allocate(fd, kPunch, 0, 0), allocate(fd, 0, 0, -1)});
  w.note("a negative offset", allocate(fd, 0, -1, 10));
  w.note("over the last offset of all", allocate(fd, 0, 0x7FFFFFFFFFFFFFFF, 10));
  w.note("over the largest file", allocate(fd, 0, 0xFFFFFFFF000, 10));
  w.note("for reading", allocate(open(w, "a", O_RDONLY), 0, 0, 10));
  w.note("a directory", allocate(open(w, ".", O_RDONLY), 0, 0, 10));
  int ends[2];
  w.note("pipe", result(pipe(ends)));
  w.notes("a pipe", {allocate(w.keep(ends[0]), 0, 0, 10), allocate(w.keep(ends[1]), 0, 0, 10)});
  w.notes("a socket, an eventfd", {allocate(w.socket(), 0, 0, 10), allocate(w.eventfd(), 0, 0, 10)});
  w.note("a device", allocate(open(w, "/dev/null", O_RDWR), 0, 0, 10));
  w.notes("nothing", {allocate(-1, 0, 0, 10), allocate(-1, 0, 0, 0)});
  w.note("contents", contents("a"));
}

void unknown_modes(World& w) {
  const int fd = open(w, "a");
  w.notes("refused", {allocate(fd, 1 << 20, 0, 10), allocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE, 0, 10),
                      allocate(fd, FALLOC_FL_PUNCH_HOLE, 0, 10), size(fd)});
}

void of_posix(World& w) {
  const int fd = open(w, "a");
  w.note("write", write(fd, "text"));
  w.notes("longer", {posix_allocate(fd, 2, 10), contents(fd)});
  w.notes("within", {posix_allocate(fd, 0, 4), contents(fd)});
  w.notes("nothing", {posix_allocate(fd, 0, 0), posix_allocate(fd, -1, 4), posix_allocate(fd, 0, -4)});
  w.note("for reading", posix_allocate(open(w, "a", O_RDONLY), 0, 10));
  int ends[2];
  w.note("pipe", result(pipe(ends)));
  w.keep(ends[0]);
  w.note("a pipe", posix_allocate(w.keep(ends[1]), 0, 10));
  w.note("none", posix_allocate(-1, 0, 10));
  w.notes("too large", {posix_allocate(fd, 0xFFFFFFFF000, 10), posix_allocate(fd, 0x7FFFFFFFFFFFFFFF, 10), size(fd)});
}

void while_appending(World& w) {
  const int fd = open(w, "a", O_RDWR | O_CREAT | O_APPEND);
  w.note("write", write(fd, "text"));
  w.notes("allocate", {allocate(fd, 0, 0, 10), contents(fd)});
  w.notes("append", {write(fd, "end"), contents(fd)});
}

constexpr Case kCases[] = {
    {"room", room},
    {"room behind the end", room_behind_the_end},
    {"room that stays", room_that_stays},
    {"room is no data", room_is_no_data},
    {"holes", holes},
    {"zeros", zeros},
    {"taking out and putting in", taking_out_and_putting_in},
    {"refused", refused},
    {"unknown modes", unknown_modes},
    {"posix_fallocate", of_posix},
    {"O_APPEND", while_appending},
};
const Suite suite("files/allocate", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
