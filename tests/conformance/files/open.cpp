// open(2): what is created, emptied or refused.
#include <sys/resource.h>

#include <cstdio>

#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

void creating(World& w) {
  w.note("what is not there", opening("a", O_RDWR));
  const int fd = open(w, "a", O_RDWR | O_CREAT, 0666);
  w.notes("it is there at once", {type("a"), size("a") + " bytes, " + mode("a"), links("a") + " link"});
  w.note("write", write(fd, "contents"));
  const int again = open(w, "a", O_RDWR | O_CREAT, 0600);
  w.notes("one that exists keeps its contents", {contents(again), mode("a")});
  w.note("they are one file", same(fd, again));
  w.notes("and have places of their own", {place(fd), place(again)});
}

void exclusive(World& w) {
  w.note("new", opening("a", O_WRONLY | O_CREAT | O_EXCL));
  w.note("again", opening("a", O_WRONLY | O_CREAT | O_EXCL));
  mkdir("d", 0755);
  w.note("a directory", opening("d", O_RDONLY | O_CREAT | O_EXCL));
  w.note("symlink", result(symlink("nothing", "dangling")));
  w.note("a link to nothing is not followed", opening("dangling", O_WRONLY | O_CREAT | O_EXCL));
  w.note("without O_CREAT it means nothing", opening("a", O_RDONLY | O_EXCL));
  w.note("names", names());
}

void emptying(World& w) {
  put("a", "0123456789");
  const int reader = open(w, "a", O_RDONLY);
  w.note("half of it", read(reader, 5));
  w.note("empty it", opening("a", O_WRONLY | O_TRUNC));
  w.note("size", size(reader));
  w.notes("who reads keeps the place", {place(reader), read(reader)});
  put("a", "abcdefgh");
  w.note("and reads what is put there later", read(reader));
  w.notes("to empty it for reading only works", {opening("a", O_RDONLY | O_TRUNC), size("a")});
  w.note("a directory", opening(".", O_RDONLY | O_TRUNC));
}

void directories(World& w) {
  mkdir("d", 0755);
  put("a", "x");
  w.note("for reading", opening("d", O_RDONLY));
  w.notes("for writing", {opening("d", O_WRONLY), opening("d", O_RDWR)});
  w.note("O_CREAT", opening("d", O_RDONLY | O_CREAT));
  w.note("O_DIRECTORY", opening("d", O_RDONLY | O_DIRECTORY));
  w.note("O_DIRECTORY for writing", opening("d", O_RDWR | O_DIRECTORY));
  w.note("O_DIRECTORY of a file", opening("a", O_RDONLY | O_DIRECTORY));
  w.note("of nothing", opening("b", O_RDONLY | O_DIRECTORY));
  symlink("d", "to_d");
  symlink("a", "to_a");
  w.notes("of links", {opening("to_d", O_RDONLY | O_DIRECTORY), opening("to_a", O_RDONLY | O_DIRECTORY)});
  const int fd = open(w, "d", O_RDONLY);
  w.note("read", read(fd));
  w.note("write", write(fd, "x"));
  w.note("pread", pread(fd, 10, 0));
}

void not_following(World& w) {
  put("a", "text");
  mkdir("d", 0755);
  put("d/b", "inside");
  symlink("a", "to_a");
  symlink("d", "to_d");
  w.note("a file", opening("a", O_RDONLY | O_NOFOLLOW));
  w.note("a link", opening("to_a", O_RDONLY | O_NOFOLLOW));
  w.note("a link, O_CREAT", opening("to_a", O_RDWR | O_CREAT | O_NOFOLLOW));
  w.note("a link in the middle", opening("to_d/b", O_RDONLY | O_NOFOLLOW));
  w.note("a link with a slash", opening("to_d/", O_RDONLY | O_NOFOLLOW));
  w.note("a link, O_DIRECTORY", opening("to_d", O_RDONLY | O_NOFOLLOW | O_DIRECTORY));
  w.notes("a link to nothing", {result(symlink("nothing", "l")), opening("l", O_RDONLY | O_NOFOLLOW)});
}

void through_links(World& w) {
  symlink("made", "dangling");
  w.note("not there", opening("dangling", O_RDONLY));
  w.note("O_CREAT makes what the link says", opening("dangling", O_WRONLY | O_CREAT));
  w.note("names", names());
  w.notes("of type", {type("dangling"), type("made")});
  symlink("no/where", "far");
  w.note("in a directory that is not there", opening("far", O_WRONLY | O_CREAT));
  put("made", "text");
  w.notes("O_TRUNC through a link", {opening("dangling", O_WRONLY | O_TRUNC), size("made")});
}

