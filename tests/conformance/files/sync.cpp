// fsync(2), fdatasync(2), sync(2), syncfs(2), sync_file_range(2): of what they can be asked.
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void of_files(World& w) {
  const int fd = open(w, "a");
  w.notes("nothing yet", {result(fsync(fd)), result(fdatasync(fd))});
  w.notes("written", {write(fd, "text"), result(fsync(fd)), contents("a"), place(fd)});
  w.notes("one for reading", {result(fsync(open(w, "a", O_RDONLY))), result(fdatasync(open(w, "a", O_RDONLY)))});
  w.notes("without a name", {result(unlink("a")), write(fd, "more"), result(fsync(fd)), contents(fd)});
}

void of_directories(World& w) {
  mkdir("d", 0755);
  put("d/a", "x");
  const int fd = open(w, "d", O_RDONLY);
  w.notes("a directory", {result(fsync(fd)), result(fdatasync(fd))});
  unlink("d/a");
  rmdir("d");
  w.note("a removed one", result(fsync(fd)));
}

void of_others(World& w) {
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.notes("a pipe", {result(fsync(w.keep(ends[1]))), result(fdatasync(ends[0]))});
  w.notes("a socket, an eventfd, an epoll",
          {result(fsync(w.socket())), result(fsync(w.eventfd())), result(fdatasync(w.epoll()))});
  w.notes("/dev/null", {result(fsync(open(w, "/dev/null", O_RDWR)))});
  const int closed = open(w, "a");
  w.close(closed);
  w.notes("none", {result(fsync(closed)), result(fdatasync(closed)), result(fsync(-1)), result(syncfs(closed))});
}

void all_of_it(World& w) {
  const int fd = open(w, "a");
  write(fd, "text");
  ::sync();
  w.notes("sync, syncfs", {result(syncfs(fd)), result(syncfs(open(w, ".", O_RDONLY))), contents(fd)});
}

void ranges(World& w) {
  const int fd = open(w, "a");
  write(fd, std::string(10'000, 'x'));
  constexpr unsigned kAll = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  w.notes("ranges",
          {result(sync_file_range(fd, 0, 100, kAll)), result(sync_file_range(fd, 5'000, 0, SYNC_FILE_RANGE_WRITE)),
           result(sync_file_range(fd, 1 << 20, 10, kAll)), result(sync_file_range(fd, 0, 0, 0))});
  w.notes("refused", {result(sync_file_range(fd, 0, 0, 8)), result(sync_file_range(fd, -1, 0, 0)),
                      result(sync_file_range(fd, 0, -1, 0)), result(sync_file_range(fd, 0x7FFFFFFFFFFFFFFF, 2, 0)),
                      result(sync_file_range(-1, 0, 0, 0))});
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.notes("of others", {result(sync_file_range(w.keep(ends[1]), 0, 0, 0)), result(sync_file_range(w.socket(), 0, 0, 0)),
                        result(sync_file_range(open(w, ".", O_RDONLY), 0, 0, kAll)),
                        result(sync_file_range(open(w, "/dev/null", O_RDWR), 0, 0, 0))});
}

// As programs make a change that is there after a crash, or is not.
void replaced_safely(World& w) {
  put("data", "old");
  const int folder = open(w, ".", O_RDONLY | O_DIRECTORY);
  const int fd = open(w, "data.new", O_WRONLY | O_CREAT | O_EXCL);
  w.notes("write, fsync, close", {write(fd, "new"), result(fsync(fd)), w.close(fd)});
  w.notes("rename, fsync of the directory",
          {result(rename("data.new", "data")), result(fsync(folder)), contents("data"), names()});
}

constexpr Case kCases[] = {
    {"of files", of_files},   {"of directories", of_directories}, {"of others", of_others},
    {"all of it", all_of_it}, {"sync_file_range", ranges},        {"replaced safely", replaced_safely},
};
const Suite suite("files/sync", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
