// flock(2): locks of open file descriptions on whole files.
#include <sys/file.h>

#include "tests/conformance/files/files.hpp"
#include "tests/conformance/files/locks.hpp"

namespace stillpoint::test::files {
namespace {

std::string exclusive(int fd) { return result(::flock(fd, LOCK_EX | LOCK_NB)); }
std::string shared(int fd) { return result(::flock(fd, LOCK_SH | LOCK_NB)); }
std::string unlock(int fd) { return result(::flock(fd, LOCK_UN)); }

void between_descriptions(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.notes("exclusive", {exclusive(one), exclusive(two), shared(two)});
  w.notes("again by the same", {exclusive(one)});
  w.notes("unlocked", {unlock(one), shared(two), shared(one)});
  w.notes("two share it", {exclusive(one), exclusive(two)});
  w.notes("unlock what is not locked", {unlock(one), unlock(one), exclusive(two)});
}

void converted(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.notes("up", {shared(one), exclusive(one), shared(two)});
  w.notes("down", {shared(one), shared(two)});
  w.notes("up where another shares", {exclusive(one)});
  w.notes("which has lost it", {unlock(two), exclusive(two)});
}

void copies(World& w) {
  const int one = open(w, "a");
  const int copy = w.keep(dup(one));
  const int other = open(w, "a");
  w.notes("one lock", {exclusive(one), exclusive(copy), exclusive(other)});
  w.notes("one of them is closed", {w.close(one), exclusive(other)});
  w.notes("unlocked by the copy", {unlock(copy), exclusive(other)});
  w.notes("closed", {w.close(other), exclusive(copy)});
}

void closed(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  const int same_process = open(w, "a");
  w.notes("lock", {exclusive(one), w.close(same_process), exclusive(two)});
  w.notes("close", {w.close(one), exclusive(two)});
}

void whatever_one_may_do(World& w) {
  put("a", "text");
  w.notes("exclusive for reading", {exclusive(open(w, "a", O_RDONLY))});
  const int directory = open(w, ".", O_RDONLY);
  w.notes("a directory", {exclusive(directory), exclusive(open(w, ".", O_RDONLY))});
  w.notes("none", {exclusive(-1), shared(9'999)});
  const int fd = open(w, "b");
  w.notes("unknown", {result(::flock(fd, 0)), result(::flock(fd, LOCK_NB)), result(::flock(fd, LOCK_SH | LOCK_EX)),
                      result(::flock(fd, 64))});
  w.notes("others still read and write",
          {exclusive(fd), write(open(w, "b", O_RDWR), "text"), contents("b"), result(unlink("b"))});
}

void not_those_of_fcntl(World& w) {
  const int one = open(w, "a");
  const int two = open(w, "a");
  w.notes("both kinds", {exclusive(one), lock(two, F_OFD_SETLK, F_WRLCK, 0, 0), lock(two, F_SETLK, F_WRLCK, 0, 0)});
  w.notes("by one", {lock(one, F_OFD_SETLK, F_WRLCK, 0, 0), exclusive(two)});
}

void of_names(World& w) {
  const int one = open(w, "a");
  link("a", "b");
  w.notes("another name, one lock", {exclusive(one), exclusive(open(w, "b"))});
  w.notes("renamed", {result(rename("a", "c")), exclusive(open(w, "c"))});
  w.notes("a new file of that name", {exclusive(open(w, "a"))});
}

void of_pipes(World& w) {
  int ends[2];
  pipe(ends);
  w.keep(ends[0]);
  w.keep(ends[1]);
  w.notes("the ends of a pipe are one file", {exclusive(ends[0]), exclusive(ends[1])});
  const int socket = w.socket();
  w.notes("a socket", {exclusive(socket), unlock(socket)});
}

constexpr Case kCases[] = {
    {"between descriptions", between_descriptions},
    {"converted", converted},
    {"copies", copies},
    {"closed", closed},
    {"whatever one may do", whatever_one_may_do},
    {"not those of fcntl", not_those_of_fcntl},
    {"of names", of_names},
    {"of pipes and sockets", of_pipes},
};
const Suite suite("files/flock", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
