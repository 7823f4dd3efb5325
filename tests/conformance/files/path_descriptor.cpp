// open(2) with O_PATH, and with O_DIRECT.
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void what_it_refuses(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_PATH | O_RDWR);
  w.notes("read, write", {read(fd), write(fd, "x")});
  w.note("pread", pread(fd, 1, 0));
  w.note("lseek", seek(fd, 0));
  w.note("ftruncate", result(ftruncate(fd, 0)));
  w.note("fchmod", result(fchmod(fd, 0600)));
  w.note("fsync", result(fsync(fd)));
  w.note("flock", result(lockf(fd, F_TLOCK, 0)));
  w.note("mmap", mmap(nullptr, 10, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED ? result(-1) : "mapped");
  w.note("futimens", result(futimens(fd, nullptr)));
  w.note("F_SETFL", result(fcntl(fd, F_SETFL, O_APPEND)));
  w.notes("contents", {contents("a"), mode("a")});
}

void what_it_serves(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_PATH);
  w.note("fstat", size(fd));
  struct stat status {};
  w.notes("fstatat", {result(fstatat(fd, "", &status, AT_EMPTY_PATH)), std::to_string(status.st_size)});
  const int copy = w.keep(dup(fd));
  w.note("dup", size(copy));
  w.note("F_GETFD", result(fcntl(fd, F_GETFD)));
  w.note("F_GETFL", result((fcntl(fd, F_GETFL) & O_PATH) != 0 ? 1 : 0));
  unlink("a");
  w.note("after unlink", size(fd));
  w.notes("close", {w.close(fd), w.close(fd)});
}

void of_a_directory(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  const int fd = open(w, "d", O_PATH);
  w.note("openat", contents(w.keep(openat(fd, "a", O_RDONLY))));
  w.notes("fchdir", {result(fchdir(fd)), names()});
  w.note("O_PATH and O_DIRECTORY of a file", opening("a", O_PATH | O_DIRECTORY));
}

void of_a_link(World& w) {
  put("a", "text");
  symlink("a", "l");
  const int link = open(w, "l", O_PATH | O_NOFOLLOW);
  const int file = open(w, "l", O_PATH);
  struct stat status {};
  w.notes("the link", {result(fstat(link, &status)), type_of(status.st_mode)});
  w.notes("the file", {result(fstat(file, &status)), type_of(status.st_mode)});
  char text[20] = {};
  w.notes("readlinkat of nothing", {result(readlinkat(link, "", text, sizeof text)), text});
  w.note("readlinkat of the file", result(readlinkat(file, "", text, sizeof text)));
  w.notes("O_CREAT and O_TRUNC mean nothing",
          {opening("none", O_PATH | O_CREAT), opening("a", O_PATH | O_TRUNC), size("a")});
}

// A page of memory where the disk can take it from.
class Page {
 public:
  Page() : bytes_(static_cast<char*>(std::aligned_alloc(4'096, 8'192))) { std::memset(bytes_, 'd', 8'192); }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;
  ~Page() { std::free(bytes_); }
  char* at(std::size_t offset) { return bytes_ + offset; }

 private:
  char* bytes_;
};

void past_the_cache(World& w) {
  const int fd = open(w, "a", O_RDWR | O_CREAT | O_DIRECT);
  Page page;
  w.note("write", result(::pwrite(fd, page.at(0), 8'192, 0)));
  w.note("others see it", contents("a"));
  put("b", std::string(4'096, 'b') + "end");
  const int other = open(w, "b", O_RDONLY | O_DIRECT);
  w.notes("read", {result(::pread(other, page.at(0), 4'096, 0)), shown({page.at(0), 4'096})});
  w.notes("read the end", {result(::pread(other, page.at(0), 4'096, 4'096)), shown({page.at(0), 3})});
  w.note("read behind the end", result(::pread(other, page.at(0), 4'096, 8'192)));
  w.note("a wrong offset", result(::pread(fd, page.at(0), 4'096, 100)));
  w.note("a wrong size", result(::pwrite(fd, page.at(0), 100, 0)));
  w.note("a wrong address", result(::pwrite(fd, page.at(1), 4'096, 0)));
  w.note("contents", contents("a"));
  w.notes("without it from now on", {result(fcntl(fd, F_SETFL, 0)), pwrite(fd, "x", 1)});
}

constexpr Case kCases[] = {
    {"what O_PATH refuses", what_it_refuses},
    {"what O_PATH serves", what_it_serves},
    {"O_PATH of a directory", of_a_directory},
    {"O_PATH of a link", of_a_link},
    {"O_DIRECT", past_the_cache},
};
const Suite suite("files/path_descriptor", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
