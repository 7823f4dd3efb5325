// chmod(2), umask(2), access(2), chown(2), and what permissions then refuse.
#include "tests/conformance/files/files.hpp"

namespace stillpoint::test::files {
namespace {

std::string may(const char* path) {
  std::string text;
  for (const auto& [mode, letter] : {std::pair{R_OK, 'r'}, {W_OK, 'w'}, {X_OK, 'x'}})
    text += access(path, mode) == 0 ? letter : '-';
  return text;
}

void modes(World& w) {
  put("a", "x");
  for (const mode_t asked : {0600u, 0u, 0777u, 04755u, 02755u, 01644u, 0100644u, 0200640u})
    w.notes(octal(asked), {result(chmod("a", asked)), mode("a")});
  const int fd = open(w, "a", O_RDONLY);
  w.notes("fchmod of one that may only be read", {result(fchmod(fd, 0604)), mode("a")});
  w.notes("refused", {result(chmod("none", 0600)), result(chmod("a/b", 0600)), result(fchmod(-1, 0600))});
  symlink("a", "l");
  w.notes("through a link", {result(chmod("l", 0640)), mode("a")});
  symlink("none", "dangling");
  w.note("through a link to nothing", result(chmod("dangling", 0600)));
}

void relative_to_a_directory(World& w) {
  mkdir("d", 0755);
  put("d/a", "x");
  const int d = open(w, "d", O_RDONLY);
  w.notes("fchmodat", {result(fchmodat(d, "a", 0611, 0)), mode("d/a")});
  w.notes("of nothing", {result(fchmodat(-1, "a", 0600, 0)), result(fchmodat(d, "b", 0600, 0)),
                         result(fchmodat(d, "a", 0600, 1 << 20))});
  w.notes("a directory", {result(fchmod(d, 0700)), mode("d")});
}

void masked(World& w) {
  w.notes("umask", {octal(umask(077)), octal(umask(027)), octal(umask(07777)), octal(umask(0137))});
  put("a", "x");
  w.notes("a file", {mode("a"), opening("b", O_RDWR | O_CREAT, 0777), mode("b")});
  w.notes("a directory", {result(mkdir("d", 0777)), mode("d")});
  w.notes("O_TMPFILE", {[&w] {
            struct stat status {};
            fstat(open(w, ".", O_RDWR | O_TMPFILE, 0666), &status);
            return octal(status.st_mode);
          }()});
  w.notes("chmod knows no umask", {result(chmod("a", 0777)), mode("a")});
  umask(0);
  w.notes("none", {opening("c", O_RDWR | O_CREAT, 07777), mode("c")});
  symlink("x", "l");
  struct stat status {};
  lstat("l", &status);
  w.note("a link", octal(status.st_mode));
}

void of_files(World& w) {
  put("a", "text");
  const auto with = [](mode_t mode) {
    chmod("a", mode);
    return opening("a", O_RDONLY) + ' ' + opening("a", O_WRONLY) + ' ' + opening("a", O_RDWR) + ' ' + may("a");
  };
  for (const mode_t mode : {0644u, 0400u, 0200u, 0100u, 0077u, 0000u}) w.note(octal(mode), with(mode));
  w.notes("truncate, utimensat to now", {result(truncate("a", 0)), result(utimensat(AT_FDCWD, "a", nullptr, 0))});
  w.notes("O_TRUNC", {opening("a", O_RDONLY | O_TRUNC), size("a")});
  w.notes("it can be renamed and removed", {result(rename("a", "b")), result(unlink("b"))});
}

void open_before(World& w) {
  put("a", "text");
  const int fd = open(w, "a", O_RDWR);
  chmod("a", 0);
  w.notes("read, write", {read(fd), write(fd, " more"), contents(fd)});
  w.notes("a copy", {contents(w.keep(dup(fd)))});
  w.note("again", opening("a", O_RDONLY));
}

void searching_directories(World& w) {
  mkdir("d", 0755);
  put("d/a", "text");
  chmod("d", 0600);
  w.notes("without x", {contents("d/a"), type("d/a"), result(access("d/a", F_OK)), type("d/none"), type("d/none/..")});
  w.notes("its names", {names("d"), result(chdir("d")), put("d/b", "x"), result(unlink("d/a"))});
  w.notes("the directory itself", {type("d"), type("d/"), type("d/."), may("d")});
  chmod("d", 0100);
  w.notes("x only", {contents("d/a"), names("d"), put("d/b", "x"), result(chdir("d"))});
}

void writing_directories(World& w) {
  mkdir("d", 0755);
  mkdir("d/e", 0755);
  put("d/a", "text");
  put("b", "x");
  chmod("d", 0555);
  w.notes("made", {opening("d/b", O_RDWR | O_CREAT), result(mkdir("d/f", 0755)), result(symlink("x", "d/l")),
                   result(link("b", "d/b")), opening("d", O_RDWR | O_TMPFILE)});
  w.notes("removed", {result(unlink("d/a")), result(rmdir("d/e"))});
  w.notes("renamed", {result(rename("d/a", "d/b")), result(rename("d/a", "a")), result(rename("b", "d/a"))});
  w.notes("what is not there", {result(unlink("d/none")), result(rmdir("d/none")), result(rename("d/none", "x"))});
  w.notes("what is there", {result(mkdir("d/e", 0755)), result(symlink("x", "d/a")), opening("d/a", O_RDWR | O_CREAT)});
  w.notes("the file can be written", {put("d/a", "other"), contents("d/a"), opening("d/a", O_WRONLY | O_CREAT)});
  w.notes("and what is deeper", {opening("d/e/x", O_RDWR | O_CREAT)});
  w.notes("nothing changed", {names("d"), names()});
}

void moving_a_directory_one_may_not_write(World& w) {
  mkdir("d", 0755);
  mkdir("e", 0755);
  mkdir("d/in", 0555);
  w.notes("within its parent", {result(rename("d/in", "d/out"))});
  w.notes("to another", {result(rename("d/out", "e/out")), names("d")});
  w.notes("rmdir", {result(rmdir("d/out"))});
}

void whether_one_may(World& w) {
  put("a", "x");
  mkdir("d", 0755);
  w.notes("may", {may("a"), may("d"), may("."), may("/dev/null")});
  w.notes("more at once", {result(access("a", R_OK | W_OK)), result(access("a", R_OK | X_OK))});
  w.notes("is there", {result(access("a", F_OK)), result(access("none", F_OK)), result(access("none", R_OK)),
                       result(access("a/b", F_OK))});
  w.notes("an unknown mode", {result(access("a", 8)), result(access("a", -1)), result(access("none", 8))});
  symlink("a", "l");
  symlink("none", "dangling");
  w.notes("links", {may("l"), result(access("dangling", F_OK)),
                    result(faccessat(AT_FDCWD, "dangling", F_OK, AT_SYMLINK_NOFOLLOW))});
  const int d = open(w, "d", O_RDONLY);
  put("d/b", "x");
  w.notes("faccessat", {result(faccessat(d, "b", R_OK, 0)), result(faccessat(d, "b", X_OK, AT_EACCESS)),
                        result(faccessat(d, "a", F_OK, 0))});
  w.notes("refused", {result(faccessat(-1, "b", F_OK, 0)), result(faccessat(d, "b", F_OK, 1 << 20)),
                      result(faccessat(open(w, "a", O_RDONLY), "b", F_OK, 0))});
}

void owners(World& w) {
  put("a", "x");
  const uid_t user = getuid();
  const gid_t group = getgid();
  w.notes("to oneself",
          {result(chown("a", user, group)), result(chown("a", static_cast<uid_t>(-1), static_cast<gid_t>(-1)))});
  w.notes("to another",
          {result(chown("a", user + 1, group)), result(chown("a", user, group + 1)), result(chown("a", 0, 0))});
  const int fd = open(w, "a", O_RDONLY);
  w.notes("fchown", {result(fchown(fd, user, group)), result(fchown(fd, 0, group)), result(fchown(-1, user, group))});
  symlink("none", "l");
  w.notes("lchown", {result(lchown("l", user, group)), result(lchown("l", 0, group)), result(chown("l", user, group))});
  w.notes("set-user-id goes", {result(chmod("a", 06755)), result(chown("a", user, group)), mode("a")});
}

void written_by_its_owner(World& w) {
  put("a", "text");
  w.notes("set-user-id", {result(chmod("a", 06755)), mode("a")});
  const int fd = open(w, "a", O_RDWR);
  w.notes("written", {pwrite(fd, "x", 0), mode("a")});
  chmod("a", 06755);
  w.notes("cut", {result(ftruncate(fd, 1)), mode("a")});
  w.notes("group bit without x", {result(chmod("a", 02644)), pwrite(fd, "y", 0), mode("a")});
  w.notes("sticky stays", {result(chmod("a", 01755)), pwrite(fd, "z", 0), mode("a")});
  w.notes("emptied", {result(chmod("a", 06755)), opening("a", O_RDONLY | O_TRUNC), mode("a")});
  w.notes("though there was nothing", {result(chmod("a", 04644)), put("a", ""), mode("a")});
  w.notes("only opened", {result(chmod("a", 06755)), opening("a", O_RDWR | O_CREAT), mode("a")});
}

// inode(7): what comes into a directory that has the bit is of its group; a directory has it, too.
void the_group_of_directories(World& w) {
  mkdir("d", 0755);
  w.notes("set", {result(chmod("d", 02755)), mode("d")});
  w.notes("made in it", {result(mkdir("d/e", 0700)), mode("d/e"), result(mkdir("d/e/f", 0755)), mode("d/e/f")});
  w.notes("but files",
          {opening("d/a", O_RDWR | O_CREAT, 0755), mode("d/a"), opening("d/b", O_RDWR | O_CREAT, 02755), mode("d/b")});
  w.notes("moved out and in",
          {result(rename("d/e", "e")), mode("e"), result(mkdir("g", 0755)), result(rename("g", "d/g")), mode("d/g")});
}

void others_files(World& w) {
  w.notes("root's directory", {result(chmod("/dev", 0777)), result(chown("/dev", getuid(), getgid()))});
  w.notes("root's device", {result(chmod("/dev/null", 0600)), result(utimensat(AT_FDCWD, "/dev", nullptr, 0))});
  w.note("their times", result([] {
           const timespec times[2] = {{1, 0}, {1, 0}};
           return utimensat(AT_FDCWD, "/dev", times, 0);
         }()));
}

constexpr Case kCases[] = {
    {"modes", modes},
    {"fchmodat", relative_to_a_directory},
    {"umask", masked},
    {"of files", of_files},
    {"open before", open_before},
    {"searching directories", searching_directories},
    {"writing directories", writing_directories},
    {"moving a directory one may not write", moving_a_directory_one_may_not_write},
    {"access", whether_one_may},
    {"chown", owners},
    {"written by its owner", written_by_its_owner},
    {"set-group-ID directories", the_group_of_directories},
    {"others' files", others_files},
};
const Suite suite("files/permissions", kCases, Process::own);

}  // namespace
}  // namespace stillpoint::test::files