// O_CREAT makes no directory: it refuses a slash wherever it meets one, before it looks what is there.
void links_with_slashes(World& w) {
  const auto both = [&w](const char* what, const char* path) {
    w.notes(what, {opening(path, O_RDWR | O_CREAT), opening(path, O_RDWR | O_CREAT | O_EXCL), opening(path, O_RDWR)});
  };
  symlink("none/", "to_none");
  both("a link to nothing with a slash", "to_none");
  symlink("far/none", "far_off");
  both("a slash behind a link", "far_off/");
  symlink("self", "self");
  both("behind one to itself", "self/");
  symlink("again/", "again");
  both("in one to itself", "again");
  put("a", "x");
  symlink("a/", "to_a");
  both("to a file", "to_a");
  mkdir("d", 0755);
  symlink("d/", "to_d");
  both("to a directory", "to_d");
  w.note("names", names());
}

void without_a_name(World& w) {
  mkdir("d", 0755);
  put("a", "x");
  const int fd = open(w, "d", O_TMPFILE | O_RDWR, 0640);
  w.note("nothing is seen", names("d"));
  struct stat status {};
  w.note("fstat", result(fstat(fd, &status)));
  w.notes("it is", {type_of(status.st_mode), octal(status.st_mode),
                    std::to_string(status.st_nlink) + " links, " + std::to_string(status.st_size) + " bytes"});
  w.notes("write and read", {write(fd, "hidden"), pread(fd, 20, 0)});
  w.note("another one", same(fd, open(w, "d", O_TMPFILE | O_RDWR, 0640)));
  w.note("for writing only", opening("d", O_TMPFILE | O_WRONLY));
  w.notes("for reading only", {opening("d", O_TMPFILE | O_RDONLY), opening("", O_TMPFILE | O_RDONLY)});
  w.note("in a file", opening("a", O_TMPFILE | O_RDWR));
  w.note("in nothing", opening("b", O_TMPFILE | O_RDWR));
  w.note("flags", octal(static_cast<mode_t>(fcntl(fd, F_GETFL) & O_ACCMODE)));
  w.note("the directory can go", result(rmdir("d")));
  w.note("and the file stays", contents(fd));
}

void for_one_direction(World& w) {
  put("a", "text");
  const int reader = open(w, "a", O_RDONLY);
  const int writer = open(w, "a", O_WRONLY);
  w.notes("write to O_RDONLY", {write(reader, "x"), pwrite(reader, "x", 0), write(reader, "")});
  w.notes("read from O_WRONLY", {read(writer), pread(writer, 1, 0), read(writer, 0)});
  w.note("ftruncate of O_RDONLY", result(ftruncate(reader, 1)));
  w.note("fallocate of O_RDONLY", result(fallocate(reader, 0, 0, 10)));
  w.notes("seek in both", {seek(reader, 2), seek(writer, 2)});
  const int neither = open(w, "a", O_ACCMODE);
  w.note("for neither", neither >= 0);
  w.notes("read, write", {read(neither), write(neither, "x")});
  w.note("fstat", size(neither));
  w.note("contents", contents("a"));
}

void flags_read_back(World& w) {
  const auto flags = [&w](int asked) {
    char text[32];
    std::snprintf(text, sizeof text, "%#o", static_cast<unsigned>(fcntl(open(w, "a", asked), F_GETFL)));
    return std::string(text);
  };
  w.note("O_WRONLY, created, emptied", flags(O_WRONLY | O_CREAT | O_TRUNC));
  w.note("O_RDONLY", flags(O_RDONLY));
  w.note("O_RDWR, O_APPEND, O_NONBLOCK", flags(O_RDWR | O_APPEND | O_NONBLOCK));
  w.note("O_SYNC", flags(O_RDWR | O_SYNC));
  w.note("O_DSYNC", flags(O_RDWR | O_DSYNC));
  w.note("O_CLOEXEC, O_NOCTTY, O_EXCL, O_NOFOLLOW", flags(O_RDWR | O_CLOEXEC | O_NOCTTY | O_EXCL | O_NOFOLLOW));
  w.note("O_NOATIME", flags(O_RDONLY | O_NOATIME));
  w.note("O_PATH", flags(O_PATH | O_RDWR));
  const int fd = open(w, "a", O_RDWR);
  w.note("set", result(fcntl(fd, F_SETFL, O_APPEND | O_SYNC | O_TRUNC | O_WRONLY)));
  w.note("what can be set", fcntl(fd, F_GETFL) == (O_RDWR | O_APPEND | 0100000));
}

void close_on_exec(World& w) {
  w.note("without", result(fcntl(open(w, "a"), F_GETFD)));
  const int fd = open(w, "a", O_RDONLY | O_CLOEXEC);
  w.note("with", result(fcntl(fd, F_GETFD)));
  w.note("dup", result(fcntl(w.keep(dup(fd)), F_GETFD)));
}

