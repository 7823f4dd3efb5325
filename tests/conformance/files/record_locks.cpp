// fcntl(2): locks of a process on ranges of a file. A process never meets its own, so they are looked at as an open
// file description would meet them (F_OFD_GETLK).
#include <sys/file.h>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/locks.hpp"

namespace stillpoint::test::files {
namespace {

void of_one_process(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.note("lock", lock(one, F_SETLK, F_WRLCK, 0, 10));
  w.note("the same again", lock(one, F_SETLK, F_WRLCK, 0, 10));
  w.note("by another descriptor", lock(two, F_SETLK, F_WRLCK, 5, 10));
  w.note("nothing is in the way", lock(two, F_GETLK, F_WRLCK, 0, 100));
  w.note("seen from outside", held(w, "a"));
  w.notes("unlock by the other", {lock(two, F_SETLK, F_UNLCK, 0, 0), held(w, "a")});
}

void split_and_merged(World& w) {
  const int fd = open(w, "a");
  w.notes("0 to 100", {lock(fd, F_SETLK, F_WRLCK, 0, 100), held(w, "a")});
  w.notes("a hole in it", {lock(fd, F_SETLK, F_UNLCK, 40, 10), held(w, "a")});
  w.notes("a part for reading", {lock(fd, F_SETLK, F_RDLCK, 10, 10), held(w, "a")});
  w.notes("over an edge", {lock(fd, F_SETLK, F_RDLCK, 30, 40), held(w, "a")});
  w.notes("all for writing", {lock(fd, F_SETLK, F_WRLCK, 0, 100), held(w, "a")});
  w.notes("beside it", {lock(fd, F_SETLK, F_WRLCK, 100, 50), held(w, "a")});
  w.notes("apart", {lock(fd, F_SETLK, F_WRLCK, 151, 10), held(w, "a")});
  w.notes("the rest", {lock(fd, F_SETLK, F_UNLCK, 20, 0), held(w, "a")});
  w.notes("what is not locked", {lock(fd, F_SETLK, F_UNLCK, 1'000, 10), held(w, "a")});
}

void ranges(World& w) {
  const int fd = open(w, "a");
  write(fd, "0123456789");
  w.notes("to the end of all", {lock(fd, F_SETLK, F_WRLCK, 5, 0), held(w, "a"), lock(fd, F_SETLK, F_UNLCK, 0, 0)});
  w.notes("from the place",
          {seek(fd, 4), lock(fd, F_SETLK, F_WRLCK, 1, 2, SEEK_CUR), held(w, "a"), lock(fd, F_SETLK, F_UNLCK, 0, 0)});
  w.notes("from the end",
          {lock(fd, F_SETLK, F_WRLCK, -3, 5, SEEK_END), held(w, "a"), lock(fd, F_SETLK, F_UNLCK, 0, 0)});
  w.notes("backwards", {lock(fd, F_SETLK, F_WRLCK, 8, -3), held(w, "a"), lock(fd, F_SETLK, F_UNLCK, 0, 0)});
  w.notes("before the beginning", {lock(fd, F_SETLK, F_WRLCK, -1, 5), lock(fd, F_SETLK, F_WRLCK, 2, -3),
                                   lock(fd, F_SETLK, F_WRLCK, -20, 5, SEEK_END)});
  w.notes("far off", {lock(fd, F_SETLK, F_WRLCK, 1LL << 62, 10), held(w, "a")});
  w.notes("over the last offset",
          {lock(fd, F_SETLK, F_WRLCK, 0x7FFFFFFFFFFFFFFF, 2), lock(fd, F_SETLK, F_WRLCK, 0x7FFFFFFFFFFFFFFF, 1)});
  w.note("of an unknown kind", lock(fd, F_SETLK, 7, 0, 1));
  w.note("from an unknown place", lock(fd, F_SETLK, F_WRLCK, 0, 1, 7));
}

void descriptors_that_may_not(World& w) {
  put("a", "text");
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  w.notes("reading", {lock(reader, F_SETLK, F_RDLCK, 0, 1), lock(reader, F_SETLK, F_WRLCK, 0, 1)});
  w.notes("writing", {lock(writer, F_SETLK, F_RDLCK, 0, 1), lock(writer, F_SETLK, F_WRLCK, 0, 1)});
  w.notes("asked", {lock(reader, F_GETLK, F_WRLCK, 0, 1), lock(writer, F_GETLK, F_RDLCK, 0, 1)});
  w.note("none", lock(-1, F_SETLK, F_RDLCK, 0, 1));
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("a pipe", {lock(ends[0], F_SETLK, F_RDLCK, 0, 1), lock(ends[0], F_SETLK, F_WRLCK, 0, 1)});
  w.note("a directory", lock(open(w, ".", O_RDONLY), F_SETLK, F_RDLCK, 0, 1));
}

void released_by_any_close(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  const int other = open(w, "b");
  w.notes("lock", {lock(one, F_SETLK, F_WRLCK, 0, 10), lock(one, F_SETLK, F_RDLCK, 20, 10), held(w, "a")});
  w.notes("another file is closed", {w.close(other), held(w, "a")});
  w.notes("a second descriptor of it is closed", {w.close(two), held(w, "a")});
  w.notes("lock, and dup", {lock(one, F_SETLK, F_WRLCK, 0, 10), held(w, "a")});
  ::close(dup(one));
  w.note("the copy is closed", held(w, "a"));
  lock(one, F_SETLK, F_WRLCK, 0, 10);
  const int third = open(w, "c");
  dup2(third, w.keep(dup(one)));
  w.note("once over a copy goes another file", held(w, "a"));
  lock(one, F_SETLK, F_WRLCK, 0, 10);
  contents("a");
  w.note("a library function has opened and closed it", held(w, "a"));
}

void of_descriptions(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.note("lock", lock(one, F_OFD_SETLK, F_WRLCK, 0, 10));
  w.notes("another is in its way", {lock(two, F_OFD_SETLK, F_WRLCK, 5, 10), lock(two, F_OFD_SETLK, F_RDLCK, 9, 1)});
  w.notes("but not beside it", {lock(two, F_OFD_SETLK, F_WRLCK, 10, 10)});
  w.notes("who", {lock(two, F_OFD_GETLK, F_RDLCK, 0, 100), lock(one, F_OFD_GETLK, F_RDLCK, 0, 100)});
  const int copy = w.keep(dup(one));
  w.notes("a copy shares it", {lock(copy, F_OFD_SETLK, F_WRLCK, 0, 10), lock(copy, F_OFD_SETLK, F_UNLCK, 0, 2),
                               lock(two, F_OFD_SETLK, F_WRLCK, 0, 2)});
  w.notes("one of them is closed", {w.close(one), lock(two, F_OFD_SETLK, F_WRLCK, 5, 1)});
  w.notes("both are", {w.close(copy), lock(two, F_OFD_SETLK, F_WRLCK, 5, 1), held(w, "a")});
}

void readers_and_writers(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.notes("both read", {lock(one, F_OFD_SETLK, F_RDLCK, 0, 10), lock(two, F_OFD_SETLK, F_RDLCK, 0, 10)});
  w.notes("neither may write", {lock(one, F_OFD_SETLK, F_WRLCK, 0, 10), lock(two, F_OFD_SETLK, F_WRLCK, 3, 1)});
  w.notes("one gives up", {lock(two, F_OFD_SETLK, F_UNLCK, 0, 0), lock(one, F_OFD_SETLK, F_WRLCK, 0, 10)});
  w.notes("now none may read", {lock(two, F_OFD_SETLK, F_RDLCK, 0, 10)});
  w.notes("down again", {lock(one, F_OFD_SETLK, F_RDLCK, 0, 10), lock(two, F_OFD_SETLK, F_RDLCK, 0, 10), held(w, "a")});
}

void processes_and_descriptions(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.notes("the process's", {lock(one, F_SETLK, F_WRLCK, 0, 10)});
  w.notes("is in the way of its own description",
          {lock(one, F_OFD_SETLK, F_WRLCK, 0, 10), lock(one, F_OFD_GETLK, F_RDLCK, 0, 0)});
  w.notes("and the other way round", {lock(two, F_OFD_SETLK, F_WRLCK, 20, 10), lock(two, F_SETLK, F_WRLCK, 20, 10),
                                      lock(two, F_GETLK, F_RDLCK, 20, 10)});
  w.notes("closing the first", {w.close(one), lock(two, F_OFD_SETLK, F_WRLCK, 0, 10)});
  struct flock wrong = range(F_WRLCK, 0, 1);
  wrong.l_pid = 5;
  w.notes("a process with it", {result(fcntl(two, F_OFD_SETLK, &wrong)), result(fcntl(two, F_OFD_GETLK, &wrong))});
}

void what_getlk_leaves(World& w) {
  const int fd = open(w, "a");
  struct flock asked = range(F_WRLCK, 3, 4, SEEK_END);
  asked.l_pid = 77;
  w.note("nothing is in the way", result(fcntl(fd, F_GETLK, &asked)));
  w.notes("only its kind has changed",
          {std::to_string(asked.l_type), std::to_string(asked.l_whence), std::to_string(asked.l_start),
           std::to_string(asked.l_len), std::to_string(asked.l_pid)});
  const int other = open(w, "a");
  lock(other, F_OFD_SETLK, F_RDLCK, 2, 8);
  struct flock met = range(F_WRLCK, 3, 0);
  w.notes("what is", {result(fcntl(fd, F_GETLK, &met)), std::to_string(met.l_type), std::to_string(met.l_whence),
                      std::to_string(met.l_start), std::to_string(met.l_len), std::to_string(met.l_pid)});
  struct flock reads = range(F_RDLCK, 3, 0);
  w.notes("for reading nothing is", {result(fcntl(fd, F_GETLK, &reads)), std::to_string(reads.l_type)});
  w.note("to ask about unlocking", lock(fd, F_GETLK, F_UNLCK, 0, 1));
}

// F_OFD_GETLK of F_UNLCK, since Linux 6.5: an older one, which refuses it, is left alone.
void own_of_a_description(World& w) {
  const auto tells = [](int fd, off_t start, off_t length, const char* expected) {
    const std::string told = lock(fd, F_OFD_GETLK, F_UNLCK, start, length);
    return told == "EINVAL" ? expected : told;
  };
  const int one = open(w, "a");
  const int two = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 5, 10);
  lock(one, F_OFD_SETLK, F_RDLCK, 20, 5);
  lock(two, F_OFD_SETLK, F_RDLCK, 22, 5);
  w.notes("its own",
          {tells(one, 0, 10, "writes 5+10 of a description"), tells(one, 15, 0, "reads 20+5 of a description")});
  w.notes("none of another", {tells(two, 0, 20, "none"), tells(two, 0, 0, "reads 22+5 of a description")});
  w.notes("nor of the process", {lock(two, F_SETLK, F_RDLCK, 40, 5), tells(two, 40, 0, "none")});
  struct flock wrong = range(F_UNLCK, 0, 1);
  wrong.l_pid = 5;
  w.note("a process with it", result(fcntl(two, F_OFD_GETLK, &wrong)));
}

void of_unlinked_and_renamed(World& w) {
  const int one = open(w, "a");
  lock(one, F_OFD_SETLK, F_WRLCK, 0, 0);
  rename("a", "b");
  w.note("renamed", held(w, "b"));
  link("b", "c");
  w.note("by another name", held(w, "c"));
  unlink("b");
  unlink("c");
  const int other = open(w, "b");
  w.note("another file of its name", lock(other, F_OFD_SETLK, F_WRLCK, 0, 0));
}

void lockf_too(World& w) {
  const int fd = open(w, "a");
  const int other = open(w, "a");
  w.notes("lock", {seek(fd, 10), result(lockf(fd, F_TLOCK, 5)), held(w, "a")});
  w.notes("test", {result(lockf(other, F_TEST, 0)), result(lockf(fd, F_ULOCK, 0)), held(w, "a")});
  lock(other, F_OFD_SETLK, F_RDLCK, 12, 1);
  w.notes("in the way", {result(lockf(fd, F_TLOCK, 5)), result(lockf(fd, F_TEST, 5)), result(lockf(fd, F_TEST, 2))});
  w.note("unknown", result(lockf(fd, 9, 5)));
}

constexpr Case kCases[] = {
    {"of one process", of_one_process},
    {"split and merged", split_and_merged},
    {"ranges", ranges},
    {"descriptors that may not", descriptors_that_may_not},
    {"released by any close", released_by_any_close},
    {"of open file descriptions", of_descriptions},
    {"readers and writers", readers_and_writers},
    {"processes and descriptions", processes_and_descriptions},
    {"what F_GETLK leaves", what_getlk_leaves},
    {"a description's own", own_of_a_description},
    {"of unlinked and renamed files", of_unlinked_and_renamed},
    {"lockf", lockf_too},
};
const Suite suite("files/record_locks", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