void the_lowest_number(World& w) {
  const int a = open(w, "a");
  const int b = open(w, "b");
  const int c = open(w, "c");
  w.note("in order", a < b && b < c);
  w.close(a);
  w.note("a free one", open(w, "d") == a);
  w.note("a refused one takes none", opening("no/where", O_RDONLY));
  w.close(b);
  w.note("still", open(w, "e") == b);
}

void bad_paths(World& w) {
  put("a", "x");
  w.notes("empty", {opening("", O_RDONLY), opening("", O_RDWR | O_CREAT)});
  w.note("in nothing", opening("no/b", O_RDWR | O_CREAT));
  w.notes("in a file", {opening("a/b", O_RDONLY), opening("a/b", O_RDWR | O_CREAT)});
  w.note("a file with a slash", opening("a/", O_RDONLY));
  w.note("O_CREAT with a slash", opening("b/", O_RDWR | O_CREAT));
  w.note("O_CREAT of a file with a slash", opening("a/", O_RDWR | O_CREAT));
  w.notes("O_CREAT of dot", {opening(".", O_RDWR | O_CREAT), opening("..", O_RDONLY | O_CREAT)});
  w.note("file/.", opening("a/.", O_RDONLY));
  w.note("names", names());
}

void too_many(World& w) {
  const int first = open(w, "a");
  const auto most = static_cast<rlim_t>(first + 5);
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = most;
  w.note("limit", result(setrlimit(RLIMIT_NOFILE, &limit)));
  int opened = 0;
  while (open(w, "a", O_RDONLY) >= 0) ++opened;
  w.note("opened", std::to_string(opened) + ", then " + result(-1));
  w.notes("nothing is made then", {opening("b", O_RDWR | O_CREAT), type("b")});
  w.notes("nor emptied", {put("a", "x"), opening("a", O_RDWR | O_TRUNC)});
  w.note("of nothing", opening("missing", O_RDONLY));
  w.notes("before what it is in is looked at", {result(openat(-1, "b", O_RDONLY)), result(openat(-1, "", O_RDONLY))});
  w.close(first);
  w.notes("one is free", {opening("b", O_RDWR | O_CREAT), type("b")});
}

void in_a_removed_directory(World& w) {
  mkdir("d", 0755);
  const int directory = open(w, "d", O_RDONLY);
  w.note("rmdir", result(rmdir("d")));
  w.note("fchdir", result(fchdir(directory)));
  w.note("create", opening("a", O_RDWR | O_CREAT));
  w.notes("no name is too long", {opening(long_name(256), O_RDONLY), opening(long_name(256), O_RDWR | O_CREAT)});
  w.note("mkdir", result(mkdir("e", 0755)));
  w.note("dot", opening(".", O_RDONLY));
  w.note("up", opening("..", O_RDONLY));
}

void creating_what_one_may_not_open(World& w) {
  const int fd = open(w, "a", O_RDWR | O_CREAT, 0);
  w.note("mode", mode("a"));
  w.notes("write, read", {write(fd, "text"), contents(fd)});
  w.notes("again", {opening("a", O_RDONLY), opening("a", O_WRONLY), opening("a", O_WRONLY | O_CREAT)});
  w.notes("read-only and written", {write(open(w, "b", O_RDWR | O_CREAT | O_EXCL, 0444), "x"), mode("b")});
}

void strange_flags(World& w) {
  put("a", "text");
  w.note("unknown ones are ignored", opening("a", O_RDONLY | 1 << 30));
  w.notes("creat", {result(w.keep(creat("b", 0600)) >= 0 ? 0 : -1), mode("b")});
  w.notes("creat empties", {result(w.keep(creat("a", 0600)) >= 0 ? 0 : -1), size("a"), mode("a")});
  const int fd = open(w, "c", O_RDWR | O_CREAT | O_SYNC);
  w.notes("O_SYNC", {write(fd, "synced"), contents(fd)});
  const int data = open(w, "c", O_WRONLY | O_APPEND | O_DSYNC);
  w.notes("O_DSYNC", {write(data, " more"), contents("c")});
}

constexpr Case kCases[] = {
    {"creating", creating},
    {"O_EXCL", exclusive},
    {"O_TRUNC", emptying},
    {"directories", directories},
    {"O_NOFOLLOW", not_following},
    {"through links", through_links},
    {"links with slashes", links_with_slashes},
    {"O_TMPFILE", without_a_name},
    {"for one direction", for_one_direction},
    {"flags read back", flags_read_back},
    {"O_CLOEXEC", close_on_exec},
    {"the lowest number", the_lowest_number},
    {"bad paths", bad_paths},
    {"too many", too_many},
    {"in a removed directory", in_a_removed_directory},
    {"creating what one may not open", creating_what_one_may_not_open},
    {"strange flags", strange_flags},
};
const Suite suite("files/open", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
